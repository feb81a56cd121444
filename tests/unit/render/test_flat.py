from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vtdrive.render.flat import FLAT, face_of, flat_face
from vtdrive.types import F32, EmotionState, FaceState, Status


def numbers(*shape: int) -> st.SearchStrategy[F32]:
    return hnp.arrays(np.float32, shape, elements=st.floats(width=32))


FACES = st.builds(
    FaceState,
    status=st.sampled_from(Status),
    head_xyzw=numbers(4),
    head_m=numbers(3),
    gaze_rad=numbers(2, 2),
    shapes=numbers(52),
    emotion=st.builds(
        EmotionState,
        probs=numbers(8),
        weights=numbers(8),
        leading=st.integers(0, 7),
        shown=st.integers(0, 7),
    ),
    speaking=st.floats(),
    breath=st.floats(),
    voice=numbers(6),
    still=st.booleans(),
)


@given(FACES, st.integers(-(2**63), 2**63 - 1))
def test_a_face_comes_back_to_the_bit(face: FaceState, t_ns: int) -> None:
    row = np.zeros(FLAT)
    flat_face(face, t_ns=t_ns, out=row)
    back, back_ns = face_of(row)
    row[:] = 9
    assert back_ns == t_ns
    assert back.status is face.status
    for field in dataclasses.fields(FaceState):
        if field.name not in ("status", "emotion"):
            np.testing.assert_array_equal(getattr(back, field.name), getattr(face, field.name))
    for field in dataclasses.fields(EmotionState):
        np.testing.assert_array_equal(
            getattr(back.emotion, field.name), getattr(face.emotion, field.name)
        )


def test_what_comes_back_is_read_only() -> None:
    row = np.zeros(FLAT)
    face, _ = face_of(row)
    with pytest.raises(ValueError, match="read-only"):
        face.shapes[0] = 1
