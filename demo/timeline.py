"""What happens in the clip, when: every channel's true value per frame. Pure numpy.

Values are what is *animated*, relative to the portrait at rest, which smiles. Left and right are
the subject's own. Passages do not overlap; short rests lie between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vtdrive.vocab import SHAPES

__all__ = ["FPS", "GAZE_FULL_RAD", "NAMES", "Timeline", "build"]

FPS = 30
GAP_S = 0.4
GAZE_FULL_RAD = {"yaw": math.radians(32), "up": math.radians(26), "down": math.radians(28)}
"""The eye's turn at which an eyeLook shape is 1."""
HEAD = ("head_yaw_rad", "head_pitch_rad", "head_roll_rad")
GAZE = ("gaze_yaw_rad", "gaze_pitch_rad")
NAMES: tuple[str, ...] = (*SHAPES, *HEAD, *GAZE, "smile_release")
_COLUMN = {name: i for i, name in enumerate(NAMES)}

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Every frame's true values, and where each passage lies."""

    values: F64
    """(N, C) in `NAMES` order."""
    passages: dict[str, tuple[int, int]]
    """name -> [start, end) in frames."""


class _Passage:
    """One passage being written; times are seconds from its start."""

    def __init__(self, seconds: float) -> None:
        self.t = np.arange(round(seconds * FPS)) / FPS
        self.values = np.zeros((len(self.t), len(NAMES)))

    def add(self, names: str | Iterable[str], curve: F64) -> None:
        for name in (names,) if isinstance(names, str) else names:
            self.values[:, _COLUMN[name]] += curve

    def pulse(
        self, names: str | Iterable[str], at: float, size: float, *, rise: float = 0.3,
        hold: float = 0.35, fall: float = 0.35,
    ) -> None:  # fmt: skip
        """Eases from 0 to `size` within `rise`, holds, eases back within `fall`."""
        t = self.t
        up = _ease((t - at) / rise)
        down = _ease((t - at - rise - hold) / fall)
        self.add(names, size * (up - down))


def _ease(x: F64) -> F64:
    x = np.clip(x, 0.0, 1.0)
    out: F64 = x * x * (3.0 - 2.0 * x)
    return out


def _pair(*stems: str) -> tuple[str, ...]:
    return tuple(stem + side for stem in stems for side in ("Left", "Right"))


def _blinks(p: _Passage) -> None:
    for at in (0.4, 1.2, 1.5, 2.3):
        p.pulse(_pair("eyeBlink"), at, 1.0, rise=0.09, hold=0.035, fall=0.16)
    for at in (2.9, 4.0):
        p.pulse(_pair("eyeBlink"), at, 1.0, rise=0.3, hold=0.2, fall=0.4)


def _wink(p: _Passage, side: str) -> None:
    for at, hold in ((0.3, 0.3), (1.4, 0.45)):
        p.pulse(f"eyeBlink{side}", at, 1.0, rise=0.13, hold=hold, fall=0.2)
        p.pulse(_pair("cheekSquint")[side == "Right"], at, 0.5, rise=0.15, hold=hold, fall=0.25)


def _gaze(p: _Passage) -> None:
    for at, yaw_deg, pitch_deg in ((0.1, 22, 0), (1.3, -22, 0), (2.5, 0, 15), (3.7, 0, -18)):
        for name, deg in zip(GAZE, (yaw_deg, pitch_deg), strict=True):
            p.pulse(name, at, math.radians(deg), rise=0.13, hold=0.7, fall=0.13)


def _brows(p: _Passage) -> None:
    up = ("browInnerUp", *_pair("browOuterUp"))
    p.pulse(up, 0.1, 1.0)
    p.pulse(up, 1.3, 0.6)
    p.pulse("browInnerUp", 2.5, 0.9)
    p.pulse(_pair("browDown"), 3.7, 1.0)
    p.pulse(_pair("browDown"), 4.9, 0.6)


def _jaw(p: _Passage) -> None:
    for at, size in ((0.1, 0.4), (1.1, 0.8), (2.1, 0.3), (3.1, 0.6)):
        p.pulse("jawOpen", at, size, rise=0.3, hold=0.2, fall=0.35)


def _lips(p: _Passage) -> None:
    # Nobody rounds the lips while smiling, and a funnel is a pucker that opens.
    edge = dict(rise=0.3, hold=0.3)
    for at, size in ((0.1, 1.0), (1.15, 0.6)):
        p.pulse("mouthPucker", at, size, **edge)
        p.pulse("smile_release", at, 0.5 * size, **edge)
    for at, size in ((2.2, 1.0), (3.25, 0.6)):
        p.pulse("mouthFunnel", at, size, **edge)
        p.pulse(("mouthPucker", "smile_release"), at, 0.5 * size, **edge)
        p.pulse("jawOpen", at, 0.2 * size, **edge)
    p.pulse(_pair("mouthStretch"), 4.3, 1.0, **edge)


def _frown(p: _Passage) -> None:
    for at, size, hold in ((0.1, 0.6, 0.3), (1.3, 1.0, 0.6), (2.8, 0.8, 0.3)):
        p.pulse((*_pair("mouthFrown"), "smile_release"), at, size, rise=0.35, hold=hold, fall=0.4)


def _twice(*names: str, sizes: tuple[float, float] = (1.0, 0.7)) -> Callable[[_Passage], None]:
    def write(p: _Passage) -> None:
        for at, size in zip((0.1, 1.3), sizes, strict=True):
            p.pulse(names, at, size, hold=0.4)

    return write


