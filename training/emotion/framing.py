"""Where the face lies in FER+'s pictures, and what the network reads through the run-time crop.

    python -m training.emotion.framing --data FERPLUS

`card.MARGIN` and `card.LIFT` come from the first table: they make `aligned_crop` frame a face as
the training pictures do. The second reads validation faces through face mesh and the crop, as at
run time, beside the same faces as they are stored. Needs mediapipe; no torch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.emotion.card import LIFT, MARGIN
from training.emotion.data import CROP_PX, Split, load
from training.emotion.scores import accuracy
from vtdrive.assets import data_dir
from vtdrive.classifiers.crop import aligned_crop, upright_square
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8

__all__ = ["Found", "find", "framing"]

F64 = npt.NDArray[np.float64]


class Found:
    """The faces of a split in which face mesh finds a face, with their landmarks."""

    def __init__(self, faces: Split, landmarks: list[F32]) -> None:
        self.faces = faces
        self.landmarks = landmarks
        """(478, 3) each, pixels of the stored picture."""

    def crops(self, *, margin: float, lift: float) -> U8:
        """(N, 48, 48) as the run time would cut them."""
        return np.array(
            [
                aligned_crop(
                    cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB),
                    points,
                    size_px=CROP_PX,
                    margin=margin,
                    lift=lift,
                )
                for picture, points in zip(self.faces.images, self.landmarks, strict=True)
            ]
        )


def find(faces: Split, mesh: StillMesh) -> Found:
    """Runs `mesh` over every face; keeps those in which it finds one."""
    points = [mesh(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)) for image in faces.images]
    kept = np.array([i for i, seen in enumerate(points) if seen is not None], np.int64)
    return Found(faces.some(kept), [seen for seen in points if seen is not None])


def framing(landmarks: list[F32], *, side_px: int) -> tuple[F64, F64]:
    """The margin and the lift, one per face, that would cut each square picture as it is stored."""
    margins, lifts = [], []
    middle = np.full(2, side_px / 2 - 0.5)
    for points in landmarks:
        centre, right, side = upright_square(points[:, :2].astype(np.float64), lift=0.0)
        down = np.array([-right[1], right[0]])
        margins.append(side_px / side)
        lifts.append(float((centre - middle) @ down) / side)
    return np.array(margins), np.array(lifts)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--model", type=Path, default=data_dir("models") / SHIPPED_MODEL)
    parser.add_argument("--faces", type=int, default=800, help="of each split")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, mesh, found = np.random.default_rng(given.seed), StillMesh(), {}
    mesh.open()
    for name in ("train", "valid"):
        faces = load(given.data, name)
        found[name] = find(faces.some(rng.permutation(len(faces.images))[: given.faces]), mesh)
    mesh.close()

    margins, lifts = framing(found["train"].landmarks, side_px=CROP_PX)
    at = (10, 25, 50, 75, 90)
    print(f"framing of {len(margins)} training pictures, percentiles {at}")
    print("  margin", np.percentile(margins, at).round(3).tolist())
    print("  lift  ", np.percentile(lifts, at).round(3).tolist())

    valid, classifier = found["valid"], OnnxEmotion(given.model)
    classifier.open()
    stored = accuracy(classifier.infer_many(valid.faces.images)[0], valid.faces)
    print(f"accuracy on {int(valid.faces.decided.sum())} validation faces: stored {stored:.3f}")
    for margin, lift in ((MARGIN, LIFT), (MARGIN, 0.0), (1.0, LIFT), (1.2, LIFT), (MARGIN, 0.1)):
        crops = valid.crops(margin=margin, lift=lift)
        read = accuracy(classifier.infer_many(crops)[0], valid.faces)
        print(f"  through the crop, margin {margin:.2f} lift {lift:.2f}: {read:.3f}")
    classifier.close()


if __name__ == "__main__":
    main()
