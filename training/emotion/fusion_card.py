"""The card of the blendshape head, and how well a reading does. No torch here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from training.emotion.data import Split
from training.emotion.scores import accuracy, calibration_error, macro_f1, softmax
from vtdrive.types import F32
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS, SHAPES

__all__ = ["Figures", "with_fusion", "write"]

_RARE = ("disgust", "fear", "contempt")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a reading gets right, from 0 to 1."""

    accuracy: float
    """Majority rule."""
    accuracy_argmax_all: float
    macro_f1: float
    rare_recall_argmax_all: float
    """Mean recall of disgust, fear and contempt over all faces."""
    ece: float
    """Majority rule, 15 bins of equal width."""

    @classmethod
    def of(cls, logits: F32, faces: Split, *, temperature: float = 1.0) -> Figures:
        """Of logits (N, 8); probabilities are softmax(logits / temperature)."""
        found, decided = logits.argmax(1), faces.decided
        recalls = [
            (found[faces.label == EMOTION_INDEX[name]] == EMOTION_INDEX[name]).mean()
            for name in _RARE
            if (faces.label == EMOTION_INDEX[name]).any()
        ]
        probs = softmax(logits[decided], temperature=temperature)
        return cls(
            accuracy=accuracy(logits, faces),
            accuracy_argmax_all=accuracy(logits, faces, decided_only=False),
            macro_f1=macro_f1(logits, faces),
            rare_recall_argmax_all=float(np.mean(recalls)) if recalls else float("nan"),
            ece=calibration_error(probs, faces.label[decided]),
        )

    def rounded(self) -> dict[str, float]:
        """By name, four decimals."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def write(*, sha256: str, temperature: float, faces: int, figures: Figures) -> str:
    """The card's text, without any fusion."""
    lines = [
        "# Written by training.emotion.fusion_train; explained in docs/reference/emotion-fusion.md",
        'kind = "emotion-shapes"',
        f'sha256 = "{sha256}"',
        f"labels = {json.dumps(EMOTIONS)}",
        f"temperature = {temperature}  # probabilities are softmax(logits / temperature)",
        "shapes = [",
        *(f'  "{name}",' for name in SHAPES),
        "]",
        "",
        "[input]",
        'name = "shapes"',
        f'shape = ["faces", {len(SHAPES)}]',
        "range = [0, 1]",
        "",
        "[training]",
        'network = "three small perceptrons, their logits averaged; the same for a mirrored face"',
        f'data = "blendshapes that models/blendshapes.onnx gives on {faces} FER+ training faces"',
        'labels_licence = "FER+, MIT"',
        'pictures_licence = "FER2013: gathered by web search in 2013, no clear licence"',
        "",
        "[scores]  # this head alone, on the faces of FER+'s validation split that have a mesh",
        *(f"{name} = {value}" for name, value in figures.rounded().items()),
    ]
    return "\n".join(lines) + "\n"


def with_fusion(
    text: str,
    *,
    picture: str,
    sha256: str,
    weights: tuple[float, float],
    fitted_on: str,
    scores: Mapping[str, Figures],
    cpu_ms: Mapping[str, float],
) -> str:
    """The card `text` with the fusion for one picture model in it, in place of an older one.

    `picture` is that model's name, `weights` those of its logits and of the shapes', `scores` the
    figures of each reading, by name, on faces that `weights` were not fitted on, `cpu_ms` what each
    costs for one face.
    """
    lines = [
        f'[fusion."{picture}"]  # softmax(picture * its logits + shapes * these); by fuse.py',
        f'sha256 = "{sha256}"  # of the picture model',
        f"picture = {weights[0]:.4f}",
        f"shapes = {weights[1]:.4f}",
        f"fitted_on = {json.dumps(fitted_on)}",
    ]
    for name, figures in scores.items():
        inside = ", ".join(f"{key} = {value}" for key, value in figures.rounded().items())
        lines.append(f"scores_{name} = {{ {inside} }}")
    spent = ", ".join(f"{name} = {ms:.3f}" for name, ms in cpu_ms.items())
    lines.append(f"cpu_ms = {{ {spent} }}  # for one face, median")
    old = re.compile(rf'^\[fusion\."{re.escape(picture)}"\].*?(?=^\[|\Z)', re.M | re.S)
    kept = old.sub("", text).rstrip("\n")
    return kept + "\n\n" + "\n".join(lines) + "\n"
