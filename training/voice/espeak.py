"""Speech with the time of every phoneme, from eSpeak NG's own library (libespeak-ng.so.1)."""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Spoken", "say", "variants"]

_RETRIEVAL, _PHONEME_EVENTS = 1, 1
_LIST_TERMINATED, _PHONEME = 0, 7
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_UTF8, _PHONEMES = 1, 0x100


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_void_p), ("text", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


class _Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True)
class Spoken:
    """One utterance."""

    samples: npt.NDArray[np.float32]
    """(n,) in [-1, 1]."""
    rate_hz: int
    phonemes: list[tuple[float, float, str]]
    """Start and end in seconds, and eSpeak's name; `_` is a pause."""


class _Library:
    def __init__(self) -> None:
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate_hz = self.lib.espeak_Initialize(_RETRIEVAL, 200, None, _PHONEME_EVENTS)
        if self.rate_hz <= 0:
            raise RuntimeError("libespeak-ng cannot be started: apt-get install espeak-ng")
        self.pieces: list[npt.NDArray[np.int16]] = []
        self.events: list[tuple[float, str]] = []
        self._callback = _CALLBACK(self._take)
        self.lib.espeak_SetSynthCallback(self._callback)

    def _take(self, wav: object, count: int, events: object) -> int:
        if count > 0 and wav:
            self.pieces.append(np.ctypeslib.as_array(wav, (count,)).copy())
        i = 0
        while events[i].type != _LIST_TERMINATED:  # type: ignore[index]
            event = events[i]  # type: ignore[index]
            if event.type == _PHONEME:
                name = event.id.text.decode("utf-8", "replace")
                self.events.append((event.audio_position / 1000, name))
            i += 1
        return 0


_loaded: _Library | None = None


def _library() -> _Library:
    global _loaded
    if _loaded is None:
        _loaded = _Library()
    return _loaded


def variants() -> list[str]:
    """The voice variants that are installed (`m1`, `f3`, `klatt` …), in alphabetical order."""
    lib = _library().lib
    lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    wanted = _Voice(languages=b"variant")
    found = lib.espeak_ListVoices(ctypes.byref(wanted))
    names, i = [], 0
    while found[i]:
        names.append(found[i].contents.identifier.decode().removeprefix("!v/"))
        i += 1
    return sorted(names)


def say(text: str, *, voice: str, pitch: int = 50, words_a_minute: int = 160) -> Spoken:
    """Speak `text` (`[[a:]]` are phonemes) with a voice such as `es+f2`; `pitch` is 0 to 99.

    Raises ValueError where there is no such voice.
    """
    it = _library()
    if it.lib.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"eSpeak NG has no voice {voice!r}")
    for which, value in ((_RATE, words_a_minute), (_PITCH, pitch), (_RANGE, 40), (_VOLUME, 100)):
        it.lib.espeak_SetParameter(which, value, 0)
    it.pieces, it.events = [], []
    data = text.encode() + b"\0"
    it.lib.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8 | _PHONEMES, None, None)
    it.lib.espeak_Synchronize()
    pieces = it.pieces or [np.zeros(0, np.int16)]
    samples = np.concatenate(pieces).astype(np.float32) / 32768
    ends = [at for at, _ in it.events[1:]] + [len(samples) / it.rate_hz]
    phonemes = [(at, end, name) for (at, name), end in zip(it.events, ends, strict=True)]
    return Spoken(samples, it.rate_hz, phonemes)
