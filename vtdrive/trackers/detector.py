"""Finds every face in a picture, without following any: mediapipe's short-range detector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtdrive.trackers.graph import Graph
from vtdrive.trackers.lock import Region, Spot
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.types import U8

__all__ = ["Candidate", "Detector"]

_DETECT = """
input_stream: "image"
output_stream: "detections"
node {
  calculator: "FaceDetectionShortRangeCpu"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:detections"
}
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A face that the detector saw, in pixels of the full picture."""

    spot: Spot
    roll_rad: float
    """Tilt on the picture, read from the eyes; positive clockwise."""


class Detector:
    """Used only while no face is followed; about 2 ms."""

    def __init__(self, *, min_confidence: float) -> None:
        self._graph = Graph(
            _DETECT, outputs=("detections",), side={}, min_confidence=min_confidence
        )
        (getter,) = import_mediapipe("mediapipe.python.packet_getter")
        self._get = getter.get_proto_list

    def __call__(self, image: U8, region: Region) -> list[Candidate]:
        """The faces inside `region` of `image`."""
        part = np.ascontiguousarray(image[region.y0 : region.y1, region.x0 : region.x1])
        if min(part.shape[:2]) == 0:
            return []
        packet = self._graph(part).get("detections")
        found = [] if packet is None else self._get(packet)
        return [self._candidate(one.location_data, region) for one in found]

    def _candidate(self, place: Any, region: Region) -> Candidate:
        width, height = region.x1 - region.x0, region.y1 - region.y0
        box = place.relative_bounding_box
        spot = Spot(
            region.x0 + (box.xmin + box.width / 2) * width,
            region.y0 + (box.ymin + box.height / 2) * height,
            max(box.width * width, box.height * height),
        )
        right_eye, left_eye = place.relative_keypoints[:2]
        roll = math.atan2((left_eye.y - right_eye.y) * height, (left_eye.x - right_eye.x) * width)
        return Candidate(spot, roll)

    def close(self) -> None:
        self._graph.close()
