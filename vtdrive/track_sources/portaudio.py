"""The system's microphones, by PortAudio."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np

from vtdrive.errors import MissingExtra, SourceNotFound
from vtdrive.types import F32

__all__ = ["Sound", "portaudio_mic"]

_BLOCK_S: Final = 0.010


class Sound(Protocol):
    """An open microphone."""

    name: str
    rate_hz: float
    latency_s: float
    """What the system says of the time from the membrane to the callback."""

    def close(self) -> None: ...


def portaudio_mic(device: str, take: Callable[[F32], None]) -> Sound:
    """Open the microphone whose name holds `device` (the default one for ''); case does not matter.

    `take` is called with (n,) samples in [-1, 1], from PortAudio's own thread. Raises MissingExtra,
    and SourceNotFound where there is no such microphone or the system refuses it.
    """
    audio = _library()
    return _Mic(audio, *_chosen(audio, device), take)


def _library() -> Any:
    try:
        audio = importlib.import_module("sounddevice")
    except ModuleNotFoundError as fault:
        raise MissingExtra("mic-in:", 'pip install "vtdrive[mic]"') from fault
    except OSError as fault:
        raise SourceNotFound(
            f"mic-in: the system lacks the library PortAudio ({fault})",
            "on Debian and Ubuntu: sudo apt-get install libportaudio2; elsewhere: reinstall the"
            " package sounddevice, which brings it",
        ) from fault
    # PortAudio lists the devices once, at its start: what was plugged in since would stay unknown.
    audio._terminate()
    audio._initialize()
    return audio


def _chosen(audio: Any, device: str) -> tuple[int, dict[str, Any]]:
    devices = list(audio.query_devices())
    inputs = [(i, info) for i, info in enumerate(devices) if info["max_input_channels"] > 0]
    names = ", ".join(dict.fromkeys(str(info["name"]) for _, info in inputs))
    if not inputs:
        raise SourceNotFound(
            "mic-in: this computer has no microphone, or shows none to programs",
            "plug one in; on Windows and macOS allow microphones in the privacy settings",
        )
    if not device:
        number = audio.default.device[0]
        return next((found for found in inputs if found[0] == number), inputs[0])
    for found in inputs:
        if device.casefold() in str(found[1]["name"]).casefold():
            return found
    raise SourceNotFound(f"mic-in: no microphone has {device!r} in its name", f"there are: {names}")


class _Mic:
    def __init__(
        self, audio: Any, number: int, info: dict[str, Any], take: Callable[[F32], None]
    ) -> None:
        self.name = str(info["name"])
        self.rate_hz = float(info["default_samplerate"])

        def heard(data: F32, _frames: int, _when: object, _status: object) -> None:
            # Drivers do deliver what is no number; it is counted later, and warned of nowhere.
            with np.errstate(invalid="ignore", over="ignore"):
                take(data.mean(axis=1, dtype=np.float32))

        fault: Exception | None = None
        # Some devices have two channels and refuse to be read as one.
        for channels in dict.fromkeys((1, min(2, int(info["max_input_channels"])))):
            try:
                stream = audio.InputStream(
                    device=number, samplerate=self.rate_hz, channels=channels, dtype="float32",
                    blocksize=round(self.rate_hz * _BLOCK_S), latency="low", callback=heard,
                )  # fmt: skip
                stream.start()
            except audio.PortAudioError as refused:
                fault = refused
            else:
                self._stream = stream
                self.latency_s = float(stream.latency)
                return
        raise SourceNotFound(
            f"mic-in: cannot open {self.name!r}: {fault}",
            "close the program that has it; on Windows and macOS allow microphones in the privacy"
            " settings",
        ) from fault

    def close(self) -> None:
        self._stream.close()
