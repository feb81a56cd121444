"""`core.presence`: hold, ease, return. Time bounds come from the config, whatever it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.filters import Loss
from vtdrive.core.catch_up import CatchUp
from vtdrive.core.presence import Body, Presence
from vtdrive.spaces import quat_angle, quat_from_euler
from vtdrive.testing import ticks
from vtdrive.types import F32, Param, RigSchema, Status
from vtdrive.vocab import SHAPE_INDEX

MS = 1_000_000
BLINK = SHAPE_INDEX["eyeBlinkLeft"]
JAW = SHAPE_INDEX["jawOpen"]


def extreme() -> Body:
    """Everything as far from neutral as it gets, lids shut."""
    turn = np.asarray(quat_from_euler(yaw=0.7, pitch=-0.4, roll=0.3), np.float32)
    return Body(
        turn,
        np.full(3, 0.2, np.float32),
        np.full((2, 2), 0.5, np.float32),
        np.ones(52, np.float32),
    )


def flat(body: Body) -> F32:
    parts = (body.head_xyzw, body.head_m, body.gaze_rad.reshape(-1), body.shapes)
    joined: F32 = np.concatenate(parts).astype(np.float32)
    return joined


def distance(body: Body) -> float:
    """The farthest that anything is from neutral: shapes, metres, radians."""
    turn = quat_angle(body.head_xyzw, [0, 0, 0, 1])
    parts = (body.shapes, body.head_m, body.gaze_rad)
    return max(turn, *(float(np.abs(p).max()) for p in parts))


losses = st.builds(
    Loss,
    hold_ms=st.one_of(st.just(0.0), st.floats(0, 2000)),
    ease_ms=st.one_of(st.just(1e-9), st.floats(1, 1000)),
    return_ms=st.one_of(st.just(0.0), st.just(1e-9), st.floats(0, 1000)),
)
gaps_ms = st.lists(st.floats(0.1, 200), min_size=1, max_size=60)


@given(loss=losses, gaps=gaps_ms, start=st.sampled_from([0, 10**12]))
def test_hold_then_lost_then_neutral_at_any_ticks(
    loss: Loss, gaps: list[float], start: int
) -> None:
    presence = Presence(loss)
    t = start
    for _ in range(3):
        presence.step(extreme(), t)
        t += 10**9
    last_seen = t - 10**9
    shown = presence.step(extreme(), last_seen)
    held = flat(shown)
    t = last_seen
    for gap in [*gaps, loss.hold_ms + 4 * loss.ease_ms]:
        t += max(1, round(gap * MS))
        since_ms = (t - last_seen) / MS
        status = presence.status(seen=False, t_ns=t)
        shown = presence.step(None, t)
        assert np.isfinite(flat(shown)).all()
        if since_ms <= loss.hold_ms:
            assert status is Status.HELD
            np.testing.assert_array_equal(flat(shown), held)
            assert presence.absence == 0.0
        elif since_ms > loss.hold_ms + 1e-6:
            assert status is Status.LOST
        if since_ms >= loss.hold_ms + 4 * loss.ease_ms:
            assert distance(shown) < 0.03
        if since_ms >= loss.hold_ms + 2 * loss.ease_ms:
            assert float(shown.shapes[BLINK]) < 0.01  # lids first
        assert float(shown.shapes[BLINK]) <= float(shown.shapes[JAW]) + 1e-6


@given(loss=losses, gaps=gaps_ms, away_ms=st.floats(0, 5000))
def test_a_return_moves_from_what_was_shown_to_the_face(
    loss: Loss, gaps: list[float], away_ms: float
) -> None:
    presence = Presence(loss)
    presence.step(extreme(), 0)
    presence.step(extreme(), 10**10)
    presence.step(None, 10**10 + 1)
    t = 10**10 + 1 + round(away_ms * MS)
    before = flat(presence.step(None, t))
    face = Body.neutral()
    face.shapes = np.full(52, 0.5, np.float32)
    lo = np.minimum(before[11:], 0.5) - 1e-5
    hi = np.maximum(before[11:], 0.5) + 1e-5
    back = t
    for gap in [*gaps, loss.return_ms + 1]:
        t += max(1, round(gap * MS))
        back = t if back == 10**10 + 1 + round(away_ms * MS) else back
        shown = presence.step(face, t)
        assert presence.status(seen=True, t_ns=t) is Status.LIVE
        assert ((shown.shapes >= lo) & (shown.shapes <= hi)).all()
        assert 0.0 <= presence.absence <= 1.0
        if (t - back) / MS >= loss.return_ms and t > back:
            np.testing.assert_array_equal(flat(shown), flat(face))
            assert presence.absence == 0.0
            assert presence.returning_ms is None


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_the_same_loss_at_any_rate(fps: float) -> None:
    presence = Presence(Loss())
    presence.step(extreme(), 0)
    presence.step(extreme(), 10**9)
    for t in ticks(1, fps=fps, start_ns=10**9):
        presence.step(None, t)
    at = 10**9 + 700 * MS
    expected = math.exp(-(700 - 300) / 250)
    assert float(presence.step(None, at).shapes[JAW]) == pytest.approx(expected, abs=1e-5)


def test_a_gap_of_one_frame_is_blended_within_a_frame() -> None:
    """A detector that blinks must not add 150 ms to every motion after it."""
    presence = Presence(Loss())
    presence.step(Body.neutral(), 0)
    presence.step(Body.neutral(), 10**9)
    presence.step(None, 10**9 + 33 * MS)
    presence.step(extreme(), 10**9 + 66 * MS)
    shown = presence.step(extreme(), 10**9 + 133 * MS)
    np.testing.assert_array_equal(flat(shown), flat(extreme()))


def test_a_return_cut_short_by_another_gap_goes_on_as_slowly() -> None:
    """Found after a long loss, for a frame at first: what follows still is a long way."""
    presence, frame_ns = Presence(Loss(return_ms=150.0)), round(1000 / 60 * MS)
    jaws, absent = [], []
    for i in range(240):
        seen = i < 30 or (i >= 200 and i not in (202, 204))
        shown = presence.step(extreme() if seen else None, i * frame_ns)
        jaws.append(float(shown.shapes[JAW]))
        absent.append(presence.absence)
    assert jaws[199] == 0.0
    assert jaws[-1] == 1.0
    most = 1.5 * (1000 / 60) / 150
    assert float(np.abs(np.diff(jaws[199:])).max()) <= most * 1.2
    assert float(np.abs(np.diff(absent[199:])).max()) <= most * 1.2


def test_absence_never_jumps_when_a_face_comes_and_goes() -> None:
    """Idle blinks and sway scale with it: a jump would snap a lid open."""
    presence = Presence(Loss())
    last = presence.absence
    assert last == 1.0
    rng = np.random.default_rng(4)
    seen, switch = False, 0.0
    for t in ticks(30, fps=60):
        if t * 1e-9 >= switch:
            seen, switch = not seen, t * 1e-9 + float(rng.choice([0.1, 0.4, 2.0]))
        presence.step(extreme() if seen else None, t)
        assert abs(presence.absence - last) <= 0.12
        last = presence.absence


def test_adopting_is_seamless() -> None:
    straight, handed = Presence(Loss()), Presence(Loss())
    for i, t in enumerate(ticks(6, fps=30)):
        heir = Presence(Loss())
        heir.adopt(handed)
        handed = heir
        live = extreme() if (i // 25) % 2 == 0 else None
        a, b = straight.step(live, t), handed.step(live, t)
        np.testing.assert_array_equal(flat(a), flat(b))
        assert straight.absence == handed.absence
        assert straight.returning_ms == handed.returning_ms


# --- catching up -----------------------------------------------------------------------------

SCHEMA = RigSchema((Param("a"), Param("b", -30.0, 30.0), Param("blink"), Param("c", 0.0, 0.0)), ())


def test_after_a_return_parameters_move_at_a_bounded_speed_until_they_have_caught_up() -> None:
    catch_up = CatchUp(SCHEMA)
    rest, full = np.zeros(4, np.float32), np.array([1, 30, 1, 0], np.float32)
    catch_up.step(rest, return_ms=None, dt_s=0.0)
    shown = [catch_up.step(full, return_ms=150.0, dt_s=1 / 60)]
    for _ in range(40):
        shown.append(catch_up.step(full, return_ms=None, dt_s=1 / 60))
    steps = np.diff(np.stack([rest, *shown]), axis=0)
    assert steps[:, 0].max() <= 0.075
    assert steps[:, 1].max() <= 0.075 * 60
    assert steps[0, 2] == 1.0  # blinks are handed over by the merge policy
    np.testing.assert_array_equal(shown[-1], full)
    # Once caught up it is out of the way.
    assert catch_up.step(rest, return_ms=None, dt_s=1 / 60) is rest


def test_without_a_return_nothing_is_limited() -> None:
    catch_up = CatchUp(SCHEMA)
    for value in (0.0, 1.0, 0.0):
        params = np.full(4, value, np.float32)
        assert catch_up.step(params, return_ms=None, dt_s=1 / 60) is params


@pytest.mark.parametrize("return_ms", [1e-9, 600_000.0])
def test_extreme_blends_are_finite(return_ms: float) -> None:
    catch_up = CatchUp(SCHEMA)
    for value in (0.0, 1.0, 0.5):
        out = catch_up.step(np.full(4, value, np.float32), return_ms=return_ms, dt_s=100.0)
        assert np.isfinite(out).all()


def test_another_schema_starts_afresh() -> None:
    old, new = CatchUp(SCHEMA), CatchUp(RigSchema((Param("x"),), ()))
    old.step(np.zeros(4, np.float32), return_ms=150.0, dt_s=0.0)
    new.adopt(old)
    one = np.ones(1, np.float32)
    assert new.step(one, return_ms=None, dt_s=1 / 60) is one
