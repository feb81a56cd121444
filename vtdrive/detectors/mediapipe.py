"""MediaPipe's face detectors, shown a picture in parts, since each looks at few pixels.

The short-range network sees 128 x 128 px of whatever it is given, the full-range one 192 x 192: a
face much below a tenth of the side is lost to them. So both are given the whole picture, with a rim
for faces that fill it, and the full-range one overlapping squares of it, smaller and smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from vtdrive.detectors.base import FoundFace
from vtdrive.detectors.boxes import strongest, touches
from vtdrive.trackers.graph import Graph
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.trackers.quiet import quiet_stderr
from vtdrive.types import U8, frozen

__all__ = ["MediapipeDetector"]

_GRAPH = """
input_stream: "image"
output_stream: "detections"
node {
  calculator: "%s"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:detections"
}
"""
_SURE, _SURE_IN_PARTS = 0.6, 0.75
"""A hundred parts have a hundred chances that a piece of flag or cloud looks like a face."""
_RIM = 0.25
"""Repeated border around the whole picture, as a share of its shorter side."""
_SHOWN_PX = 256
"""The longer side of what a network is given: a little more than it takes."""
_LEAST_PX = 192
_LEAST_SHARE = 1 / 6
"""Of the root of the picture's area: side of the smallest squares, which bounds their number."""
_ALIKE = 0.5
"""Common share of the smaller box above which two boxes are one face."""
_POINTS = (1.1, -0.02)
"""`points_side` and `points_down`: between 1.08 and -0.03 (medians of 199 closely cut faces, with
spreads of 0.08 and 0.05) and 1.14 and 0.00 (the astronaut at nine sizes and tilts)."""


class MediapipeDetector:
    """A `FaceDetector` that needs nothing to be installed. Scores are the networks' own.

    It overlooks faces below about 20 px, or 1/80 of the root of the picture's area.
    """

    name = "mediapipe"

    def __init__(self, *, min_score: float | None = None) -> None:
        """`min_score` in [0, 1] replaces 0.6 in the whole picture, and 0.75 in its parts."""
        self._sure = _SURE if min_score is None else min_score
        self._sure_in_parts = _SURE_IN_PARTS if min_score is None else min_score
        self._near: Graph | None = None
        self._far: Graph | None = None
        self._cv2: Any = None
        self._parsed: Any = None

    def open(self) -> None:
        """Raises TrackerError when mediapipe cannot be loaded."""
        import cv2

        self._cv2 = cv2
        with quiet_stderr():
            (getter,) = import_mediapipe("mediapipe.python.packet_getter")
            self._parsed = getter.get_proto_list
            self._near = self._graph("FaceDetectionShortRangeCpu")
            self._far = self._graph("FaceDetectionFullRangeCpu")
            # Each writes to the terminal until its first picture is through.
            blank = np.zeros((_SHOWN_PX, _SHOWN_PX, 3), np.uint8)
            self._near(blank)
            self._far(blank)

    def close(self) -> None:
        for graph in (self._near, self._far):
            if graph is not None:
                graph.close()
        self._near = self._far = None

    def detect(self, image_rgb: U8) -> list[FoundFace]:
        """See `FaceDetector.detect`."""
        assert self._near is not None, "the detector is not open"
        assert self._far is not None
        height, width = image_rgb.shape[:2]
        found = self._in_whole(image_rgb)
        for x, y, side in _squares(width=width, height=height):
            part, scale = self._shown(image_rgb[y : y + side, x : x + side])
            seen = self._seen(self._far, part, scale=scale, origin=(x, y))
            found += [face for face in seen if face.score >= self._sure_in_parts]
        inside = [one for one in found if touches(one.box_px, width=width, height=height)]
        if not inside:
            return []
        boxes = np.stack([one.box_px for one in inside])
        scores = np.array([one.score for one in inside], np.float32)
        return [inside[i] for i in strongest(boxes, scores, overlap=_ALIKE, of="smaller")]

    def _graph(self, calculator: str) -> Graph:
        return Graph(
            _GRAPH % calculator, outputs=("detections",), side={}, min_confidence=self._sure
        )

    def _in_whole(self, image: U8) -> list[FoundFace]:
        small, scale = self._shown(image)
        rim = max(1, round(_RIM * min(small.shape[:2])))
        rimmed = self._cv2.copyMakeBorder(small, rim, rim, rim, rim, self._cv2.BORDER_REPLICATE)
        origin = -rim * scale[0], -rim * scale[1]
        return [
            face
            for graph in (self._near, self._far)
            if graph is not None
            for face in self._seen(graph, rimmed, scale=scale, origin=origin)
        ]

    def _shown(self, part: U8) -> tuple[U8, tuple[float, float]]:
        """The part at the size that is shown, and how many of its pixels one of those is."""
        height, width = part.shape[:2]
        share = _SHOWN_PX / max(height, width)
        size = max(1, round(width * share)), max(1, round(height * share))
        shrinks = share < 1
        small: U8 = self._cv2.resize(
            part,
            size,
            interpolation=self._cv2.INTER_AREA if shrinks else self._cv2.INTER_CUBIC,
        )
        return small, (width / size[0], height / size[1])

    def _seen(
        self,
        graph: Graph,
        shown: U8,
        *,
        scale: tuple[float, float],
        origin: tuple[float, float],
    ) -> list[FoundFace]:
        """What the graph sees, in pixels of the whole picture."""
        packet = graph(np.ascontiguousarray(shown)).get("detections")
        size = np.array([shown.shape[1] * scale[0], shown.shape[0] * scale[1]])
        # Shares of the picture count from its edge, pixels from the centre of the first.
        offset = np.array(origin) - 0.5
        faces = []
        for one in [] if packet is None else self._parsed(packet):
            place, eyes = one.location_data, one.location_data.relative_keypoints[:2]
            box = place.relative_bounding_box
            corners = np.array(
                [[box.xmin, box.ymin], [box.xmin + box.width, box.ymin + box.height]]
            )
            faces.append(
                FoundFace(
                    frozen((corners * size + offset).ravel()),
                    float(one.score[0]),
                    frozen(np.array([(eye.x, eye.y) for eye in eyes]) * size + offset),
                    *_POINTS,
                )
            )
        return faces


def _squares(*, width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """x, y and side of squares that cover the picture, each overlapping the next by half or more.

    The largest are as long as the shorter side, the next half of that, and so on.
    """
    least = max(_LEAST_PX, _LEAST_SHARE * math.sqrt(width * height))
    side = min(width, height)
    if side == max(width, height):
        side //= 2  # the whole picture has been looked at
    while side >= least:
        for y in _starts(height, side):
            for x in _starts(width, side):
                yield x, y, side
        side //= 2


def _starts(length: int, side: int) -> list[int]:
    count = math.ceil((length - side) / (side / 2)) + 1
    return [round(i * (length - side) / max(1, count - 1)) for i in range(count)]
