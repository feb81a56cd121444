"""Landmarks are read straight from protobuf's bytes, and only when the layout is the known one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.trackers.mesh import decode_landmarks
from vtdrive.types import F32


def serialise(points: F32, *, visibility: bool = False) -> bytes:
    (landmark,) = import_mediapipe("mediapipe.framework.formats.landmark_pb2")
    message = landmark.NormalizedLandmarkList()
    for x, y, z in points.tolist():
        one = message.landmark.add(x=x, y=y, z=z)
        if visibility:
            one.visibility = 1.0
    data: bytes = message.SerializeToString()
    return data


@given(st.integers(0, 2**32 - 1))
def test_points_come_back_bit_by_bit(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(478, 3)).astype(np.float32)
    points[0] = (0.0, -0.0, 1e-30)  # fields that a careless writer would leave out
    decoded = decode_landmarks(serialise(points))
    assert decoded is not None
    assert decoded.tobytes() == points.tobytes()


def test_nan_is_passed_on_for_others_to_judge() -> None:
    points = np.full((478, 3), np.nan, np.float32)
    decoded = decode_landmarks(serialise(points))
    assert decoded is not None
    assert np.isnan(decoded).all()


@pytest.mark.parametrize("count", [0, 468, 479])
def test_another_number_of_points_is_left_to_the_parser(count: int) -> None:
    assert decode_landmarks(serialise(np.ones((count, 3), np.float32))) is None


def test_another_layout_is_left_to_the_parser() -> None:
    points = np.ones((478, 3), np.float32)
    assert decode_landmarks(serialise(points, visibility=True)) is None
    data = bytearray(serialise(points))
    data[2] = 0x1D
    assert decode_landmarks(bytes(data)) is None
