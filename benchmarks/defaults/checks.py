"""What each check looks at, and its limits (numbers from the mapping reference, section 9)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.performed import Kept, perform
from vtdrive.demo import Truth, demo_clip, load_truth
from vtdrive.spaces import euler_from_quat, quat_angle
from vtdrive.types import F32, Profile, Status
from vtdrive.vocab import EMOTION_INDEX

__all__ = ["Check", "demo_checks", "portrait_checks"]

_TAKEN_S = 2.8
"""By then the neutral of the first two seconds is taken, eased in (0.4 s) and filtered."""
_VOWELS = ("aa", "ih", "ou", "ee", "oh")
_HAPPY_CAP = 0.8
_COVERED = (1.6, 3.6)
"""Seconds of the demo clip's rest in which the lens is covered."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check on one clip."""

    number: int
    title: str
    met: bool | None
    """None: the clip does not show it."""
    detail: str


def demo_checks() -> list[Check]:
    """What the demo clip shows, performed as shipped."""
    truth, kept = load_truth(), perform(demo_clip())
    return [
        _rest(kept, truth),
        _blinks(kept, truth),
        _winks(kept, truth),
        _turned(kept, truth),
        _grin(kept, truth),
        _talking(kept, truth),
        Check(7, "slow A-I-U-E-O", None, "no clip has one"),
        _still_head(kept, truth),
        _head_lag(kept, truth),
        _covered(),
    ]


def portrait_checks(clip: Path) -> list[Check]:
    """What a clip of a lively actor shows: how much of each range is used."""
    kept = perform(clip)
    spans = {}
    for name in ("happy", "sad", "aa", "blink", "eyeBlinkLeft", "jawOpen", "browInnerUp"):
        lo, hi = np.percentile(kept.param(name), (1, 99))
        spans[name] = float(hi - lo)
    used = ", ".join(f"{name} {span:.2f}" for name, span in spans.items())
    return [Check(10, "ranges used (of 0..1, p1 to p99)", None, f"two minutes of talk? no: {used}")]


def _part(kept: Kept, truth: Truth, name: str, skip_s: float = 0.0) -> F32:
    rows = kept.params()[truth.during(name)]
    return np.asarray(rows[int(skip_s * truth.fps) :], np.float32)


def _rest(kept: Kept, truth: Truth) -> Check:
    """She smiles at rest: what a smile drives is left out of 'within .03 of neutral'."""
    rows, names = _part(kept, truth, "rest", _TAKEN_S), kept.schema.names
    smile = ("mouth", "cheekSquint", "happy", "relaxed", "noseSneer")
    plain = [i for i, name in enumerate(names) if not name.startswith(smile)]
    spread = np.percentile(rows, 95, axis=0) - np.percentile(rows, 5, axis=0)
    away = np.abs(rows[:, plain]).max(axis=0)
    worst = int(away.argmax())
    loose = int(spread.argmax())
    blinked = float(rows[:, names.index("blink")].max())
    part = truth.during("rest")
    smiled = np.mean(
        [f.state.emotion.shown == EMOTION_INDEX["happiness"] for f in kept.frames[part]]
    )
    told = (
        f"furthest {names[plain[worst]]} {away[worst]:.3f} (< .03, smile left out); widest spread"
        f" {names[loose]} {spread[loose]:.3f} (< .05); blink {blinked:.2f};"
        f" the portrait smiles: shown happiness in {100 * smiled:.0f} %"
    )
    return Check(1, "rest", bool(away.max() < 0.03 and spread.max() < 0.05), told)


def _blinks(kept: Kept, truth: Truth) -> Check:
    part = truth.during("blinks")
    true = truth.column("eyeBlinkLeft")[part]
    left, right = (kept.param(f"eyeBlink{s}")[part] for s in ("Left", "Right"))
    peaks = _peaks(true)
    deep = [float(min(left[_near(p)].max(), right[_near(p)].max())) for p in peaks]
    delay = [_onset(left, p) - _onset(true, p) for p in peaks]
    apart = max(float(np.abs(left[_near(p)] - right[_near(p)]).max()) for p in peaks)
    met = np.mean([d >= 0.9 for d in deep]) >= 0.95 and max(delay) <= 1 and apart < 0.1
    return Check(
        2,
        "blinks",
        bool(met),
        f"{sum(d >= 0.9 for d in deep)} of {len(peaks)} reach .9, depths"
        f" {', '.join(f'{d:.2f}' for d in deep)}; latest {max(delay)} frames;"
        f" lids differ {apart:.2f}",
    )


