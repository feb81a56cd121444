"""The .toml beside a model: every fact that run time needs, and what a user should know of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from training.emotion.network import Preparation
from vtdrive.vocab import EMOTIONS

__all__ = ["LIFT", "MARGIN", "write"]

MARGIN = 1.1
LIFT = 0.05
"""How `aligned_crop` frames a face as FER+ does; measured on the training pictures (README.md)."""

_INTENDED = "driving an avatar's expression; marking reactions in a recording. Never judging people"
_LIMITS = "reads expressions, not feelings; learned from photographs; see the page"

_FITTED_ON = {
    "valid": "one half of FER+ valid; ece is of the other half",
    "held-out": "the 2,000 held-out training faces; ece is of FER+ valid",
}


def write(
    *,
    sha256: str,
    crop_px: int,
    prepare: Preparation,
    temperature: float,
    temperature_from: str,
    quantization: Mapping[str, str | int],
    agreement: Mapping[str, float],
    training: Mapping[str, str | int | float],
    scores: Mapping[str, float],
    recall: Mapping[str, Mapping[str, Any]],
) -> str:
    """The card's text.

    `temperature_from` is `valid` or `held-out`; `agreement` is the share of equal top labels of
    each way to bound activations; `recall` is `vtdrive.eval.emotion_scores.per_class` of the
    validation faces. Enter thresholds are written into it by training.emotion.thresholds.
    """
    lines = [
        "# Written by training.emotion.quantize; explained in docs/reference/emotion-model.md",
        'kind = "emotion"',
        f'sha256 = "{sha256}"',
        f"labels = {json.dumps(EMOTIONS)}",
        f"temperature = {temperature}  # probabilities are softmax(logits / temperature)",
        f'intended_use = "{_INTENDED}"',
        f'limits = "{_LIMITS}"',
        "",
        "[crop]  # upright grey square around the face mesh, area-averaged",
        f"size_px = {crop_px}",
        f"margin = {MARGIN}  # of the longer side of the mesh's box",
        f"lift = {LIFT}  # centre towards the forehead, in shares of that side",
        "",
        *_input(prepare),
        "",
        "[quantization]",
        *(f"{key} = {json.dumps(value)}" for key, value in quantization.items()),
        "",
        "[quantization.same_top_label]  # as fp32 on the calibration faces, by way to bound ranges",
        *(f'"{name}" = {share:.4f}' for name, share in agreement.items()),
        "",
        "[training]",
        'network = "ResNet50, one grey channel in"',
        'data = "FER+ training split, 28,389 faces after the label protocol"',
        'labels_licence = "FER+, MIT"',
        'pictures_licence = "FER2013: gathered by web search in 2013, no clear licence"',
        f'temperature_from = "{_FITTED_ON[temperature_from]}"',
        *(f"{key} = {json.dumps(value)}" for key, value in training.items()),
        "",
        "[scores]  # FER+ validation split through the run-time crop, one view; majority rule",
        *(f"{key} = {round(value, 4)}" for key, value in scores.items()),
        "",
        "[recall]  # majority rule: share found, 95 % interval, faces",
        *(_row(name, of["recall"], of["recall_interval"], of["n"]) for name, of in recall.items()),
        "",
        "[recall_argmax_all]  # the same over all faces, by most votes",
        *(
            _row(
                name, of["recall_argmax_all"], of["recall_argmax_all_interval"], of["n_argmax_all"]
            )
            for name, of in recall.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _input(prepare: Preparation) -> list[str]:
    if prepare.scaling == "face":
        return [
            "[input]  # (N, 1, size_px, size_px): mean 0, spread 1 in the face's oval, enlarged",
            f"size_px = {prepare.input_px}",
            'scaling = "face"',
        ]
    return [
        "[input]  # (N, 1, size_px, size_px): crop enlarged bilinearly, (x / 255 - mean) / std",
        f"size_px = {prepare.input_px}",
        'scaling = "fixed"',
        f"mean = {prepare.mean}",
        f"std = {prepare.std}",
    ]


def _row(name: str, share: float | None, interval: list[float] | None, n: int) -> str:
    if share is None or interval is None:
        return f"{name} = {{ n = 0 }}"
    lo, hi = interval
    return f"{name} = {{ share = {share:.3f}, from = {lo:.3f}, to = {hi:.3f}, n = {n} }}"
