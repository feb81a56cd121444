"""The demo clip against its own truth: do the avatar's signals follow what was animated?

    python -m benchmarks.demo_truth [--json OUT]

Correlations are of the sent 52 shapes (after calibration and filters) with the truth, within the
passage that animates the channel; `raw` is the same for the shape network alone. Exits 1 when a
goal is missed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks._report import write_report
from benchmarks.performed import Kept, perform
from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.demo import Truth, demo_clip, load_truth
from vtdrive.spaces import euler_from_quat
from vtdrive.types import F32

CHANNELS = {
    "blink": ("blinks", ("eyeBlinkLeft", "eyeBlinkRight")),
    "wink_left": ("wink_left", ("eyeBlinkLeft",)),
    "wink_right": ("wink_right", ("eyeBlinkRight",)),
    "jaw": ("jaw", ("jawOpen",)),
    "brow_inner_up": ("brows", ("browInnerUp",)),
    "brow_outer_up": ("brows", ("browOuterUpLeft", "browOuterUpRight")),
    "brow_down": ("brows", ("browDownLeft", "browDownRight")),
    "frown": ("frown", ("mouthFrownLeft", "mouthFrownRight")),
    "pucker": ("lips", ("mouthPucker",)),
    "funnel": ("lips", ("mouthFunnel",)),
    "stretch": ("lips", ("mouthStretchLeft", "mouthStretchRight")),
    "sneer": ("nose_sneer", ("noseSneerLeft", "noseSneerRight")),
    "eye_wide": ("eye_wide", ("eyeWideLeft", "eyeWideRight")),
    "talking_jaw": ("talking", ("jawOpen",)),
}
GOALS = ("blink", "wink_left", "wink_right", "jaw", "brow_inner_up", "brow_down", "frown")
_LAGS = range(0, 5)
"""Frames by which a filter may be late: correlation is taken at the best of these."""


def correlation(found: F32, true: F32) -> float:
    """Pearson's r at the best lag of 0 to 4 frames; nan where one of them does not move."""
    best = float("nan")
    for lag in _LAGS:
        a, b = found[lag:], true[: len(true) - lag]
        if a.std() > 1e-4 and b.std() > 1e-4:
            best = float(np.nanmax([best, np.corrcoef(a, b)[0, 1]]))
    return best


def mean_of(read: dict[str, F32], names: tuple[str, ...], part: slice) -> F32:
    return np.asarray(np.mean([read[name][part] for name in names], axis=0), np.float32)


def angle_errors(kept: Kept, truth: Truth) -> dict[str, float]:
    """Yaw in its passage: correlation, and RMS in degrees relative to rest; as measured."""
    part, rest = truth.during("head"), truth.during("rest")
    out = {}
    for i, axis in enumerate(("yaw", "pitch", "roll")):
        raw = np.array([f.raw[RAW_SIGNALS.index(f"head.{axis}_deg")] for f in kept.frames])
        true = np.degrees(truth.column(f"head_{axis}_rad"))
        error = (raw - np.median(raw[rest])) - (true - np.median(true[rest]))
        out[f"{axis}_rms_deg"] = float(np.sqrt(np.mean(error[part] ** 2)))
        sent = np.array([np.degrees(euler_from_quat(f.state.head_xyzw)[i]) for f in kept.frames])
        out[f"{axis}_correlation"] = correlation(sent[part], true[part])
    return out


def wink_leads(read: dict[str, F32], truth: Truth) -> dict[str, float]:
    """How far the winking eye leads the other while the truth is above 0.8."""
    out = {}
    for side, other in (("Left", "Right"), ("Right", "Left")):
        true = truth.column(f"eyeBlink{side}").copy()
        outside = np.ones(len(true), bool)
        outside[truth.during(f"wink_{side.lower()}")] = False
        true[outside] = 0
        at = true > 0.8
        lead = read[f"eyeBlink{side}"][at] - read[f"eyeBlink{other}"][at]
        out[f"wink_{side.lower()}_lead"] = float(np.median(lead))
    return out


def figures(kept: Kept, truth: Truth) -> dict[str, float]:
    """All correlations, leads and errors."""
    names = {name for _, group in CHANNELS.values() for name in group}
    sent = {name: kept.param(name) for name in names}
    raw = {name: kept.raw_shape(name) for name in names}
    result: dict[str, float] = {"frames": len(kept.frames), "faces": 0}
    result["faces"] = sum(f.track is not None and f.track.face is not None for f in kept.frames)
    for title, (passage, group) in CHANNELS.items():
        part = truth.during(passage)
        true = np.mean([truth.column(name)[part] for name in group], axis=0)
        result[title] = correlation(mean_of(sent, group, part), true)
        result[f"{title}_raw"] = correlation(mean_of(raw, group, part), true)
    result |= wink_leads(sent, truth) | angle_errors(kept, truth)
    return result | {f"{name}_raw": v for name, v in wink_leads(raw, truth).items()}


def missed_goals(found: dict[str, float]) -> list[str]:
    """Names of the figures that are not good enough."""
    missed = [name for name in (*GOALS, "yaw_correlation") if not found[name] >= 0.8]
    missed += [n for n in ("wink_left_lead", "wink_right_lead") if not found[n] >= 0.3]
    return missed + (["yaw_rms_deg"] if found["yaw_rms_deg"] > 4 else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = figures(perform(demo_clip(), emotion=False), load_truth())
    missed = missed_goals(found)
    write_report("demo_truth", {**found, "missed": missed}, args.json)
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
