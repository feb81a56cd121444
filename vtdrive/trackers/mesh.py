"""The two networks that mediapipe's face mesh solution is made of, run one by one.

`solutions.face_mesh` decides by itself which face it follows: it searches the whole picture as soon
as it loses one. Here its detector and its mesh are graphs of their own, so that `lock.py` decides
(docs/decisions/0010-own-face-graph.md). The sub-graphs, the models and the numbers are mediapipe's:
on a tracked face the landmarks equal those of `solutions.face_mesh`. They run in the calling
thread, which saves the hand-over to mediapipe's pool, and release the GIL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vtdrive.trackers.detector import Candidate
from vtdrive.trackers.graph import Graph
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.types import F32, U8

__all__ = ["Mesh", "Sighting", "decode_landmarks"]

_MESH = """
input_stream: "image"
input_stream: "roi"
input_side_packet: "refine"
output_stream: "landmarks"
output_stream: "next_roi"
node {
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE:image"
  output_stream: "SIZE:size"
}
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:refine"
  output_stream: "LANDMARKS:landmarks"
}
node {
  calculator: "FaceLandmarkLandmarksToRoi"
  input_stream: "LANDMARKS:landmarks"
  input_stream: "IMAGE_SIZE:size"
  output_stream: "ROI:next_roi"
}
"""
# The score behind mediapipe's own yes or no; an inner stream of FaceLandmarkCpu.
_PRESENCE = "facelandmarkcpu__face_presence_score"
_ROI_SCALE = 1.5

# How protobuf writes one NormalizedLandmark in its list: field 1, 15 bytes, three tagged floats.
_WIRE = np.dtype(
    {"names": ["x", "y", "z"], "formats": ["<f4"] * 3, "offsets": [3, 8, 13], "itemsize": 17}
)
_TAGS = ((0, 0x0A), (1, 15), (2, 0x0D), (7, 0x15), (12, 0x1D))
_LANDMARKS = 478


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """What the mesh measured in one frame."""

    landmarks_px: F32
    """(478, 3)."""
    confidence: float
    roi: Any
    """The packet with the region to search in the next frame."""


def decode_landmarks(data: bytes) -> F32 | None:
    """(478, 3) normalised coordinates out of a serialised NormalizedLandmarkList.

    None when the bytes are laid out in any other way than 478 times x, y and z.
    """
    step = _WIRE.itemsize
    if len(data) != _LANDMARKS * step:
        return None
    # Slices of bytes compare faster than columns of a structured array.
    if any(data[at::step] != bytes([tag]) * _LANDMARKS for at, tag in _TAGS):
        return None
    rows = np.frombuffer(data, _WIRE)
    out = np.empty((_LANDMARKS, 3), np.float32)
    out[:, 0], out[:, 1], out[:, 2] = rows["x"], rows["y"], rows["z"]
    return out


class Mesh:
    """Measures the face inside a region; hands out the region for the next frame."""

    def __init__(self, *, min_confidence: float) -> None:
        self._graph = Graph(
            _MESH,
            outputs=("landmarks", "next_roi", _PRESENCE),
            side={"refine": True},
            min_confidence=min_confidence,
        )
        raw, getter, create, rect, landmark = import_mediapipe(
            "mediapipe.python._framework_bindings._packet_getter",
            "mediapipe.python.packet_getter",
            "mediapipe.python.packet_creator",
            "mediapipe.framework.formats.rect_pb2",
            "mediapipe.framework.formats.landmark_pb2",
        )
        # Parsing 478 messages into Python objects and reading them back costs 0.5 ms a frame.
        self._serialised = raw._get_serialized_proto
        self._get_float = getter.get_float
        self._create_proto = create.create_proto
        self._rect = rect.NormalizedRect
        self._parse = landmark.NormalizedLandmarkList.FromString

    def roi_at(self, face: Candidate, *, width: int, height: int) -> Any:
        """The region to search for a face that the detector saw, in a picture of that size."""
        side = face.spot.size * _ROI_SCALE
        return self._create_proto(
            self._rect(
                x_center=face.spot.x / width,
                y_center=face.spot.y / height,
                width=side / width,
                height=side / height,
                rotation=face.roll_rad,
            )
        )

    def __call__(self, image: U8, roi: Any) -> Sighting | None:
        """The face inside `roi`, or None when there is none."""
        packets = self._graph(image, roi)
        if "landmarks" not in packets or "next_roi" not in packets:
            return None
        points = self._decode(self._serialised(packets["landmarks"]))
        height, width = image.shape[:2]
        # z has the scale of x.
        points *= np.array([width, height, width], np.float32)
        score = packets.get(_PRESENCE)
        confidence = 1.0 if score is None else float(self._get_float(score))
        return Sighting(points, confidence, packets["next_roi"])

    def _decode(self, data: bytes) -> F32:
        points = decode_landmarks(data)
        if points is None:
            points = np.array([(p.x, p.y, p.z) for p in self._parse(data).landmark], np.float32)
        return points

    def close(self) -> None:
        self._graph.close()
