"""What a network sees in labelled pictures: several views of each face, slightly apart."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.errors import SourceError, UsageError
from vtdrive.sources.picture import read_picture
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8

__all__ = ["Seen", "look", "nudged"]

_MOST_ROWS = 4000
"""Views of all faces together; of many faces, each gets fewer."""
_TURN_RAD = math.radians(5)
_SCALE = 0.05
_SHIFT = 0.04
"""Of the mesh's own size. About as far as the mesh of a moving face strays."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """N faces as the network sees them."""

    embedding: F32
    """(N, V, D); of the plain crop first, then of nudged and mirrored ones."""
    label: npt.NDArray[np.int64]
    """(N,) index in `vocab.EMOTIONS`."""
    crops: U8
    """(N, S, S), plain."""
    mesh: npt.NDArray[np.bool_]
    """(N,) whether a mesh was found; the others were read whole."""


def look(classifier: OnnxEmotion, paths: list[Path], label: list[int]) -> Seen:
    """Reads every picture through face mesh, crop and network, which is open.

    Pictures that cannot be read are named on standard error and left out. Raises UsageError where
    none is left, or where the network gives no embedding.
    """
    views = int(np.clip(_MOST_ROWS // max(1, len(paths)), 2, 8)) // 2 * 2
    mesh = StillMesh()
    rng = np.random.default_rng(0)
    embeddings, kept, crops, found = [], [], [], []
    try:
        mesh.open()
        for i, path in enumerate(paths):
            try:
                image = read_picture(path)
            except SourceError as fault:
                print(f"left out: {fault.what}", file=sys.stderr, flush=True)
                continue
            points = mesh(image)
            cut = list(_cut(classifier, image, points, rng=rng, count=views))
            embeddings.append(classifier.infer_many(np.stack(cut))[1])
            kept.append(label[i])
            crops.append(cut[0])
            found.append(points is not None)
            if (i + 1) % 100 == 0:
                print(f"{i + 1} of {len(paths)} pictures", flush=True)
    finally:
        mesh.close()
    if not kept:
        raise UsageError("none of the pictures can be read", "save them as JPEG or PNG")
    seen = np.stack(embeddings)
    if seen.shape[2] == 0:
        raise UsageError(
            f"{classifier.path.name} has no output 'embedding', which the fit needs",
            "adapt the shipped model: leave --model out",
        )
    return Seen(seen, np.array(kept), np.stack(crops), np.array(found))


def _cut(
    classifier: OnnxEmotion,
    image: U8,
    points: F32 | None,
    *,
    rng: np.random.Generator,
    count: int,
) -> Iterator[U8]:
    """`count` crops: plain and mirrored, then nudged and mirrored ones."""
    for turn in range(count // 2):
        if points is None:
            crop = classifier.crop_picture(_trimmed(image, rng) if turn else image, None)
        else:
            crop = classifier.crop_picture(image, nudged(points, rng) if turn else points)
        yield crop
        yield np.ascontiguousarray(crop[:, ::-1])


def nudged(points: F32, rng: np.random.Generator) -> F32:
    """Landmarks (478, 3) turned, scaled and shifted a little in the picture's plane."""
    turn = rng.uniform(-_TURN_RAD, _TURN_RAD)
    scale = 1 + rng.uniform(-_SCALE, _SCALE)
    xy = points[:, :2].astype(np.float64)
    middle = (xy.min(0) + xy.max(0)) / 2
    shift = rng.uniform(-_SHIFT, _SHIFT, 2) * np.ptp(xy, axis=0)
    c, s = math.cos(turn) * scale, math.sin(turn) * scale
    out = points.copy()
    out[:, :2] = (xy - middle) @ np.array([[c, s], [-s, c]]) + middle + shift
    return out


def _trimmed(image: U8, rng: np.random.Generator) -> U8:
    """The picture without up to a twentieth at each side."""
    height, width = image.shape[:2]
    top, bottom, left, right = rng.uniform(0, 0.05, 4)
    rows = slice(int(top * height), height - int(bottom * height))
    return np.ascontiguousarray(image[rows, int(left * width) : width - int(right * width)])
