"""`vtdrive eval emotion`: how well expressions are read on labelled faces, and on which ones.

Every picture goes through the very parts that a run uses: face mesh, aligned crop, network, one
view each; the whole picture where no mesh is found. Figures are those of `emotion_scores` under the
protocol of `emotion_labels`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from vtdrive.classifiers.fused import FusedEmotion
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.classifiers.softmax import softmax
from vtdrive.errors import ModelError, UsageError
from vtdrive.eval.emotion_data import open_faces
from vtdrive.eval.emotion_faces import LEFT_OUT, Faces
from vtdrive.eval.emotion_labels import Labels
from vtdrive.eval.emotion_look import Seen, Tick, look
from vtdrive.eval.emotion_scores import (
    accuracy,
    calibration_error,
    confusion,
    macro_f1,
    per_class,
    rare_recall,
    wilson,
)
from vtdrive.eval.emotion_slices import slices
from vtdrive.trackers.shapes import ShapeNet
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS

__all__ = ["evaluate", "figures", "headline"]

_NAMED: Final = 3
"""Unreadable pictures that are named one by one."""


def headline(probs: F32, labels: Labels) -> dict[str, Any]:
    """The figures of one reader, ready for JSON; None where no face is there to tell.

    accuracy                  right top labels under the majority rule
    accuracy_interval         its 95 % interval (Wilson)
    accuracy_argmax_all       right top labels over all faces that the protocol keeps
    accuracy_strict_majority  right top labels where over half of all votes agree
    macro_f1                  mean F1 over emotions, majority rule
    ece                       calibration error, 15 bins of equal width, majority rule
    rare_recall_argmax_all    mean recall of contempt, disgust and fear over all faces
    per_class                 see `emotion_scores.per_class`
    confusion                 (8, 8) counts, rows what people saw, columns what was read; majority
    """
    found, label, some = probs.argmax(1), labels.label, labels.decided
    right = found == label
    return {
        "accuracy": _plain(accuracy(probs, labels)),
        "accuracy_interval": wilson(int(right[some].sum()), int(some.sum())),
        "accuracy_argmax_all": _plain(accuracy(probs, labels, decided_only=False)),
        "accuracy_strict_majority": (
            float(right[labels.strict].mean()) if labels.strict.any() else None
        ),
        "macro_f1": _plain(macro_f1(probs, labels)),
        "ece": _plain(calibration_error(probs[some], label[some])),
        "rare_recall_argmax_all": _plain(rare_recall(probs, labels)),
        "per_class": per_class(probs, labels),
        "labels": list(EMOTIONS),
        "confusion": confusion(found[some], label[some]).tolist(),
    }


def figures(faces: Faces, seen: Seen, *, probs: F32, fused: F32 | None = None) -> dict[str, Any]:
    """`headline` of the picture, with `slices`, counts under `n`, and `fused` where there is one.

    `probs` and `fused` are (R, 8), a row for each face in `seen`. Slices are over majority-rule
    faces.
    """
    labels = faces.labels.some(seen.at)
    counted = np.flatnonzero(labels.decided)
    right = probs.argmax(1) == labels.label
    result = headline(probs, labels)
    result["slices"] = slices([seen.measures[i] for i in counted], right[counted])
    result["n"] = {
        "faces": len(seen.at),
        "mesh": int(seen.mesh.sum()),
        "whole": int((~seen.mesh).sum()),
        "majority": len(counted),
        "strict_majority": int(labels.strict.sum()),
        **dict.fromkeys(LEFT_OUT, 0),
        **faces.left_out,
        "unreadable": len(seen.unreadable),
    }
    if fused is not None:
        result["fused"] = headline(fused, labels)
    return result


def evaluate(
    data: Path,
    *,
    model: Path | None = None,
    usage: str | None = None,
    say: Callable[[str], None] = print,
    tick: Tick = lambda done, of: None,
) -> dict[str, Any]:
    """Runs the shipped parts, or `model` in place of the picture's, over a data set.

    The plain figures (`figures`) are of the picture's network alone. Adds `model`, `data` and
    `seconds`. Raises UsageError for bad data and ModelError for a bad model.
    """
    faces = open_faces(data, usage=usage)
    picture, mesh, shapes = OnnxEmotion(model), StillMesh(), ShapeNet()
    fused = FusedEmotion(picture, ShapeEmotion())
    started = time.monotonic()
    try:
        fused.open()
        # Also why there will be no fused figures, where that is so.
        for note in fused.notes:
            say(note)
        mesh.open()
        if fused.weights is not None:
            shapes.open()
        seen = look(
            faces,
            picture,
            mesh,
            shapes=None if fused.weights is None else shapes,
            tick=tick,
        )
        for sentence in seen.unreadable[:_NAMED]:
            say(f"left out: {sentence}")
        if len(seen.at) == 0:
            raise UsageError(
                f"{data}: none of its {len(seen.unreadable)} pictures can be read",
                "save them as JPEG or PNG",
            )
        both = None if fused.weights is None else softmax(fused.logits(seen.logits, seen.shapes))
        probs = picture.probabilities(seen.logits)
        if not np.isfinite(probs).all():
            raise ModelError(
                f"model {picture.path.name} gave probabilities that are no numbers",
                "restore the model and its card together",
            )
        result = figures(faces, seen, probs=probs, fused=both)
        result["model"] = {"name": picture.path.name, "temperature": picture.card.temperature}
    finally:
        mesh.close()
        fused.close()
    result["data"] = {"name": data.name, "kind": faces.kind}
    result["seconds"] = round(time.monotonic() - started, 1)
    return result


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