def _head(p: _Passage) -> None:
    def turn(name: str, at: float, deg: float, hold: float = 0.25) -> None:
        p.pulse(f"head_{name}_rad", at, math.radians(deg), rise=0.5, hold=hold, fall=0.5)

    turn("yaw", 0.0, 10)
    turn("yaw", 1.2, 20)
    turn("yaw", 2.45, -20)
    turn("pitch", 3.8, 12)
    turn("pitch", 5.05, -12)
    turn("roll", 6.4, 12)
    turn("roll", 7.65, -12)


def _talking(p: _Passage) -> None:
    """Syllables of uneven length and loudness at 3-5 Hz, with vowels that round or spread."""
    rng = np.random.default_rng(20)
    at = 0.1
    while at < p.t[-1] - 0.4:
        length = float(rng.uniform(0.2, 0.33))
        size = float(rng.uniform(0.16, 0.48))
        edge = dict(rise=length * 0.45, hold=0.0, fall=length * 0.55)
        p.pulse("jawOpen", at, size, **edge)
        vowel = ("mouthFunnel", "mouthPucker", "", "")[int(rng.integers(4))]
        if vowel:
            p.pulse(vowel, at, float(rng.uniform(0.15, 0.35)), **edge)
        at += length + (0.35 if rng.random() < 0.12 else 0.0)
    p.pulse("smile_release", 0.0, 0.7, rise=0.3, hold=p.t[-1] - 0.75, fall=0.4)
    p.pulse(("browInnerUp", *_pair("browOuterUp")), 1.0, 0.35, rise=0.2, hold=0.3)
    p.pulse(_pair("eyeBlink"), 2.6, 1.0, rise=0.09, hold=0.035, fall=0.16)
    sway = np.sin(2 * np.pi * 0.55 * p.t) * _ease(p.t / 0.5) * _ease((p.t[-1] - p.t) / 0.5)
    p.add("head_yaw_rad", math.radians(3.0) * sway)
    p.add("head_pitch_rad", math.radians(1.5) * sway * np.sin(2 * np.pi * 0.4 * p.t))


def _surprise(p: _Passage) -> None:
    edge = dict(rise=0.3, hold=2.1, fall=0.6)
    p.pulse(("browInnerUp", *_pair("browOuterUp"), *_pair("eyeWide")), 0.1, 1.0, **edge)
    p.pulse("jawOpen", 0.15, 0.55, **edge)
    p.pulse("smile_release", 0.1, 1.0, **edge)


def _nothing(p: _Passage) -> None:
    pass


_SCRIPT: tuple[tuple[str, float, Callable[[_Passage], None]], ...] = (
    ("rest", 3.4, _nothing),
    ("blinks", 5.2, _blinks),
    ("wink_left", 2.4, lambda p: _wink(p, "Left")),
    ("wink_right", 2.4, lambda p: _wink(p, "Right")),
    ("gaze", 4.9, _gaze),
    ("brows", 6.1, _brows),
    ("jaw", 4.2, _jaw),
    ("lips", 5.4, _lips),
    ("frown", 4.1, _frown),
    ("eye_wide", 2.5, _twice(*_pair("eyeWide"))),
    ("nose_sneer", 2.5, _twice(*_pair("noseSneer"))),
    ("cheek_raise", 2.5, _twice(*_pair("cheekSquint", "eyeSquint"))),
    ("smile_release", 2.5, _twice("smile_release")),
    ("head", 9.0, _head),
    ("talking", 5.0, _talking),
    ("surprise", 3.3, _surprise),
    ("rest_end", 1.2, _nothing),
)


def build() -> Timeline:
    """The whole clip's truth. The same on every call."""
    rows: list[F64] = []
    passages: dict[str, tuple[int, int]] = {}
    frame = 0
    gap = np.zeros((round(GAP_S * FPS), len(NAMES)))
    for name, seconds, write in _SCRIPT:
        passage = _Passage(seconds)
        write(passage)
        passages[name] = (frame, frame + len(passage.t))
        rows += [passage.values, gap]
        frame += len(passage.t) + len(gap)
    values = np.concatenate(rows[:-1])
    _sway(values)
    _derive_looks(values)
    np.clip(values[:, : len(SHAPES)], 0.0, 1.0, out=values[:, : len(SHAPES)])
    return Timeline(values, passages)


def _sway(values: F64) -> None:
    """Nobody is a statue: under 0.3° of slow head motion, everywhere."""
    t = np.arange(len(values)) / FPS
    for name, hz, phase in zip(HEAD, (0.23, 0.31, 0.17), (0.3, 1.9, 4.0), strict=True):
        wave = 0.7 * np.sin(2 * np.pi * hz * t + phase) + 0.3 * np.sin(5.3 * hz * t + 2 * phase)
        values[:, _COLUMN[name]] += math.radians(0.14) * wave


def _derive_looks(values: F64) -> None:
    yaw = values[:, _COLUMN["gaze_yaw_rad"]] / GAZE_FULL_RAD["yaw"]
    pitch = values[:, _COLUMN["gaze_pitch_rad"]]
    for side, other in (("Left", "Right"), ("Right", "Left")):
        out = yaw if side == "Left" else -yaw
        values[:, _COLUMN[f"eyeLookOut{side}"]] = np.maximum(out, 0)
        values[:, _COLUMN[f"eyeLookIn{other}"]] = np.maximum(out, 0)
        values[:, _COLUMN[f"eyeLookUp{side}"]] = np.maximum(pitch, 0) / GAZE_FULL_RAD["up"]
        values[:, _COLUMN[f"eyeLookDown{side}"]] = np.maximum(-pitch, 0) / GAZE_FULL_RAD["down"]
