"""Does each detector find a known face, at three sizes and three tilts, and how long does it take?

    python -m benchmarks.detectors [--json OUT]

The face is scikit-image's public-domain portrait of an astronaut, alone and nine times in one
picture: 115, 57 and 29 px long, each tilted by -30, 0 and 30 degrees. Besides the two detectors of
`vtdrive classify`, MediaPipe's own networks are tried as they come: on the whole picture only.
Exits 1 when MTCNN misses a face.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage.data

from benchmarks._report import write_report
from vtdrive.detectors.base import FaceDetector
from vtdrive.detectors.make import DETECTORS, make_detector
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.trackers.quiet import quiet_stderr
from vtdrive.types import F32, U8

__all__ = ["Placed", "collage", "matched", "portrait"]

_CENTRE, _SIZE = (225.0, 122.0), 115.0
"""Of the face in the portrait: its middle, and its length from hairline to chin, pixels."""
_SIZES = (1.0, 0.5, 0.25)
_ROLLS_DEG = (-30.0, 0.0, 30.0)
_CELL_PX = 512
_NEAR = 0.25
"""A box whose centre is nearer than this to a face's, in face lengths, is of that face."""
_ALIKE = 1.6
"""... unless it is this many times longer or shorter."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a face is known to be, pixels and degrees."""

    x: float
    y: float
    size: float
    roll_deg: float
    """Positive: clockwise on the picture."""


def portrait() -> tuple[U8, list[Placed]]:
    """The astronaut (512, 512, 3), and where her face is."""
    return skimage.data.astronaut(), [Placed(*_CENTRE, _SIZE, 0.0)]


def collage() -> tuple[U8, list[Placed]]:
    """The portrait nine times on grey: a row for each size, a column for each tilt."""
    image, _ = portrait()
    opaque = np.full(image.shape[:2], 255, np.uint8)
    heights = [round(_CELL_PX * size) for size in _SIZES]
    whole = np.full((sum(heights), len(_ROLLS_DEG) * _CELL_PX, 3), 128, np.uint8)
    placed, top = [], 0
    for size, height in zip(_SIZES, heights, strict=True):
        for column, roll in enumerate(_ROLLS_DEG):
            small = cv2.resize(image, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
            mask = cv2.resize(opaque, small.shape[1::-1])
            x, y = _CELL_PX / 2, height * 0.35
            centre = (_CENTRE[0] * size, _CENTRE[1] * size)
            turn = cv2.getRotationMatrix2D(centre, -roll, 1.0)
            turn[:, 2] += (x - centre[0], y - centre[1])
            cell = whole[top : top + height, column * _CELL_PX : (column + 1) * _CELL_PX]
            inside = cv2.warpAffine(mask, turn, cell.shape[1::-1]) == 255
            cell[inside] = cv2.warpAffine(small, turn, cell.shape[1::-1])[inside]
            placed.append(Placed(column * _CELL_PX + x, top + y, _SIZE * size, roll))
        top += height
    return whole, placed


def matched(boxes: Sequence[F32], faces: Sequence[Placed]) -> tuple[int, int]:
    """How many of `faces` a box (4,) was found for, and how many boxes are of none."""
    free = list(boxes)
    hits = 0
    for face in faces:
        for i, box in enumerate(free):
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            length = max(box[2] - box[0], box[3] - box[1])
            near = np.hypot(x - face.x, y - face.y) < _NEAR * face.size
            if near and 1 / _ALIKE < length / face.size < _ALIKE:
                del free[i]
                hits += 1
                break
    return hits, len(free)


def _measured(detect: Callable[[U8], Sequence[F32]], repeats: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, (image, faces) in {"astronaut": portrait(), "collage": collage()}.items():
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            boxes = detect(image)
            times.append((time.perf_counter() - start) * 1e3)
        hits, wrong = matched(boxes, faces)
        result[name] = {
            "faces": len(faces), "found": hits, "wrong": wrong, "ms": round(min(times), 1),
        }  # fmt: skip
    return result


def _boxes_of(detector: FaceDetector) -> Callable[[U8], list[F32]]:
    return lambda image: [face.box_px for face in detector.detect(image)]


def _as_it_comes(model: int) -> tuple[Callable[[U8], list[F32]], Callable[[], None]]:
    """MediaPipe's own solution on the whole picture: 0 is its short-range network, 1 the other."""
    with quiet_stderr():
        (solution,) = import_mediapipe("mediapipe.python.solutions.face_detection")
        detector = solution.FaceDetection(model_selection=model)
        detector.process(np.zeros((256, 256, 3), np.uint8))

    def detect(image: U8) -> list[F32]:
        height, width = image.shape[:2]
        size = np.array([width, height, width, height], np.float32)
        boxes = []
        for one in detector.process(image).detections or ():
            box = one.location_data.relative_bounding_box
            corners = [box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height]
            boxes.append(np.array(corners, np.float32) * size)
        return boxes

    return detect, detector.close


def figures(repeats: int = 3) -> dict[str, Any]:
    """Per detector and picture: faces, how many were found, boxes of none, best time of several."""
    result: dict[str, Any] = {}
    for name in DETECTORS:
        detector = make_detector(name)
        try:
            detector.open()
            result[name] = _measured(_boxes_of(detector), repeats)
        finally:
            detector.close()
    for name, model in (("mediapipe_short_range_whole", 0), ("mediapipe_full_range_whole", 1)):
        detect, close = _as_it_comes(model)
        try:
            result[name] = _measured(detect, repeats)
        finally:
            close()
    result["met"] = all(one["found"] == one["faces"] for one in result["mtcnn"].values())
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = figures()
    write_report("detectors", result, args.json)
    return int(not result["met"])


if __name__ == "__main__":
    raise SystemExit(main())
