"""The listeners of a config, open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from vtdrive.config.control import Control, place_of
from vtdrive.control.base import Listener, Tell
from vtdrive.control.desk import Desk, Do, State

__all__ = ["listeners", "make_listeners"]


def make_listeners(config: Control, desk: Desk, tell: Tell) -> list[Listener]:
    """The listeners that `config` asks for, not open yet. Raises UsageError."""
    made: list[Listener] = []
    if config.osc:
        from vtdrive.control.osc import OscListener

        made.append(OscListener(*place_of(config.osc), desk, tell))
    if config.http:
        from vtdrive.control.http import HttpListener

        made.append(HttpListener(*place_of(config.http), desk, tell, origins=config.origins))
    if config.midi.device:
        from vtdrive.control.midi import MidiListener
        from vtdrive.control.midi_map import MidiMap

        pads = MidiMap(notes=config.midi.notes, controls=config.midi.controls)
        made.append(MidiListener(config.midi.device, pads, desk, tell))
    return made


@contextmanager
def listeners(config: Control, do: Do, state: State, tell: Tell) -> Iterator[None]:
    """Commands from outside, while the context lasts. Raises UsageError, MissingExtra."""
    desk = Desk(do, state)
    with ExitStack() as stack:
        stack.callback(desk.close)
        for listener in make_listeners(config, desk, tell):
            # Registered before `open`, since `close` is owed also after a failed one.
            stack.callback(listener.close)
            listener.open()
        yield
