"""MTCNN: three small networks, each surer and slower than the one before, look at a picture.

P-Net slides over a pyramid of the picture and proposes boxes of every size; R-Net and O-Net look at
what the one before let through, refuse most of it and move the edges of the rest; O-Net also tells
five points (Zhang et al. 2016, "Joint face detection and alignment using multitask cascaded
convolutional networks").
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vtdrive.detectors.base import FoundFace
from vtdrive.detectors.boxes import move_edges, square, strongest, touches
from vtdrive.detectors.mtcnn_nets import Net, open_nets
from vtdrive.types import F32, U8, frozen

__all__ = ["Mtcnn"]

_CELL_PX = 12
"""What P-Net looks at, at once."""
_STRIDE_PX = 2
"""Between two of its answers."""
_STEP = 0.709
"""From one level of the pyramid to the next: half the area."""
_LEAST_PX = 20.0
_LEAST_SHARE = 1 / 70
"""Of the root of the picture's area: the first level never has more than 0.7 million pixels."""
_SURE = (0.6, 0.7, 0.85)
"""Of the three networks. The paper's own program takes 0.7 for the third. Between that and 0.85 lay
one in forty of the hardest faces (48 px, cut closely), and spots on an astronaut's suit."""
_ROOMY_PX = 256
_RIM = 0.25
"""Repeated border, as a share of the shorter side, around pictures below `_ROOMY_PX`.

They are often cut closely around one face: of 300 such (48 px) 86 % were found without, 93 % with.
"""
_ALIKE_IN_LEVEL, _ALIKE = 0.5, 0.7
"""Overlap above which two boxes are one face: within a level of the pyramid, and later."""
_POINTS = (0.95, 0.05)
"""`points_side` and `points_down`. The side was 0.89 (median of 186 closely cut faces, spread 0.05)
and 1.01 (the astronaut at nine sizes and tilts); this is between. Down: 0.05 and 0.06."""


class Mtcnn:
    """A `FaceDetector` that also sees small faces. Scores are O-Net's.

    Faces smaller than 20 px, or than 1/70 of the root of the picture's area, are not looked for.
    """

    name = "mtcnn"

    def __init__(self, *, min_score: float | None = None) -> None:
        """`min_score` in [0, 1] replaces O-Net's threshold, 0.85."""
        self._sure = _SURE if min_score is None else (*_SURE[:2], min_score)
        self._nets: tuple[Net, Net, Net] | None = None
        self._cv2: Any = None

    def open(self) -> None:
        """Raises MissingExtra without the weights' distribution, ModelError for altered ones."""
        import cv2

        self._cv2 = cv2
        self._nets = open_nets()

    def close(self) -> None:
        self._nets = None

    def detect(self, image_rgb: U8) -> list[FoundFace]:
        """See `FaceDetector.detect`."""
        assert self._nets is not None, "the detector is not open"
        short = min(image_rgb.shape[:2])
        if short >= _ROOMY_PX:
            return self._found(image_rgb, self._nets, rim=0)
        rim = max(1, round(_RIM * short))
        rimmed = self._cv2.copyMakeBorder(image_rgb, rim, rim, rim, rim, self._cv2.BORDER_REPLICATE)
        return self._found(rimmed, self._nets, rim=rim)

    def _found(self, image_rgb: U8, nets: tuple[Net, Net, Net], *, rim: int) -> list[FoundFace]:
        """The faces of a picture with a rim of that many pixels, which are not counted."""
        propose, refine, judge = nets
        boxes = square(self._proposed(image_rgb, propose))
        if len(boxes) == 0:
            return []
        moves, odds = refine(self._cut(image_rgb, boxes, side_px=24))
        sure = odds[:, 1] > self._sure[1]
        boxes, moves, odds = boxes[sure], moves[sure], odds[sure]
        kept = strongest(boxes, odds[:, 1], overlap=_ALIKE)
        boxes = square(move_edges(boxes[kept], moves[kept]))

        if len(boxes) == 0:
            return []
        moves, odds, points = judge(self._cut(image_rgb, boxes, side_px=48))
        sure = odds[:, 1] > self._sure[2]
        boxes, moves, scores, points = boxes[sure], moves[sure], odds[sure, 1], points[sure]
        eyes = _eyes(boxes, points)
        boxes = move_edges(boxes, moves)
        height, width = (length - 2 * rim for length in image_rgb.shape[:2])
        # Boxes count from the picture's edge, pixels from the centre of the first.
        boxes, eyes = boxes - (rim + 0.5), eyes - (rim + 0.5)
        return [
            FoundFace(frozen(boxes[i]), float(scores[i]), frozen(eyes[i]), *_POINTS)
            for i in strongest(boxes, scores, overlap=_ALIKE, of="smaller")
            if touches(boxes[i], width=width, height=height)
        ]

    def _proposed(self, image: U8, propose: Net) -> F32:
        """(N, 4) what P-Net takes for faces at any size, edges moved."""
        height, width = image.shape[:2]
        scale = _CELL_PX / max(_LEAST_PX, _LEAST_SHARE * math.sqrt(width * height))
        boxes, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
        while min(size := (round(width * scale), round(height * scale))) >= _CELL_PX:
            level = self._cv2.resize(image, size, interpolation=self._cv2.INTER_AREA)
            moves, odds = propose(level[None].astype(np.float32))
            rows, columns = np.nonzero(odds[0, ..., 1] > self._sure[0])
            corner = np.stack([columns, rows], 1) * _STRIDE_PX
            # Each side was rounded by itself.
            shrunk = np.array([size[0] / width, size[1] / height] * 2)
            cells = (np.hstack([corner, corner + _CELL_PX]) / shrunk).astype(np.float32)
            surest = odds[0, rows, columns, 1]
            kept = strongest(cells, surest, overlap=_ALIKE_IN_LEVEL)
            boxes.append(move_edges(cells[kept], moves[0, rows[kept], columns[kept]]))
            scores.append(surest[kept])
            scale *= _STEP
        every, odd = np.concatenate(boxes), np.concatenate(scores)
        return every[strongest(every, odd, overlap=_ALIKE)]

    def _cut(self, image: U8, squares: F32, *, side_px: int) -> F32:
        """(N, side_px, side_px, 3) the squares of the picture, black beyond it."""
        cv2 = self._cv2
        height, width = image.shape[:2]
        out = np.empty((len(squares), side_px, side_px, 3), np.float32)
        for i, (x0, y0, x1, y1) in enumerate(np.rint(squares).astype(int)):
            x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
            part = image[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
            if part.size == 0:
                out[i] = 0.0
                continue
            before = max(0, -y0), max(0, -x0)
            after = max(0, y1 - height), max(0, x1 - width)
            if any(before + after):
                part = cv2.copyMakeBorder(
                    part, before[0], after[0], before[1], after[1], cv2.BORDER_CONSTANT
                )
            out[i] = cv2.resize(part, (side_px, side_px), interpolation=cv2.INTER_AREA)
        return out


def _eyes(boxes: F32, points: F32) -> F32:
    """(N, 2, 2): O-Net's points (N, 10) are five x, then five y, as shares of its square."""
    size = boxes[:, 2:] - boxes[:, :2]
    shares = points.reshape(-1, 2, 5).transpose(0, 2, 1)[:, :2]
    eyes: F32 = boxes[:, None, :2] + shares * size[:, None]
    return eyes
