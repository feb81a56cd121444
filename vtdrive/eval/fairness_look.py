"""One pass over labelled faces in every light: what the network reads, and where the mesh fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.classifiers.crop import upright_square
from vtdrive.errors import SourceError
from vtdrive.eval.emotion_faces import Faces
from vtdrive.eval.relight import BINS, draw_scene, face_mask, relit
from vtdrive.types import F32, U8

__all__ = ["LIGHTS", "InAllLights", "Reader", "Tick", "at_crop_size", "in_all_lights", "look"]

Tick = Callable[[int, int], None]
"""Called with how much is done, of how much."""

LIGHTS = 1 + len(BINS)
"""The picture as it is, then relit to each of `BINS`."""

_AROUND = 1.0
"""Of the picture, what is kept around the face's square, in shares of its side."""
_SHRINK_FROM = 1.25
"""Faces with this many times the crop's pixels are reduced first: the noise is that of a crop."""


class Reader(Protocol):
    """What must be offered to be judged; `OnnxEmotion` does."""

    def crop_picture(self, image_rgb: U8, landmarks_px: F32 | None) -> U8:
        """What `infer_many` takes many of; ValueError when the landmarks allow no crop."""
        ...

    def infer_many(self, crops: U8) -> tuple[F32, F32]:
        """Logits (N, 8) and embeddings."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class InAllLights:
    """What a pass leaves."""

    at: npt.NDArray[np.int64]
    """(N,) which faces of the data set were measured."""
    logits: F32
    """(N, LIGHTS, 8)."""
    crops: U8
    """(N, LIGHTS, S, S) or (N, LIGHTS, S, S, 3), to be read in another way too."""
    looked_for: int
    """How many faces the mesh was sought anew in."""
    found_again: npt.NDArray[np.int64]
    """(LIGHTS,) in how many of them it found one."""
    without_mesh: int
    unreachable: int
    """Faces that no exposure brings into every bin, such as pictures that are mostly black."""
    unreadable: int


def look(
    faces: Faces,
    which: npt.NDArray[np.int64],
    reader: Reader,
    mesh: Callable[[U8], F32 | None],
    *,
    size_px: int,
    seed: int,
    look_again: int,
    noise: float = 1.0,
    tick: Tick = lambda done, of: None,
) -> InAllLights:
    """Reads the faces `which` in all lights, with the landmarks of the picture as it is.

    In about `look_again` of them, evenly spread, the mesh is also sought in every relit picture.
    A face's lights depend on `seed` and its own number, not on the other faces. `size_px` is that
    of the crop; `noise` as in `relight.draw_scene`.
    """
    at, crops, logits = [], [], []
    lost = {"mesh": 0, "light": 0, "picture": 0}
    again, tried = np.zeros(LIGHTS, np.int64), 0
    every = max(1, len(which) // max(1, look_again))
    for done, i in enumerate(which.tolist(), start=1):
        tick(done, len(which))
        try:
            image = faces.read(i)
        except SourceError:
            lost["picture"] += 1
            continue
        points = mesh(image)
        if points is None:
            lost["mesh"] += 1
            continue
        try:
            grey, points = at_crop_size(image, points, size_px=size_px)
            pictures = in_all_lights(grey, points, np.random.default_rng([seed, i]), noise=noise)
            cut = [] if pictures is None else [reader.crop_picture(p, points) for p in pictures]
        except ValueError:
            lost["mesh"] += 1
            continue
        if pictures is None:
            lost["light"] += 1
            continue
        at.append(i)
        crops.append(np.stack(cut))
        logits.append(reader.infer_many(crops[-1])[0])
        if look_again and len(at) % every == 0:
            tried += 1
            again += [mesh(picture) is not None for picture in pictures]
    return InAllLights(
        at=np.array(at, np.int64),
        logits=np.array(logits, np.float32),
        crops=np.array(crops, np.uint8),
        looked_for=tried,
        found_again=again,
        without_mesh=lost["mesh"],
        unreachable=lost["light"],
        unreadable=lost["picture"],
    )


def at_crop_size(image_rgb: U8, landmarks_px: F32, *, size_px: int) -> tuple[U8, F32]:
    """The face and what is around it in grey, with no more pixels than a crop of `size_px` has.

    (H, W, 3) and (478, 3) to a grey (h, w) and the landmarks in it. A face that is about as large
    as a crop, or smaller, keeps its pixels. Raises ValueError where landmarks allow no crop.
    """
    grey: U8 = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY)
    centre, _, side = upright_square(landmarks_px[:, :2].astype(np.float64), lift=0.0)
    if not np.isfinite([*centre, side]).all() or side <= 0:
        raise ValueError("landmarks allow no crop")
    reach = side * (0.5 + _AROUND)
    # A mesh may reach beyond the picture, but not with all of its face.
    lo = np.clip(np.floor(centre - reach), 0, [grey.shape[1] - 1, grey.shape[0] - 1]).astype(int)
    hi = np.maximum(np.ceil(centre + reach).astype(int) + 1, lo + 1)
    patch = grey[lo[1] : hi[1], lo[0] : hi[0]]
    shrink = side / size_px if side >= _SHRINK_FROM * size_px else 1.0
    size = max(1, round(patch.shape[1] / shrink)), max(1, round(patch.shape[0] / shrink))
    scale = np.array([patch.shape[1] / size[0], patch.shape[0] / size[1]])
    points = landmarks_px.copy()
    points[:, :2] = (points[:, :2] - lo + 0.5) / scale - 0.5
    small: U8 = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
    return small, points


def in_all_lights(
    grey: U8, landmarks_px: F32, rng: np.random.Generator, *, noise: float = 1.0
) -> list[U8] | None:
    """LIGHTS pictures (H, W, 3), the first unaltered; None where one bin cannot be reached."""
    mask = face_mask(landmarks_px, *grey.shape)
    scene = draw_scene(rng, *grey.shape, noise=noise)
    pictures = [grey]
    for bin_grey in BINS:
        picture = relit(grey, mask, scene, skin_grey=bin_grey)
        if picture is None:
            return None
        pictures.append(picture)
    return [cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB) for picture in pictures]
