"""From which probability on an expression is shown: where eight in ten such readings are right.

    python -m training.emotion.thresholds --data FERPLUS/valid.npz [--write]

To be run again whenever the emotion model, or how it is fused, is replaced; about a minute, no
torch. Half of the majority-rule faces set the thresholds, the other half reports them. With --write
they go into `[enter]` of the model's card and into `vtdrive/config/entering.py`, the defaults of
`[emotion.timing.NAME] enter`; a test holds the two together. Afterwards write the reference of the
config anew, and the table in docs/explanation/emotion-timing.md (its test says the lines).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vtdrive.assets import data_dir
from vtdrive.classifiers.fused import FusedEmotion
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.classifiers.softmax import softmax
from vtdrive.eval.emotion_data import open_faces
from vtdrive.eval.emotion_labels import Labels
from vtdrive.eval.emotion_look import look
from vtdrive.eval.emotion_scores import halves
from vtdrive.trackers.shapes import ShapeNet
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS

__all__ = ["FLOOR", "START", "Entry", "enter_table", "module_text", "with_enter"]

START: Final = {
    "happiness": 0.55,
    "surprise": 0.5,
    "sadness": 0.42,
    "anger": 0.42,
    "disgust": 0.5,
    "fear": 0.5,
    "contempt": 0.55,
}
"""What holds where the faces cannot tell: values in use elsewhere."""
FLOOR: Final = 0.42
"""No threshold is lower, however right the readings are. Two faces in three of FER+ show something;
somebody at a desk shows nothing nearly always, so the same threshold is more often wrong there."""

_PRECISION: Final = 0.8
_SUPPORT: Final = 20
"""Fewer predictions than this tell nothing."""
_HIGHEST: Final = 0.9
"""Above this an expression would be shown so seldom that it might as well be left out."""
_MODULE: Final = Path(__file__).parents[2] / "vtdrive" / "config" / "entering.py"

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One emotion's threshold, and what it is worth on faces that did not set it."""

    enter: float
    basis: str
    """Why it is that high, in words."""
    precision: float | None
    """Share of the predictions that are right; None without any."""
    recall: float | None
    """Share of the faces that are found; None without any."""
    predictions: int
    faces: int


def enter_table(
    probs: npt.NDArray[np.floating[Any]], label: I64, *, fit: I64, judge: I64
) -> dict[str, Entry]:
    """Thresholds of all but neutral, of `probs` (N, 8) and `label` (N,).

    `fit` and `judge` are indices: of faces that set the thresholds, and of those that report them.
    A prediction of an emotion is a face in which it leads with at least the threshold.
    """
    leading = probs.argmax(1)
    out = {}
    for k, name in enumerate(EMOTIONS[1:], start=1):
        mine = fit[leading[fit] == k]
        enter, basis = _threshold(probs[mine, k], label[mine] == k, start=START[name])
        shown = judge[(leading[judge] == k) & (probs[judge, k] >= enter)]
        right, faces = int((label[shown] == k).sum()), int((label[judge] == k).sum())
        out[name] = Entry(
            enter=enter,
            basis=basis,
            precision=right / len(shown) if len(shown) else None,
            recall=right / faces if faces else None,
            predictions=len(shown),
            faces=faces,
        )
    return out


def _threshold(
    sure: npt.NDArray[np.floating[Any]], right: npt.NDArray[np.bool_], *, start: float
) -> tuple[float, str]:
    """The lowest of FLOOR, FLOOR + 0.01, ... that is precise enough, and why it is the one."""
    most = int((sure >= FLOOR).sum())
    if most < _SUPPORT:
        return start, f"start value: only {most} predictions"
    for step in range(round(100 * FLOOR), round(100 * _HIGHEST) + 1):
        on = sure >= step / 100
        if on.sum() < _SUPPORT:
            break
        precision = right[on].mean()
        if precision >= _PRECISION:
            lowest = step == round(100 * FLOOR)
            why = "lowest allowed" if lowest else "lowest with precision 0.8"
            return step / 100, f"{why}: {precision:.3f} of {int(on.sum())}"
    return start, "start value: precision 0.8 was not reached"


def with_enter(card: str, table: Mapping[str, Entry], *, reads: str) -> str:
    """A card's text with the table `[enter]` anew, at its end. `reads`: what gave the readings."""
    rest = re.sub(r"\n*^\[enter\].*?(?=^\[|\Z)", "\n\n", card, flags=re.MULTILINE | re.DOTALL)
    lines = [
        "[enter]  # majority-rule faces of FER+ valid: set on one half, measured on the other",
        f'reads = "{reads}"',
        *(f"{name} = {_row(entry)}" for name, entry in table.items()),
    ]
    return rest.rstrip("\n") + "\n\n" + "\n".join(lines) + "\n"


def _row(entry: Entry) -> str:
    shares = {"precision": entry.precision, "recall": entry.recall}
    told = [f"{name} = {share:.3f}" for name, share in shares.items() if share is not None]
    counts = [f"predictions = {entry.predictions}", f"faces = {entry.faces}"]
    parts = [f"enter = {entry.enter}", f'basis = "{entry.basis}"', *told, *counts]
    return "{ " + ", ".join(parts) + " }"


def module_text(table: Mapping[str, Entry]) -> str:
    """The text of `vtdrive/config/entering.py`."""
    return "\n".join(
        (
            '"""Where each expression begins, by default: measured for the shipped emotion model.',
            "",
            "Written by training.emotion.thresholds, which also writes them into the model's card.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
            "from typing import Final",
            "",
            '__all__ = ["ENTER"]',
            "",
            "ENTER: Final = {",
            *(f'    "{name}": {entry.enter},' for name, entry in table.items()),
            "}",
            '"""Emotion to the smoothed probability from which on it may show."""',
            "",
        )
    )


def _read(data: Path, model: Path) -> tuple[Labels, F32, str]:
    """Labels and probabilities (R, 8) as a run reads them, and by what."""
    faces = open_faces(data)
    fused, mesh, shapes = FusedEmotion(OnnxEmotion(model), ShapeEmotion()), StillMesh(), ShapeNet()
    try:
        fused.open()
        mesh.open()
        both = fused.weights is not None
        if both:
            shapes.open()
        seen = look(faces, fused.picture, mesh, shapes=shapes if both else None)
        probs = softmax(fused.logits(seen.logits, seen.shapes))
    finally:
        mesh.close()
        fused.close()
    return faces.labels.some(seen.at), probs, "fused" if both else "picture"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="FER+ valid, as .npz")
    parser.add_argument("--model", type=Path, default=data_dir("models") / SHIPPED_MODEL)
    parser.add_argument("--seed", type=int, default=0, help="of the halves")
    parser.add_argument("--write", action="store_true", help="into the card and the defaults")
    given = parser.parse_args()
    labels, probs, reads = _read(given.data, given.model)
    fit, judge = halves(labels, seed=given.seed)
    table = enter_table(probs, labels.label, fit=fit, judge=judge)
    print(f"readings: {reads}; set on {len(fit)} faces, measured on {len(judge)}")
    for name, entry in table.items():
        print(f"{name:10} {_row(entry)}")
    if given.write:
        card = given.model.with_suffix(".toml")
        text = with_enter(card.read_text(encoding="utf-8"), table, reads=reads)
        card.write_text(text, encoding="utf-8")
        _MODULE.write_text(module_text(table), encoding="utf-8")
        print(f"written: {card.name}, {_MODULE.name}")


if __name__ == "__main__":
    main()
