"""Where the face lies in FER+'s pictures, and what the network reads through the run-time crop.

    python -m training.emotion.framing --data FERPLUS

`card.MARGIN` and `card.LIFT` come from the first table: they make `aligned_crop` frame a face as
the training pictures do. The second reads validation faces through face mesh and the crop, as at
run time, beside the same faces as they are stored. Needs mediapipe; no torch.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.emotion.card import LIFT, MARGIN
from training.emotion.data import CROP_PX, Split, load
from training.emotion.evaluate import Network
from training.emotion.scores import accuracy
from vtdrive.assets import data_dir
from vtdrive.classifiers.crop import aligned_crop, upright_square
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL
from vtdrive.types import F32, U8

__all__ = ["Found", "find"]

_ENLARGE = 6
_RIM_PX = 12
"""Repeated border around a stored face: the detector wants some room around it."""


class Found:
    """Faces of a split in which face mesh finds a face, enlarged, and their landmarks."""

    def __init__(self, faces: Split) -> None:
        self.faces = faces
        self.pictures: list[U8] = []
        self.landmarks: list[F32] = []

    def crops(self, *, margin: float, lift: float, size_px: int = CROP_PX) -> U8:
        """(N, size_px, size_px) as the run time would cut them."""
        return np.array(
            [
                aligned_crop(picture, points, size_px=size_px, margin=margin, lift=lift)
                for picture, points in zip(self.pictures, self.landmarks, strict=True)
            ]
        )


def find(faces: Split, mesh: Any) -> Found:
    """Runs `mesh`, a face mesh for single pictures, over every face; keeps those with one."""
    found, kept = Found(faces), []
    for i, image in enumerate(faces.images):
        rimmed = cv2.copyMakeBorder(image, _RIM_PX, _RIM_PX, _RIM_PX, _RIM_PX, cv2.BORDER_REPLICATE)
        side = rimmed.shape[0] * _ENLARGE
        picture = cv2.cvtColor(
            cv2.resize(rimmed, (side, side), interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB
        )
        meshes = mesh.process(picture).multi_face_landmarks
        if not meshes:
            continue
        points = np.array([(p.x, p.y, p.z) for p in meshes[0].landmark], np.float32) * side
        found.pictures.append(picture)
        found.landmarks.append(points)
        kept.append(i)
    found.faces = _some(faces, np.array(kept))
    return found


def _some(faces: Split, which: np.ndarray[Any, np.dtype[np.int64]]) -> Split:
    return replace(
        faces,
        images=faces.images[which],
        target=faces.target[which],
        decided=faces.decided[which],
    )


def _print_framing(found: Found) -> None:
    """Percentiles of the margin and lift that would reproduce each stored picture."""
    margins, lifts = [], []
    middle = (_RIM_PX + CROP_PX / 2) * _ENLARGE
    for points in found.landmarks:
        centre, right, side = upright_square(points[:, :2].astype(float), lift=0.0)
        down = np.array([-right[1], right[0]])
        margins.append(CROP_PX * _ENLARGE / side)
        lifts.append(float((centre - middle) @ down) / side)
    at = (10, 25, 50, 75, 90)
    print(f"framing of {len(margins)} training pictures, percentiles {at}")
    print("  margin", np.percentile(margins, at).round(3).tolist())
    print("  lift  ", np.percentile(lifts, at).round(3).tolist())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--model", type=Path, default=data_dir("models") / SHIPPED_MODEL)
    parser.add_argument("--faces", type=int, default=800, help="of each split")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mediapipe as mp

    rng = np.random.default_rng(given.seed)
    found = {}
    for name in ("train", "valid"):
        faces = load(given.data, name)
        some = _some(faces, rng.permutation(len(faces.images))[: given.faces])
        with mp.solutions.face_mesh.FaceMesh(
            static_image_mode=True, refine_landmarks=True, min_detection_confidence=0.3
        ) as mesh:
            found[name] = find(some, mesh)
    _print_framing(found["train"])

    valid, network = found["valid"], Network(given.model)
    stored = accuracy(network.logits(valid.faces.images), valid.faces)
    print(f"accuracy on {int(valid.faces.decided.sum())} validation faces: stored {stored:.3f}")
    for margin, lift in ((MARGIN, LIFT), (MARGIN, 0.0), (1.0, LIFT), (1.2, LIFT), (MARGIN, 0.1)):
        read = accuracy(network.logits(valid.crops(margin=margin, lift=lift)), valid.faces)
        print(f"  through the crop, margin {margin:.2f} lift {lift:.2f}: {read:.3f}")


if __name__ == "__main__":
    main()