def _winks(kept: Kept, truth: Truth) -> Check:
    told, met = [], True
    for side, other in (("Left", "Right"), ("Right", "Left")):
        part = truth.during(f"wink_{side.lower()}")
        peaks = _peaks(truth.column(f"eyeBlink{side}")[part])
        shut = kept.param(f"eyeBlink{side}")[part]
        still = 1 - kept.param(f"eyeBlink{other}")[part]
        good = sum(bool(shut[_near(p)].max() > 0.8 and still[p] >= 0.8) for p in peaks)
        told.append(f"{side.lower()}: {good} of {len(peaks)}, other lid {still.min():.2f} open")
        met = met and good >= 0.8 * len(peaks)
    part = truth.during("blinks")
    pair = kept.param("blinkLeft")[part].max() + kept.param("blinkRight")[part].max()
    told.append(f"winks while blinking: {'none' if pair == 0 else f'{pair:.2f}'}")
    return Check(3, "winks", bool(met and pair == 0), "; ".join(told))


def _turned(kept: Kept, truth: Truth) -> Check:
    part = truth.during("head")
    lid = float(kept.param("eyeBlinkLeft")[part].max())
    mouth = kept.param("aa")[part]
    return Check(
        4,
        "lids and mouth while the head turns ±20°",
        bool(lid < 0.15 and mouth.max() < 0.1),
        f"lid {lid:.2f} (< .15), mouth {mouth.max():.2f} (< .1)",
    )


def _grin(kept: Kept, truth: Truth) -> Check:
    part = truth.during("rest")
    part = slice(part.start + int(1.5 * truth.fps), part.stop)
    smile = min(float(np.median(kept.param(f"mouthSmile{s}")[part])) for s in ("Left", "Right"))
    happy, angry = (float(np.median(kept.param(n)[part])) for n in ("happy", "angry"))
    vowels = float(np.sum([kept.param(v)[part] for v in _VOWELS], axis=0).max())
    brow = float(max(kept.param(f"browDown{s}")[part].max() for s in ("Left", "Right")))
    met = smile >= 0.7 and happy >= 0.6 * _HAPPY_CAP and angry == 0
    return Check(
        5,
        "grin (the portrait at rest)",
        bool(met and vowels <= 0.1 and brow <= 0.15),
        f"smile {smile:.2f} (≥ .7), happy {happy:.2f} (≥ .48), angry {angry:.2f} (0), A to O"
        f" {vowels:.2f} (≤ .1), brows down {brow:.2f} (≤ .15)",
    )


def _talking(kept: Kept, truth: Truth) -> Check:
    frames = kept.frames[truth.during("talking")]
    shown = np.array([f.state.emotion.shown for f in frames])
    bad = np.isin(shown, (EMOTION_INDEX["surprise"], EMOTION_INDEX["fear"])).mean()
    changes = int((np.diff(shown) != 0).sum())
    heard = np.mean([f.state.speaking > 0 for f in frames])
    jaw = float(np.percentile(kept.param("jawOpen")[truth.during("talking")], 95))
    return Check(
        6,
        "talking (5 s)",
        bool(changes <= 1 and bad < 0.03 and 0.6 <= jaw <= 1.0),
        f"{changes} expression changes, surprise + fear {100 * bad:.0f} %, jaw p95 {jaw:.2f}"
        f" (.6 to 1), speech noticed in {100 * heard:.0f} %",
    )


