"""Where tracking comes from besides the camera. One table per kind; one file per table."""

from __future__ import annotations

from typing import Annotated, Final, get_args

from pydantic import Field

from vtdrive.config.inputs.base import CHANNELS, Channel, InputTable
from vtdrive.config.inputs.ifacialmocap import IFacialMocapInput
from vtdrive.config.inputs.mic import MicInput
from vtdrive.config.inputs.openseeface import OpenSeeFaceInput
from vtdrive.config.inputs.vmc import VmcInput
from vtdrive.config.inputs.vtsphone import VtsPhoneInput

__all__ = [
    "CHANNELS",
    "INPUT_KINDS",
    "Channel",
    "IFacialMocapInput",
    "InputConfig",
    "InputTable",
    "MicInput",
    "OpenSeeFaceInput",
    "VmcInput",
    "VtsPhoneInput",
]

_Any = VmcInput | VtsPhoneInput | IFacialMocapInput | OpenSeeFaceInput | MicInput
InputConfig = Annotated[_Any, Field(discriminator="kind")]

INPUT_KINDS: Final[dict[str, type[InputTable]]] = {
    table.model_fields["kind"].default: table for table in get_args(_Any)
}
"""Kind -> its table, in the order of the documentation."""
