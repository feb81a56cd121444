"""Where frames go. One table per kind of sink, told apart by `kind`; one file per table."""

from __future__ import annotations

from typing import Annotated, Final, get_args

from pydantic import Field

from vtdrive.config.sinks.base import Driven, FaceDriven, SinkTable
from vtdrive.config.sinks.film import FilmSink
from vtdrive.config.sinks.ifacialmocap import IFacialMocapSink
from vtdrive.config.sinks.jsonl import JsonlSink
from vtdrive.config.sinks.livelink import LiveLinkSink
from vtdrive.config.sinks.mcap import McapSink
from vtdrive.config.sinks.mqtt import MqttSink
from vtdrive.config.sinks.obs import ObsSink
from vtdrive.config.sinks.openseeface import OpenSeeFaceSink
from vtdrive.config.sinks.opentrack import OpentrackSink
from vtdrive.config.sinks.osc import OscSink
from vtdrive.config.sinks.page import PageSink
from vtdrive.config.sinks.virtualcam import VirtualCamSink
from vtdrive.config.sinks.vmc import VmcSink
from vtdrive.config.sinks.vrchat import VrchatSink
from vtdrive.config.sinks.vts import VtsSink
from vtdrive.config.sinks.vtsphone import VtsPhoneSink
from vtdrive.config.sinks.window import WindowSink
from vtdrive.config.sinks.ws import WebSocketSink

__all__ = [
    "PICTURE_KINDS",
    "SINK_KINDS",
    "Driven",
    "FaceDriven",
    "FilmSink",
    "IFacialMocapSink",
    "JsonlSink",
    "LiveLinkSink",
    "McapSink",
    "MqttSink",
    "ObsSink",
    "OpenSeeFaceSink",
    "OpentrackSink",
    "OscSink",
    "PageSink",
    "SinkConfig",
    "SinkTable",
    "VirtualCamSink",
    "VmcSink",
    "VrchatSink",
    "VtsPhoneSink",
    "VtsSink",
    "WebSocketSink",
    "WindowSink",
]

_Any = (
    VmcSink
    | OscSink
    | VtsSink
    | VtsPhoneSink
    | IFacialMocapSink
    | OpenSeeFaceSink
    | LiveLinkSink
    | OpentrackSink
    | VrchatSink
    | ObsSink
    | WebSocketSink
    | MqttSink
    | VirtualCamSink
    | WindowSink
    | PageSink
    | FilmSink
    | JsonlSink
    | McapSink
)  # fmt: skip
SinkConfig = Annotated[_Any, Field(discriminator="kind")]

SINK_KINDS: Final[dict[str, type[SinkTable]]] = {
    table.model_fields["kind"].default: table for table in get_args(_Any)
}
"""Kind -> its table, in the order of the documentation."""

PICTURE_KINDS: Final = ("virtualcam", "window", "page", "file")
"""Those that show the built-in avatar."""
