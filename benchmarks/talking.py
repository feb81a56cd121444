"""The demo clip's talking passage: does the leading expression stay while only the mouth moves?

    python -m benchmarks.talking [--json OUT]

One pass through tracker and classifier reads every frame. The driver is then run again on those
readings: on every one, and on every third from each of three beginnings (10 a second). She smiles
at rest, so each run is done anew with happiness and neutral changed about, as somebody who does
not smile would be read; and once more `fooled`, with the odds of surprise twenty times as high, as
a classifier would that falls for every open mouth.

Counted from the first word to half a second after the last: changes of the leading and of the
shown expression, and how close the second came. `mouth_alone_changes` is of the passages in which
only jaw or lips move and then stay; `surprise_leads_after_s` is how soon a real one leads. Exits 1
when the leading expression changes while she talks, unless only for the fooled classifier.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks._report import write_report
from benchmarks.performed import Kept, perform
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.demo import Truth, demo_clip, load_truth
from vtdrive.types import AvatarFrame, Emotion, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

_AFTER_S: Final = 0.5
"""What the last word does to the average shows only then."""
_EVERY: Final = ((1, 0), (3, 0), (3, 1), (3, 2))
"""Which readings a run hears: every n-th, from the m-th on."""
_FOOLED: Final = 20.0
_READERS: Final = ("smiling", "calm", "fooled")
_HAPPY, _SURPRISE = EMOTION_INDEX["happiness"], EMOTION_INDEX["surprise"]


def readings(config: Config) -> Kept:
    """The clip with a reading of each of its frames."""
    every = config.model_copy(
        update={"emotion": config.emotion.model_copy(update={"rate_hz": 60.0})}
    )
    return perform(demo_clip(), config=every)


def read_by(reader: str, sample: Emotion) -> Emotion:
    """What a reader makes of a face that the classifier read as `sample`."""
    probs = sample.probs.copy()
    if reader != "smiling":
        probs[[0, _HAPPY]] = probs[[_HAPPY, 0]]
    if reader == "fooled":
        probs[_SURPRISE] *= _FOOLED
        probs /= probs.sum()
    return Emotion(sample.t_ns, frozen(probs))


def again(
    frames: Iterable[AvatarFrame], config: Config, *, every: int, first: int, reader: str
) -> Iterator[AvatarFrame]:
    """The ticks through a new driver that hears only some of the readings."""
    driver, heard, newest = Driver(config), 0, None
    last: Emotion | None = None
    for frame in frames:
        if frame.emotion is not None and frame.emotion is not last:
            last = frame.emotion
            if heard % every == first:
                newest = read_by(reader, last)
            heard += 1
        yield driver.step(frame.track, newest, frame.t_ns)


def told(frames: list[AvatarFrame], truth: Truth, passage: str) -> dict[str, Any]:
    """What the emotion did in a passage."""
    part = truth.during(passage)
    some = frames[part.start : part.stop + round(_AFTER_S * truth.fps)]
    leading = np.array([f.state.emotion.leading for f in some])
    shown = np.array([f.state.emotion.shown for f in some])
    ranked = np.sort([f.state.emotion.probs for f in some], axis=1)
    read = [f.emotion.probs[_SURPRISE] for f in some if f.emotion is not None]
    return {
        "leading": sorted({EMOTIONS[i] for i in leading}),
        "changes_leading": int((np.diff(leading) != 0).sum()),
        "changes_shown": int((np.diff(shown) != 0).sum()),
        "closest": round(float((ranked[:, -1] - ranked[:, -2]).min()), 3),
        "most_surprise_read": round(float(max(read)), 3),
        "speaking": round(float(np.mean([f.state.speaking > 0.5 for f in some])), 3),
    }


def surprise_s(frames: list[AvatarFrame], truth: Truth) -> float | None:
    """Seconds from the first raised brow until surprise leads; None where it never does."""
    part = truth.during("surprise")
    brows = truth.column("browInnerUp")[part]
    begin = part.start + int(np.argmax(brows > 0.25))
    leads = [i for i in range(begin, part.stop) if frames[i].state.emotion.leading == _SURPRISE]
    return round((leads[0] - begin) / truth.fps, 3) if leads else None


def measured(config: Config) -> dict[str, Any]:
    """All runs; `met` says whether the leading expression held in each."""
    truth, kept = load_truth(), readings(config)
    result: dict[str, Any] = {}
    held = []
    for reader in _READERS:
        for every, first in _EVERY:
            frames = list(again(kept.frames, config, every=every, first=first, reader=reader))
            found = told(frames, truth, "talking")
            if reader != "fooled":
                held.append(found["changes_leading"] == 0)
            result[f"{reader}, every {every} from {first}"] = found | {
                "mouth_alone_changes": {
                    name: told(frames, truth, name)["changes_leading"] for name in ("jaw", "lips")
                },
                "surprise_leads_after_s": surprise_s(frames, truth),
            }
    return result | {"met": all(held)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = measured(load_config([]))
    write_report("talking", result, args.json)
    return int(not result["met"])


if __name__ == "__main__":
    raise SystemExit(main())
