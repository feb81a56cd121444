"""From an input's config to the receiver; also those of other packages."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final, cast

from vtdrive.config.inputs import InputTable
from vtdrive.errors import UsageError
from vtdrive.track_sources.live import TrackInput

__all__ = ["make_input"]

_MADE_BY: Final = {
    "vmc-in": "vmc_in:VmcIn",
    "vtsphone-in": "vtsphone_in:VtsPhoneIn",
    "ifacialmocap-in": "ifacialmocap_in:IFacialMocapIn",
    "openseeface-in": "openseeface_in:OpenSeeFaceIn",
    "mic-in": "mic:MicIn",
}
"""Kind -> module in this folder and class, imported only where a run wants it."""


def make_input(config: InputTable) -> TrackInput:
    """The receiver for `config`, not open yet.

    A `kind` that is not built in is looked up in the entry points `vtdrive.inputs`: a callable that
    takes the config. Raises UsageError.
    """
    kind = str(getattr(config, "kind", type(config).__name__))
    if kind in _MADE_BY:
        module, _, name = _MADE_BY[kind].partition(":")
        made = getattr(import_module(f"vtdrive.track_sources.{module}"), name)
        return cast("Callable[[InputTable], TrackInput]", made)(config)
    found = entry_points(group="vtdrive.inputs", name=kind)
    if not found:
        raise UsageError(
            f"no installed package knows the input kind {kind!r}",
            "install the package that brings it, or see `vtdrive sinks list`",
        )
    return cast("Callable[[InputTable], TrackInput]", next(iter(found)).load())(config)