def _still_head(kept: Kept, truth: Truth) -> Check:
    first, last = truth.during("rest"), truth.during("rest_end")
    parts = (
        slice(first.start + int(_TAKEN_S * truth.fps), first.stop),
        slice(last.start + int(0.4 * truth.fps), last.stop),
    )
    rms = []
    for part in parts:
        heads = np.stack([f.state.head_xyzw for f in kept.frames[part]])
        axes = ("yaw", "pitch", "roll")
        true = np.degrees([truth.column(f"head_{axis}_rad")[part] for axis in axes]).T
        found = np.degrees([euler_from_quat(q) for q in heads])
        off = (found - found.mean(axis=0)) - (true - true.mean(axis=0))
        rms.append(float(np.sqrt((off**2).sum(axis=1).mean())))
    told = f"RMS {rms[0]:.3f}° and {rms[1]:.3f}° in the two rests, beside the true sway (< .15°)"
    return Check(8, "still head", max(rms) < 0.15, told)


def _head_lag(kept: Kept, truth: Truth) -> Check:
    part = truth.during("head")
    yaw = np.degrees([euler_from_quat(f.state.head_xyzw)[0] for f in kept.frames[part]])
    true = np.degrees(truth.column("head_yaw_rad")[part])
    shifts = np.arange(0, 8)
    errors = [float(np.mean((yaw[s:] - true[: len(true) - s]) ** 2)) for s in shifts]
    lag_ms = 1e3 * int(np.argmin(errors)) / truth.fps
    over = float(np.abs(yaw).max() / np.abs(true).max())
    return Check(
        8,
        "head turns (20° in .5 s)",
        lag_ms <= 80 and over <= 1.1,
        f"lag {lag_ms:.0f} ms (≤ 80), largest turn {over:.2f} of the true one",
    )


def _covered() -> Check:
    """The lens is covered for two seconds while she smiles."""
    kept = perform(demo_clip(), covered_s=_COVERED)
    t, rows, names = kept.t_s, kept.params(), kept.schema.names
    lost = next(i for i, f in enumerate(kept.frames) if f.status is not Status.LIVE)
    seen = float(t[lost - 1])
    hold = (t > seen) & (t <= seen + 0.29)
    moved = float(np.abs(rows[hold] - rows[lost - 1]).max())
    after = (t >= seen + 1.3) & (t < _COVERED[1])
    idle = [names.index(n) for n in names if n.startswith(("blink", "eyeBlink"))]
    calm = np.delete(np.arange(len(names)), idle)
    left = float(np.abs(rows[after][:, calm]).max())
    emotions = [names.index(n) for n in ("happy", "relaxed", "sad", "angry", "surprised")]
    gone = float(np.abs(rows[(t >= seen + 1.5) & (t < _COVERED[1])][:, emotions]).max())
    back = next(i for i in range(lost, len(t)) if kept.frames[i].status is Status.LIVE)
    steps = np.abs(np.diff(rows[back - 1 : back + 12], axis=0)).max(axis=0)
    jump, jumper = float(steps.max()), names[int(steps.argmax())]
    head = max(
        math.degrees(quat_angle(a.poses[_PLAIN].bones_xyzw[1], b.poses[_PLAIN].bones_xyzw[1]))
        for a, b in zip(
            kept.frames[back - 1 : back + 11], kept.frames[back : back + 12], strict=True
        )
    )
    met = moved == 0 and left < 0.03 and gone == 0 and jump <= 0.15
    return Check(
        9,
        "lens covered for 2 s",
        met,
        f"moved {moved:.3f} while held (0); {left:.3f} from neutral after 1.3 s (< .03);"
        f" expressions {gone:.3f} after 1.5 s (0); largest step on return {jump:.3f} ({jumper}),"
        f" at 30 fps (≤ .15), head {head:.1f}°",
    )


_PLAIN = Profile()


def _peaks(true: F32) -> list[int]:
    """Middles of the stretches in which a channel is above 0.8."""
    above = np.flatnonzero(true > 0.8)
    groups = np.split(above, np.flatnonzero(np.diff(above) > 1) + 1)
    return [int(group[len(group) // 2]) for group in groups if len(group)]


def _onset(values: F32, peak: int) -> int:
    """First frame above half before or at a peak, found backwards from it."""
    at = peak + 3
    while at > 0 and values[at] <= 0.5:
        at -= 1
    while at > 0 and values[at - 1] > 0.5:
        at -= 1
    return at


def _near(peak: int) -> slice:
    return slice(max(0, peak - 2), peak + 4)
