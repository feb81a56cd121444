"""FER+ faces → pairs of (face mesh landmarks, teacher's blendshapes), for many identities.

    .venv/bin/python training/blendshapes/make_faces.py FERPLUS.npz face_landmarker.task OUT.npz

Each 48 × 48 face is enlarged six times, gets a border of random width and a random tilt (both help
the detectors and vary the crop), and is kept where both trackers find a face. Written anew every
1,000 faces, so an interrupted run keeps what it has.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from teacher import Pair, Teacher

__all__ = ["enlarge", "main"]

FACTOR = 6
SEED = 7
NO_FACE = 9
"""Column of the FER+ votes that says the picture shows no face."""


def enlarge(face: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """(48, 48) grey → RGB about 350 px wide, tilted by up to ±25°."""
    big = cv2.resize(face, None, fx=FACTOR, fy=FACTOR, interpolation=cv2.INTER_CUBIC)
    border = int(rng.uniform(0.05, 0.25) * big.shape[0])
    big = cv2.copyMakeBorder(big, border, border, border, border, cv2.BORDER_REPLICATE)
    size = big.shape[0]
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(-25, 25), 1.0)
    big = cv2.warpAffine(big, turn, (size, size), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(big, cv2.COLOR_GRAY2RGB), np.uint8)


def _save(out: Path, pairs: list[Pair], rows: list[int], names: tuple[str, ...]) -> None:
    np.savez(
        out,
        landmarks_px=np.stack([pair.landmarks_px for pair in pairs]),
        teacher_px=np.stack([pair.teacher_px for pair in pairs]),
        blendshapes=np.stack([pair.blendshapes for pair in pairs]),
        camera_from_face_cm=np.stack([pair.camera_from_face_cm for pair in pairs]),
        row=np.array(rows, np.int32),
        names=np.array(names),
    )


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ferplus", type=Path)
    parser.add_argument("task", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=16_000, help="faces to try")
    options = parser.parse_args()

    data = np.load(options.ferplus)
    images, votes = data["images"], data["votes"]
    rng = np.random.default_rng(SEED)
    order = rng.permutation(np.flatnonzero(votes.argmax(1) != NO_FACE))[: options.count]
    pairs: list[Pair] = []
    rows: list[int] = []
    with Teacher(options.task, video=False) as teacher:
        for tried, row in enumerate(order, 1):
            pair = teacher(enlarge(images[row], rng))
            if pair is not None:
                pairs.append(pair)
                rows.append(int(row))
            if pairs and (tried % 1000 == 0 or tried == len(order)):
                _save(options.out, pairs, rows, teacher.names)
                print(f"{tried} tried, {len(pairs)} kept", flush=True)


if __name__ == "__main__":
    main()
