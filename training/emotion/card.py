"""The .toml beside a model: every fact that run time needs, and what a user should know of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from vtdrive.vocab import EMOTIONS

__all__ = ["LIFT", "MARGIN", "write"]

MARGIN = 1.1
LIFT = 0.05
"""How `aligned_crop` frames a face as FER+ does; measured on the training pictures (README.md)."""


def write(
    *,
    sha256: str,
    crop_px: int,
    input_px: int,
    mean: float,
    std: float,
    temperature: float,
    quantization: Mapping[str, str | int],
    scores: Mapping[str, float],
    recall: Mapping[str, tuple[float, int]],
) -> str:
    """The card's text. `recall` is per emotion the share found and the number of faces."""
    lines = [
        "# Written by training.emotion.quantize; explained in docs/reference/emotion-model.md",
        'kind = "emotion"',
        f'sha256 = "{sha256}"',
        f"labels = {json.dumps(EMOTIONS)}",
        f"temperature = {temperature}  # probabilities are softmax(logits / temperature)",
        "",
        "[crop]  # upright grey square around the face mesh, area-averaged",
        f"size_px = {crop_px}",
        f"margin = {MARGIN}  # of the longer side of the mesh's box",
        f"lift = {LIFT}  # centre towards the forehead, in shares of that side",
        "",
        "[input]  # (N, 1, size_px, size_px): crop enlarged bilinearly, (x / 255 - mean) / std",
        f"size_px = {input_px}",
        f"mean = {mean}",
        f"std = {std}",
        "",
        "[quantization]",
        *(f"{key} = {json.dumps(value)}" for key, value in quantization.items()),
        "",
        "[training]",
        'network = "ResNet50, one grey channel in"',
        'data = "FER+ training split, 28,389 faces after the label protocol"',
        'labels_licence = "FER+, MIT"',
        'pictures_licence = "FER2013: gathered by web search in 2013, no clear licence"',
        "",
        "[scores]  # FER+ validation split, majority rule; ece on the half not used to fit",
        *(f"{key} = {round(value, 4)}" for key, value in scores.items()),
        "",
        "[recall]  # share found, number of faces",
        *(f"{name} = [{share:.3f}, {count}]" for name, (share, count) in recall.items()),
    ]
    return "\n".join(lines) + "\n"
