"""A clip of an actor who grieves and then laughs: does the leading expression follow?

    python -m benchmarks.portrait CLIP [--json OUT]

Leading = argmax of the smoothed probabilities, before thresholds; shown = after them. No model
is trained on that clip and no number was searched on it. One rule was written after seeing it:
shut eyes count as a blink for 400 ms only (`emotion.blink_ms`); before, the grief with closed eyes
was frozen at neutral (sadness led 18 % of the first 40 %, with 5 switches; 56 % and 6 since).
Exits 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._report import write_report
from benchmarks.performed import Kept, perform
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

_HAPPY, _SAD = EMOTION_INDEX["happiness"], EMOTION_INDEX["sadness"]


def shares(labels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, float]:
    return {
        EMOTIONS[i]: round(float((labels == i).mean()), 3) for i in range(8) if (labels == i).any()
    }


def judged(kept: Kept) -> dict[str, Any]:
    """Shares, switches, and under `met` whether the goals are."""
    lead = np.array([f.state.emotion.leading for f in kept.frames])
    shown = np.array([f.state.emotion.shown for f in kept.frames])
    faces = sum(f.track is not None and f.track.face is not None for f in kept.frames)
    early, late = slice(0, int(0.4 * len(lead))), slice(int(0.75 * len(lead)), None)
    result: dict[str, Any] = {
        "frames": len(lead),
        "faces": faces,
        "first_40_percent_leading": shares(lead[early]),
        "last_25_percent_leading": shares(lead[late]),
        "first_40_percent_shown": shares(shown[early]),
        "last_25_percent_shown": shares(shown[late]),
        "switches_leading": int((np.diff(lead) != 0).sum()),
        "switches_shown": int((np.diff(shown) != 0).sum()),
    }
    met = (
        faces == len(lead)
        and (lead[early] == _SAD).mean() >= 0.6
        and (lead[late] == _HAPPY).mean() >= 0.9
        and result["switches_leading"] <= 4
    )
    return result | {"met": bool(met)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = judged(perform(args.clip))
    write_report("portrait", result, args.json)
    return int(not result["met"])


if __name__ == "__main__":
    raise SystemExit(main())
