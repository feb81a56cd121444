"""Commands by MIDI: pads, keyboards and pedals (extra `[midi]`)."""

from __future__ import annotations

import contextlib
import platform
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

from vtdrive.control.base import Tell
from vtdrive.control.desk import LIMITED, Answer, Desk
from vtdrive.control.midi_map import MidiMap
from vtdrive.errors import MissingExtra, UsageError
from vtdrive.trackers.quiet import quiet_stderr

__all__ = ["Backend", "MidiListener", "MidoBackend", "Port", "device_named"]

_LOOK_S: Final = 2.0
"""How often the device is looked for, or looked after."""
_JOIN_S: Final = 3.0
_BACKEND: Final = "mido.backends.rtmidi"


class Port(Protocol):
    """An open input."""

    def close(self) -> None: ...


class Backend(Protocol):
    """The MIDI system. Both raise OSError where it does not work."""

    def names(self) -> list[str]:
        """Of all inputs."""

    def listen(self, name: str, heard: Callable[[Any], None]) -> Port:
        """Hand every message (`type`, `channel` from 0, `note`/`control`, `velocity`/`value`) to
        `heard`, in some thread."""


class MidoBackend:
    """mido over python-rtmidi; raises MissingExtra at construction where one is absent."""

    def __init__(self) -> None:
        try:
            import mido  # type: ignore[import-untyped,unused-ignore]
            import rtmidi  # type: ignore[import-untyped,unused-ignore]  # noqa: F401 - wanted soon
        except ImportError as fault:
            raise MissingExtra("MIDI", "pip install 'vtdrive[midi]'") from fault
        self._backend = mido.Backend(_BACKEND)

    def names(self) -> list[str]:
        return list(dict.fromkeys(self._backend.get_input_names()))

    def listen(self, name: str, heard: Callable[[Any], None]) -> Port:
        port: Port = self._backend.open_input(name, callback=heard)
        return port


def device_named(wanted: str, names: list[str]) -> str | None:
    """The input whose name is, or holds, `wanted`, in any case."""
    low = wanted.lower()
    return next((n for n in names if n.lower() == low), None) or next(
        (n for n in names if low in n.lower()), None
    )


class MidiListener:
    """Waits for the device, opens it, and opens it again when it was unplugged."""

    def __init__(
        self,
        device: str,
        pads: MidiMap,
        desk: Desk,
        tell: Tell,
        *,
        backend: Callable[[], Backend] = MidoBackend,
        look_s: float = _LOOK_S,
    ) -> None:
        self._device = device
        self._pads = pads
        self._desk = desk
        self._tell = tell
        self._make = backend
        self._look_s = look_s
        self.name = f"midi {device}"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._port: Port | None = None
        self._open_name = ""
        self._news = self._told = ""

    def open(self) -> None:
        if not len(self._pads):
            raise UsageError(
                f"control {self.name}: no pad has a command",
                'say what pads do: [control.midi.notes] 36 = "freeze toggle"',
            )
        backend = self._make()
        # Before the run begins, since ALSA writes to standard error by itself.
        with quiet_stderr():
            works = self._look(backend)
        self._say()
        if not works:
            return
        self._thread = threading.Thread(
            target=self._run, args=(backend,), name="vtdrive-control-midi", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
        else:
            self._shut()

    def _run(self, backend: Backend) -> None:
        try:
            while not self._stop.wait(self._look_s):
                self._look(backend)
                self._say()
        finally:
            self._shut()

    def _look(self, backend: Backend) -> bool:
        """Open the device if it is there; whether MIDI works at all."""
        try:
            names = backend.names()
        except OSError as fault:
            self._shut()
            self._news = f"MIDI does not work here ({fault}); all else goes on{_hint()}"
            return False
        if self._port is not None and self._open_name in names:
            return True
        self._shut()
        found = device_named(self._device, names)
        if found is None:
            there = f"there are: {', '.join(names)}" if names else "none is connected"
            self._news = f"is not there ({there}); it is waited for, all else goes on"
            return True
        try:
            self._port, self._open_name = backend.listen(found, self._heard), found
        except OSError as fault:
            self._news = f"cannot be opened ({fault}); does another program hold it?"
        else:
            self._news = f"takes commands from {found}"
        return True

    def _shut(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(OSError):
                port.close()

    def _say(self) -> None:
        if self._news != self._told:
            self._told = self._news
            self._tell(f"control: {self.name} {self._news}")

    def _heard(self, message: Any) -> None:
        number = getattr(message, "note", getattr(message, "control", None))
        value = getattr(message, "velocity", getattr(message, "value", 0))
        if number is None:
            return
        text = self._pads.read(
            message.type, channel=message.channel + 1, number=number, value=value
        )
        if not text:
            return

        def answered(answer: Answer) -> None:
            # A pad shows no text: what went wrong is said on the screen.
            if not answer.done:
                self._tell(f"control: {self.name}: {text}: {answer.sentence}")

        if self._desk.admits(self.name):
            self._desk.hand_in(text, answered)
        else:
            answered(LIMITED)


def _hint() -> str:
    if platform.system() != "Linux":
        return ""
    return ". Linux needs ALSA's sequencer for it: sudo modprobe snd-seq"
