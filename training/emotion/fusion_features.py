"""What the tracker's 52 blendshapes are on each FER+ face, and on its mirror image.

    python -m training.emotion.fusion_features --data FERPLUS --out RUNS/shapes.npz

Needs mediapipe, no torch, and about 8 minutes on a quiet machine; `fusion_train` and `fuse` read
the file. A picture in which face mesh finds no face gets NaN, as a live frame would.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.emotion.data import load
from vtdrive.trackers.shapes import ShapeNet
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8
from vtdrive.vocab import MIRROR_SHAPE, SHAPES

__all__ = ["shapes_of"]


def shapes_of(images: U8, mesh: StillMesh, net: ShapeNet) -> F32:
    """(N, 52) blendshapes of grey pictures (N, H, W); NaN where no mesh is found."""
    out = np.full((len(images), len(SHAPES)), np.nan, np.float32)
    for i, image in enumerate(images):
        points = mesh(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))
        if points is not None:
            out[i] = net(points)
        if (i + 1) % 2000 == 0:
            print(f"{i + 1} of {len(images)}", flush=True)
    return out


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    mesh, net = StillMesh(), ShapeNet()
    mesh.open()
    net.open()
    stored: dict[str, F32] = {}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    for name in ("valid", "train"):
        images = load(given.data, name).images
        stored[name] = shapes_of(images, mesh, net)
        # The mirror image is a second measurement of the same face: its noise is the tracker's own.
        turned = np.ascontiguousarray(images[:, :, ::-1])
        stored[f"{name}_mirrored"] = shapes_of(turned, mesh, net)[:, list(MIRROR_SHAPE)]
        found = int(np.isfinite(stored[name][:, 0]).sum())
        print(f"{name}: a mesh in {found} of {len(images)} pictures", flush=True)
        np.savez_compressed(given.out, **stored)
    mesh.close()


if __name__ == "__main__":
    main()
