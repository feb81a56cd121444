"""`vtdrive eval fairness`: is a darkly lit face read as another expression, above all as anger?

The same faces in seven lights (`relight`), each read with the landmarks of the unaltered picture,
so that nothing but the light differs. What grey pictures cannot show is told in
docs/reference/emotion-fairness.md.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vtdrive.assets import load_card, verified
from vtdrive.classifiers.crop import face_oval
from vtdrive.classifiers.emotion_network import EmotionNetwork
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.errors import ModelError, UsageError
from vtdrive.eval.bootstrap import worst_to_best
from vtdrive.eval.emotion_data import open_faces
from vtdrive.eval.emotion_faces import refuse
from vtdrive.eval.emotion_scores import wilson
from vtdrive.eval.fairness_look import LIGHTS, InAllLights, Tick, look
from vtdrive.eval.relight import BINS
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTION_INDEX

__all__ = ["TARGETS", "evaluate", "figures"]

TARGETS: Final = {"ratio": 1.25, "interval": 1.5, "accuracy_spread": 0.05}
"""What the worst bin may at most be: times the best in false anger, the upper end of that, and
below the best in accuracy."""

_SEED: Final = 0
_LOOK_AGAIN: Final = 300
"""Faces in which the mesh is sought in every light."""
_FEWEST: Final = 5
"""Faces falsely called angry in the best bin; a ratio of fewer tells nothing, not even "equal"."""
_ANGER: Final = EMOTION_INDEX["anger"]

I64 = npt.NDArray[np.int64]


def figures(read: I64, label: I64) -> dict[str, Any]:
    """Figures of one way to read, ready for JSON. All shares are 0..1.

    `read` (N, LIGHTS) is the top label of each face as it is and in each bin, `label` (N,) what
    people saw. Raises ValueError where no face is anything but angry.

    unaltered               accuracy, false_anger, anger_recall of the pictures as they are
    bins                    the same for each bin, with skin (grey of 255), flips (share read
                            otherwise than the unaltered picture) and false_anger_interval (Wilson)
    false_anger_ratio       highest bin / lowest bin; None where the lowest is 0
    false_anger_interval95  paired bootstrap of that, worst and best sought in each resample
    false_anger_interval95_same_bins  worst and best as found in all faces
    worst_bin, best_bin     of false anger, their skin
    accuracy_spread         highest bin - lowest bin
    met                     which of `TARGETS` are met; None where the faces are too few to tell
    """
    others = label != _ANGER
    if not others.any():
        raise ValueError("no face is anything but angry")
    angry = read == _ANGER
    rows = [_light(read[:, k], label) for k in range(LIGHTS)]
    for k, skin in enumerate(BINS, start=1):
        rows[k] |= {
            "skin": skin,
            "flips": float((read[:, k] != read[:, 0]).mean()),
            "false_anger_interval": wilson(int(angry[others, k].sum()), int(others.sum())),
        }
    sure = worst_to_best(angry[others, 1:], seed=_SEED)
    accuracy = [row["accuracy"] for row in rows[1:]]
    spread = max(accuracy) - min(accuracy)
    upper = sure.interval95[1]
    told = int(angry[others, 1:].sum(0).min()) >= _FEWEST
    return {
        "unaltered": rows[0],
        "bins": rows[1:],
        "false_anger_ratio": sure.ratio,
        "false_anger_interval95": list(sure.interval95),
        "false_anger_interval95_same_bins": list(sure.interval95_same_columns),
        "worst_bin": BINS[sure.worst],
        "best_bin": BINS[sure.best],
        "accuracy_spread": spread,
        "met": {
            "ratio": (sure.ratio or math.inf) <= TARGETS["ratio"] if told else None,
            "interval": (upper or math.inf) <= TARGETS["interval"] if told else None,
            "accuracy_spread": spread <= TARGETS["accuracy_spread"],
        },
    }


def _light(read: I64, label: I64) -> dict[str, Any]:
    angry = read == _ANGER
    truly = label == _ANGER
    return {
        "accuracy": float((read == label).mean()),
        "false_anger": float(angry[~truly].mean()),
        "anger_recall": float(angry[truly].mean()) if truly.any() else None,
    }


def evaluate(
    data: Path,
    *,
    model: Path | None = None,
    usage: str | None = None,
    at_most: int | None = None,
    noise: float = 1.0,
    say: Callable[[str], None] = print,
    tick: Tick = lambda done, of: None,
) -> dict[str, Any]:
    """Relights the majority-rule faces of a data set and reads them.

    `shipped` holds `figures` of the model as its card says; `without_normalisation` those of the
    same network fed with one mean and spread for all faces, None where the card already says so
    (scaling "fixed"). `at_most` faces are chosen by a fixed seed; `noise` is as in
    `relight.draw_scene`. Adds `n`, `mesh_found` (share of looked-at faces with a mesh, per light),
    `model`, `data`, `noise`, `seconds`.
    Raises UsageError for bad data and ModelError for a bad model.
    """
    faces = open_faces(data, usage=usage)
    which = _chosen(np.flatnonzero(faces.labels.decided), at_most)
    if len(which) == 0:
        refuse(data, "people agree about none of its faces")
    reader, mesh = OnnxEmotion(model), StillMesh()
    started = time.monotonic()
    try:
        reader.open()
        for note in reader.notes:
            say(note)
        mesh.open()
        seen = look(
            faces,
            which,
            reader,
            mesh,
            size_px=reader.card.crop_px,
            seed=_SEED,
            look_again=_LOOK_AGAIN,
            noise=noise,
            tick=tick,
        )
        label = faces.labels.label[seen.at]
        if not (label != _ANGER).any():
            raise UsageError(
                f"{data}: of its {len(which)} faces {len(seen.at)} can be relit, none of them"
                " anything but angry",
                "name data with more faces that the mesh finds (docs/reference/emotion-eval.md)",
            )
        result = _result(seen, label, reader, say)
        result["model"] = {"name": reader.path.name, "scaling": reader.card.scaling}
    finally:
        mesh.close()
        reader.close()
    result["n"]["majority"] = len(which)
    result["data"] = {"name": data.name, "kind": faces.kind}
    result["noise"] = noise
    result["seconds"] = round(time.monotonic() - started, 1)
    return result


def _chosen(decided: I64, at_most: int | None) -> I64:
    if at_most is None or at_most >= len(decided):
        return decided
    return np.sort(np.random.default_rng(_SEED).permutation(decided)[:at_most])


def _result(
    seen: InAllLights, label: I64, reader: OnnxEmotion, say: Callable[[str], None]
) -> dict[str, Any]:
    without = None
    if reader.card.scaling == "face":
        say("reading again, with one mean and spread for all faces")
        without = figures(_top(_read_fixed(reader, seen.crops)), label)
    return {
        "shipped": figures(_top(seen.logits), label),
        "without_normalisation": without,
        "targets": TARGETS,
        "mesh_found": {
            "faces": seen.looked_for,
            "unaltered": _share(seen.found_again[0], seen.looked_for),
            "bins": [_share(count, seen.looked_for) for count in seen.found_again[1:]],
        },
        "n": {
            "measured": len(seen.at),
            "not_anger": int((label != _ANGER).sum()),
            "without_mesh": seen.without_mesh,
            "unreachable": seen.unreachable,
            "unreadable": seen.unreadable,
        },
    }


def _read_fixed(reader: OnnxEmotion, crops: U8) -> F32:
    """(N, LIGHTS, 8) of the same network, every crop scaled as the typical unaltered face is.

    Typical is the median of the faces' means and of their spreads, each inside the face's oval: to
    half of the faces this is darker, to half it is brighter than they are.
    """
    plain = crops[:, 0].astype(np.float32)
    inside = plain[:, face_oval(plain.shape[1])].reshape(len(plain), -1)
    mean, spread = float(np.median(inside.mean(1))), float(np.median(inside.std(1)))
    card = dataclasses.replace(
        reader.card, scaling="fixed", mean=(mean / 255,), std=(max(spread, 1.0) / 255,)
    )
    source = load_card(reader.path)
    network = EmotionNetwork(verified(source), card, name=source.path.name, provider="cpu")
    raw, _ = network(crops.reshape(-1, *crops.shape[2:]))
    return card.label_map.eight(raw, temperature=card.temperature).reshape(*crops.shape[:2], -1)


def _top(logits: F32) -> I64:
    if np.isnan(logits).any():
        raise ModelError(
            "the network gave no number for a relit face", "restore the model and its card together"
        )
    top: I64 = logits.argmax(-1)
    return top


def _share(count: np.int64, of: int) -> float | None:
    return float(count) / of if of else None
