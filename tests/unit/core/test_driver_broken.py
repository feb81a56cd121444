"""`core.driver` and values that are no numbers: none leaves, each is counted, nothing sticks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.core.solve import EYES
from vtdrive.testing import make_emotion, make_face, make_track, perform, ticks
from vtdrive.types import AvatarFrame, Emotion, Face, Profile, RigSchema, Status, frozen

MakeDriver = Callable[..., Driver]
PROFILES = (Profile(), Profile("shapes", mirror=True), Profile("presets"))
BAD = (math.nan, math.inf, -math.inf)


def lively(t: float) -> Face:
    look = (8 * math.sin(2 * t), 3.0)
    return make_face(
        yaw_deg=10 * math.sin(t),
        gaze_deg=(look, look),
        shapes={"jawOpen": 0.3 + 0.2 * math.sin(9 * t), "mouthSmile": 0.4},
    )


def check(frame: AvatarFrame, schema: RigSchema) -> None:
    """Every value finite and in range."""
    lo = np.array([p.lo for p in schema.params], np.float32)
    hi = np.array([p.hi for p in schema.params], np.float32)
    for pose in frame.poses.values():
        assert np.isfinite(pose.params).all()
        assert ((pose.params >= lo) & (pose.params <= hi)).all()
        assert np.isfinite(pose.bones_xyzw).all()
        np.testing.assert_allclose(np.linalg.norm(pose.bones_xyzw, axis=1), 1, atol=1e-4)
        assert np.isfinite(pose.root_m).all()
        for array in (pose.params, pose.bones_xyzw, pose.root_m):
            assert not array.flags.writeable
    state = frame.state
    for array in (state.head_xyzw, state.head_m, state.gaze_rad, state.shapes, frame.raw):
        assert np.isfinite(array).all()
        assert not array.flags.writeable
    assert ((state.shapes >= 0) & (state.shapes <= 1)).all()
    assert 0 <= state.speaking <= 1


def spoiled(face: Face, part: str, index: int, bad: float) -> Face:
    array = getattr(face, part).copy()
    if part == "landmarks_px":
        eye = EYES[index % 2]
        spots = (eye.outer, eye.inner, *eye.upper, *eye.lower, eye.iris)
        array[spots[index % len(spots)], index % 2] = bad
    else:
        array.reshape(-1)[index % 12 if part == "camera_from_head" else index % array.size] = bad
    return replace(face, **{part: frozen(array)})  # type: ignore[arg-type]


parts = st.sampled_from(["shapes", "landmarks_px", "camera_from_head", "emotion"])
accidents = st.lists(
    st.tuples(st.booleans(), parts, st.integers(0, 500), st.sampled_from(BAD)),
    min_size=4,
    max_size=25,
)


@settings(max_examples=25)
@given(story=accidents)
def test_nothing_that_is_no_number_leaves_and_each_is_counted(
    config: Config, story: list[tuple[bool, str, int, float]]
) -> None:
    driver = Driver(config, PROFILES)
    expected = 0
    for i, (broken, part, index, bad) in enumerate(story):
        t = round(i * 1e9 / 30)
        face, emotion = lively(t * 1e-9), make_emotion(t, happiness=0.9)
        if broken and part == "emotion":
            emotion = make_emotion(t, happiness=bad)
            expected += 1
        elif broken:
            face = spoiled(face, part, index, bad)
            expected += 1
        check(driver.step(make_track(face, t), emotion, t), driver.schema)
        assert driver.nan_count == expected


@pytest.mark.parametrize("part", ["shapes", "landmarks_px", "camera_from_head"])
@pytest.mark.parametrize("bad", BAD)
def test_a_burst_is_forgotten_as_soon_as_it_is_over(
    make_driver: MakeDriver, part: str, bad: float
) -> None:
    """Afterwards the avatar is where it would have been without the burst."""
    fixed = {"auto": False}  # a neutral would be taken at different moments
    hurt, healthy = (make_driver(*PROFILES, neutral=fixed) for _ in range(2))
    for i, t in enumerate(ticks(3, fps=30)):
        face = lively(t * 1e-9)
        broken = face
        if 30 <= i < 45:
            for index in range(24):
                broken = spoiled(broken, part, index * 7, bad)
        a = hurt.step(make_track(broken, t), None, t)
        b = healthy.step(make_track(face, t), None, t)
        check(a, hurt.schema)
        assert a.status is Status.LIVE
    for profile in PROFILES:
        np.testing.assert_allclose(a.poses[profile].params, b.poses[profile].params, atol=0.02)
    assert hurt.nan_count == 15


def test_a_run_that_begins_broken_waits_for_a_good_face(make_driver: MakeDriver) -> None:
    driver = make_driver()
    bad = replace(lively(0), shapes=frozen(np.full(52, np.nan)))
    frames = perform(driver, lambda t: bad if t < 1 else lively(t), ticks(2, fps=30))
    assert frames[29].status is Status.LOST
    assert frames[30].status is Status.LIVE
    for frame in frames:
        check(frame, driver.schema)


def test_a_pose_that_stays_broken_is_a_lost_face(make_driver: MakeDriver) -> None:
    """The avatar must not stare for ever at where the head was last."""
    driver = make_driver(idle={"when": "never"})
    nowhere = frozen(np.full((4, 4), np.nan))
    bad = replace(lively(0), camera_from_head=nowhere)
    frames = perform(driver, lambda t: bad if 1 < t < 4 else lively(t), ticks(6, fps=30))
    for frame in frames:
        check(frame, driver.schema)
    by_time = {round(f.t_ns * 1e-9, 2): f for f in frames}
    assert by_time[1.5].status is Status.LIVE
    assert by_time[2.5].status is Status.LOST
    assert float(by_time[3.9].poses[Profile()].params.max()) < 0.03
    assert by_time[4.1].status is Status.LIVE
    assert driver.nan_count == 89


def test_one_shape_that_stays_broken_leaves_the_others_alive(make_driver: MakeDriver) -> None:
    driver = make_driver()

    def motion(t: float) -> Face:
        face = lively(t)
        return face if t < 1 else spoiled(face, "shapes", 0, math.nan)

    frames = perform(driver, motion, ticks(5, fps=30))
    assert all(frame.status is Status.LIVE for frame in frames)
    jaw = [f.poses[Profile()].params[driver.schema.names.index("aa")] for f in frames[60:]]
    assert max(jaw) - min(jaw) > 0.2


def test_the_same_broken_sample_is_counted_once(make_driver: MakeDriver) -> None:
    driver = make_driver()
    sample = make_emotion(0, happiness=math.nan)
    for t in ticks(1, fps=30):
        driver.step(make_track(lively(0), t), sample, t)
    assert driver.nan_count == 1


def test_a_neutral_is_not_taken_from_replaced_values(make_driver: MakeDriver) -> None:
    """Frames that repeat the last good one look perfectly steady."""
    driver = make_driver()
    driver.step(make_track(make_face(), 0), None, 0)
    bad = replace(make_face(), shapes=frozen(np.full(52, np.nan)))
    perform(driver, lambda _: bad, ticks(5, fps=30, start_ns=10**7))
    assert driver.taking


extreme = st.one_of(st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, 1.0, -1.0]))


@given(
    shapes=st.lists(extreme, min_size=52, max_size=52),
    pose=st.lists(st.floats(-5, 5, width=32), min_size=12, max_size=12),
    points=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([0.0, 1e-6, 1.0, 1e6]),
    probs=st.lists(st.floats(0, 1, width=32), min_size=8, max_size=8),
    gaps=st.lists(st.integers(0, 10**9), min_size=2, max_size=6),
)
def test_any_face_at_all_gives_parameters_in_their_range(
    config: Config,
    shapes: list[float],
    pose: list[float],
    points: int,
    scale: float,
    probs: list[float],
    gaps: list[int],
) -> None:
    """Not even a face: shapes out of range, a matrix that is no rotation, random points."""
    rng = np.random.default_rng(points)
    driver = Driver(config, PROFILES)
    t = 0
    for gap in gaps:
        matrix = np.eye(4, dtype=np.float32)
        matrix[:3] = np.array(pose, np.float32).reshape(3, 4)
        face = Face(
            landmarks_px=frozen(rng.normal(size=(478, 3)) * scale),
            shapes=frozen(rng.permutation(np.array(shapes, np.float32))),
            camera_from_head=frozen(matrix),
            crop_px=frozen(np.zeros(4)),
            confidence=0.0,
        )
        check(driver.step(make_track(face, t), Emotion(t, frozen(probs)), t), driver.schema)
        t += gap


def test_a_face_from_recorded_signals_gives_the_same_frames(make_driver: MakeDriver) -> None:
    live, again = make_driver(), make_driver()
    for t in ticks(3, fps=30):
        track = make_track(lively(t * 1e-9), t)
        a = live.step(track, None, t)
        b = again.step(track, None, t, raw=a.raw)
        np.testing.assert_allclose(a.poses[Profile()].params, b.poses[Profile()].params, atol=1e-5)
