"""From a sink's config to the sink; also those of other packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final, cast

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.base import Table
from vtdrive.config.sinks import McapSink
from vtdrive.errors import UsageError
from vtdrive.sinks.base import Sink
from vtdrive.sinks.datagrams import DatagramSink
from vtdrive.sinks.mcap import McapRecorder, RunFacts
from vtdrive.sinks.paced import Paced

__all__ = ["inner_sink", "make_sink", "recorders", "tap_sent"]

_MADE_BY: Final = {
    "vmc": "vmc:VmcOutput",
    "osc": "osc:OscOutput",
    "vtsphone": "vtsphone:vts_phone",
    "ifacialmocap": "ifacialmocap:IFacialMocapOutput",
    "openseeface": "openseeface:OpenSeeFaceOutput",
    "livelink": "livelink:LiveLinkOutput",
    "opentrack": "opentrack:OpentrackOutput",
    "vrchat": "vrchat:VrchatOutput",
    "obs": "obs:ObsOutput",
    "jsonl": "jsonl:JsonlOutput",
    "vts": "vts:VtsOutput",
    "ws": "ws:WebSocketOutput",
    "mqtt": "mqtt:MqttOutput",
}
"""Kind -> module in this folder and class, imported only where a run wants it."""
_SHOWN_BY: Final = {
    "virtualcam": "picture:PictureOutput",
    "window": "picture:PictureOutput",
    "page": "picture:PictureOutput",
    "file": "film:FilmOutput",
}
"""The same for those that show the built-in avatar, and must know its look."""
_LOOK: Final = AvatarConfig()


def make_sink(config: Table, facts: RunFacts | None = None, *, look: AvatarConfig = _LOOK) -> Sink:
    """The sink for `config`, not open yet, limited to its `max_hz` where it has one.

    `facts` is what a recorder writes about the run, `look` the avatar that pictures show. A `kind`
    that is not built in is looked up in the entry points `vtdrive.sinks`: a callable that takes the
    config. Raises UsageError.
    """
    sink = _made(config, facts, look)
    max_hz = float(getattr(config, "max_hz", 0.0))
    return Paced(sink, max_hz=max_hz) if max_hz > 0 else sink


def recorders(sinks: Iterable[Sink]) -> list[McapRecorder]:
    """Those that want `note_command`."""
    return [sink for sink in map(inner_sink, sinks) if isinstance(sink, McapRecorder)]


def tap_sent(sinks: Iterable[Sink]) -> None:
    """Let every recorder among `sinks` see what the datagram sinks among them send.

    In each tick call the datagram sinks before the recorder is handed the frame. Call it again
    when a recorder has come or gone.
    """
    inner = [inner_sink(sink) for sink in sinks]
    taps = [sink.note_sent for sink in inner if isinstance(sink, McapRecorder)]

    def tap(name: str, seq: int, datagrams: tuple[bytes, ...]) -> None:
        for note in taps:
            note(name, seq, datagrams)

    for sink in inner:
        if isinstance(sink, DatagramSink):
            sink.on_sent = tap if taps else None


def inner_sink(sink: Sink) -> Sink:
    """The sink itself, where `sink` only paces it."""
    return sink.inner if isinstance(sink, Paced) else sink


def _made(config: Table, facts: RunFacts | None, look: AvatarConfig) -> Sink:
    if isinstance(config, McapSink):
        return McapRecorder(config, facts)
    kind = str(getattr(config, "kind", type(config).__name__))
    if kind in _SHOWN_BY:
        shows = cast("Callable[[Table, AvatarConfig], Sink]", _named(_SHOWN_BY[kind]))
        return shows(config, look)
    if kind in _MADE_BY:
        return cast("Callable[[Table], Sink]", _named(_MADE_BY[kind]))(config)
    found = entry_points(group="vtdrive.sinks", name=kind)
    if not found:
        raise UsageError(
            f"no installed package knows the sink kind {kind!r}",
            "install the package that brings it, or see `vtdrive sinks list`",
        )
    factory = cast("Callable[[Table], Sink]", next(iter(found)).load())
    return factory(config)


def _named(where: str) -> object:
    """What `module:name` in this folder is."""
    module, _, name = where.partition(":")
    return getattr(import_module(f"vtdrive.sinks.{module}"), name)
