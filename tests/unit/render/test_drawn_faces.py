"""Whole way from a face to points and pixels: mirrors, and numbers that are none.

A mirrored face gives the mirrored picture as far as the art is the same on both sides. By design it
is not where an avatar is drawn lopsided (mimi's tail, fringe and pin), where marks have one place
(vein, sweat drop, puff), where locks swing at different speeds, and where the character moves by
itself (ear flicks, wandering).
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import face

from vtdrive.config.avatar import AvatarConfig
from vtdrive.core.mirror import mirrored
from vtdrive.render.drawer import Drawer
from vtdrive.render.library import BUNDLED, avatar_folder
from vtdrive.render.motion import Motion
from vtdrive.render.paint.puppet import F64, Puppet
from vtdrive.render.rig import load_rig
from vtdrive.types import EmotionState, FaceState, frozen

SIDES = ("white", "iris", "brow", "lash")
"""Parts of both bundled avatars, each with a left and a right one."""
NONE = (np.nan, np.inf, -np.inf, 3e38, -3e38)
FIELDS = ("head_xyzw", "head_m", "gaze_rad", "shapes", "voice", "speaking", "breath", "weights")


@cache
def drawer_of(avatar: str, *, mirror: bool = False) -> Drawer:
    drawer = Drawer(AvatarConfig(name=avatar, mirror=mirror), size=(96, 96))
    drawer.open()
    return drawer


@cache
def parts_of(avatar: str) -> tuple[Motion, Puppet]:
    rig = load_rig(avatar_folder(avatar))
    motion = Motion(rig.avatar)
    return motion, Puppet(rig, motion.names)


def middles(avatar: str, state: FaceState) -> dict[str, F64]:
    """Where the middle of each part of SIDES comes to lie, in canvas units from the middle."""
    first, puppet = parts_of(avatar)
    motion = Motion(puppet._rig.avatar)
    for i in range(30):
        params = motion.step(state, i * 33_000_000)
    points = puppet.pose(params).points
    out: dict[str, F64] = {}
    for side in "lr":
        for part in SIDES:
            name = f"{part}_{side}"
            (piece,) = puppet.pieces[name]
            assert isinstance(piece.art, tuple)
            own = points[piece.start : piece.start + len(piece.art[0].points)]
            out[name] = (own.max(0) + own.min(0)) / 2
    assert first.names == motion.names
    return out


@pytest.mark.parametrize("avatar", BUNDLED)
@settings(max_examples=12)
@given(
    turn=st.tuples(st.floats(-25, 25), st.floats(-20, 20), st.floats(-20, 20)),
    gaze=st.tuples(st.floats(-20, 20), st.floats(-15, 15)),
    left=st.sampled_from(["eyeBlink", "eyeWide", "eyeSquint", "browDown", "browOuterUp"]),
    much=st.floats(0, 1),
)
def test_a_mirrored_face_moves_the_parts_of_the_other_side(
    avatar: str,
    turn: tuple[float, float, float],
    gaze: tuple[float, float],
    left: str,
    much: float,
) -> None:
    yaw, pitch, roll = turn
    shape: dict[str, Any] = {f"{left}Left": much}
    state = face(yaw=yaw, pitch=pitch, roll=roll, gaze=gaze, **shape)
    _, puppet = parts_of(avatar)
    axis = puppet._rig.avatar.canvas[0] / 2
    rest, ours, theirs = (middles(avatar, s) for s in (face(), state, mirrored(state)))
    for name, at in ours.items():
        other = f"{name[:-1]}{'r' if name.endswith('l') else 'l'}"
        # How lopsided the drawing itself is, is taken off.
        drawn = rest[other] * (-1, 1) + (2 * axis, 0) - rest[name]
        found = theirs[other] * (-1, 1) + (2 * axis, 0) - at - drawn
        assert np.abs(found).max() < 0.012 * axis, (name, found)


@pytest.mark.parametrize("avatar", BUNDLED)
def test_the_switch_paints_the_face_of_the_mirror(avatar: str) -> None:
    state = face(yaw=20, roll=-8, gaze=(10, 3), eyeBlinkLeft=0.9, mouthSmileRight=0.7)
    plain, turned = drawer_of(avatar), drawer_of(avatar, mirror=True)
    seen = plain.still(mirrored(state), settle_s=0.3).copy()
    assert np.array_equal(turned.still(state, settle_s=0.3), seen)
    assert not np.array_equal(plain.still(state, settle_s=0.3), seen)


def spoilt(state: FaceState, field: str, at: int, value: float) -> FaceState:
    """One number of a face exchanged."""
    if field in ("speaking", "breath"):
        alone: dict[str, Any] = {field: value}
        return dataclasses.replace(state, **alone)
    whole = state.emotion.weights if field == "weights" else getattr(state, field)
    numbers = np.array(whole)
    numbers.flat[at % numbers.size] = value
    if field == "weights":
        emotion: EmotionState = dataclasses.replace(state.emotion, weights=frozen(numbers))
        return dataclasses.replace(state, emotion=emotion)
    changed: dict[str, Any] = {field: frozen(numbers)}
    return dataclasses.replace(state, **changed)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(FIELDS), st.integers(0, 60), st.sampled_from(NONE)), max_size=4
    ),
    st.lists(st.integers(-(2**40), 2**62), min_size=2, max_size=3),
)
def test_no_number_that_is_none_moves_a_point(
    wrong: list[tuple[str, int, float]], times: list[int]
) -> None:
    base = face(yaw=10, feels={"happiness": 0.7}, jawOpen=0.5, eyeBlinkLeft=0.3)
    state = base
    for field, at, value in wrong:
        state = spoilt(state, field, at, value)
    _, puppet = parts_of("mochi")
    motion = Motion(puppet._rig.avatar)
    for t_ns, shown in ((0, base), *((t, state) for t in times), (2**62 + 1, base)):
        params = motion.step(shown, t_ns)
        assert np.isfinite(params).all()
        assert (motion.lo <= params).all()
        assert (params <= motion.hi).all()
        assert np.isfinite(puppet.pose(params).points).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("field", FIELDS)
def test_what_is_no_number_stays_what_it_was(field: str, value: float) -> None:
    drawer = drawer_of("mochi")
    base = face(yaw=10, feels={"surprise": 0.8}, jawOpen=0.5)
    t = 10**9 * (1 + FIELDS.index(field) * 10)
    for i in range(3):
        drawer.draw(base, t + i)
    before = drawer.draw(base, t + 3).copy()
    wrong = base
    for at in range(52):
        wrong = spoilt(wrong, field, at, value)
    assert np.array_equal(drawer.draw(wrong, t + 4), before)
