"""Where run time would cut each FER+ face: the upright square around its face mesh.

    python -m training.emotion.align --data FERPLUS --out RUNS/squares.npz

Needs mediapipe, no torch, and about 4 minutes; `train` reads the file. A picture in which face
mesh finds no face keeps its own frame, as `vtdrive eval emotion` does too.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import cv2
import numpy as np

from training.emotion.card import LIFT, MARGIN
from training.emotion.data import CROP_PX, load
from vtdrive.classifiers.crop import upright_square
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8

__all__ = ["squares"]

_WHOLE = (CROP_PX / 2 - 0.5, CROP_PX / 2 - 0.5, 0.0, float(CROP_PX))


def squares(images: U8, mesh: StillMesh) -> tuple[F32, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """(N, 4) centre x, centre y, turn in radians, side, pixels; and (N,) whether a mesh was found.

    `images` is (N, 48, 48) grey.
    """
    rows, found = [], []
    for i, image in enumerate(images):
        points = mesh(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))
        found.append(points is not None)
        if points is None:
            rows.append(_WHOLE)
            continue
        centre, right, side = upright_square(points[:, :2].astype(np.float64), lift=LIFT)
        rows.append((centre[0], centre[1], math.atan2(right[1], right[0]), side * MARGIN))
        if (i + 1) % 2000 == 0:
            print(f"{i + 1} of {len(images)}", flush=True)
    return np.array(rows, np.float32), np.array(found)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    mesh = StillMesh()
    mesh.open()
    stored: dict[str, object] = {}
    for name in ("valid", "train"):
        where, found = squares(load(given.data, name).images, mesh)
        stored |= {name: where, f"{name}_found": found}
        print(f"{name}: a mesh in {int(found.sum())} of {len(found)} pictures", flush=True)
    mesh.close()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(given.out, **stored)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
