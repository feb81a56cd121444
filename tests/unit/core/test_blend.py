"""Values that change hands: whatever the owners do, no lane outruns its ease."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.core.blend import LaneBlend, TurnBlend
from vtdrive.spaces import IDENTITY, quat_angle, quat_from_euler
from vtdrive.types import F32, frozen

EASE_MS, QUICK_MS = 250.0, 80.0
OWNERS = np.array([[0.0, 0.2], [1.0, 0.9], [0.4, 0.0]], np.float32)
"""What each of three owners says of two lanes, for ever."""

hands = st.lists(
    st.tuples(st.integers(1, 90), st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=40
)
"""Steps: ms since the last, and who owns each lane."""


def made() -> LaneBlend:
    return LaneBlend(OWNERS[0], ease_ms=EASE_MS, quick_ms=QUICK_MS)


def say(owners: tuple[int, ...]) -> F32:
    return frozen([OWNERS[owner][lane] for lane, owner in enumerate(owners)])


@given(hands)
def test_no_lane_outruns_its_ease(steps: list[tuple[int, int, int]]) -> None:
    blend, t_ns, last = made(), 0, OWNERS[0]
    for ms, *owners in steps:
        t_ns += ms * 1_000_000
        now = blend.step(say(tuple(owners)), np.array(owners, np.int64), t_ns)
        assert float(np.abs(now - last).max()) <= 1.5 * ms / EASE_MS + 1e-6
        assert ((now >= 0) & (now <= 1)).all()
        last = now


@given(hands)
def test_what_has_an_owner_long_enough_is_exactly_his(steps: list[tuple[int, int, int]]) -> None:
    blend, t_ns = made(), 0
    owners: tuple[int, ...] = (0, 0)
    for ms, *now in steps:
        t_ns, owners = t_ns + ms * 1_000_000, tuple(now)
        blend.step(say(owners), np.array(owners, np.int64), t_ns)
    for _ in range(2):
        t_ns += 250_000_000
        shown = blend.step(say(owners), np.array(owners, np.int64), t_ns)
    np.testing.assert_array_equal(shown, say(owners))


@pytest.mark.parametrize("quick", [False, True])
def test_the_way_takes_as_long_as_is_said(quick: bool) -> None:
    blend, mask = made(), np.array([quick, quick])
    owner = np.array([1, 1], np.int64)
    span = QUICK_MS if quick else EASE_MS
    assert blend.step(OWNERS[1], owner, 0, quick=mask)[0] == 0.0
    half = blend.step(OWNERS[1], owner, round(span * 0.5e6), quick=mask)[0]
    assert half == pytest.approx(0.5)
    assert blend.step(OWNERS[1], owner, round(span * 1e6), quick=mask)[0] == 1.0


def test_a_frame_rate_makes_no_difference() -> None:
    found = {}
    for fps in (30, 60, 90):
        blend, shown = made(), {}
        for i in range(fps + 1):
            t_ns = round(i * 1e9 / fps)
            shown[t_ns] = blend.step(OWNERS[1], np.array([1, 1], np.int64), t_ns)
        found[fps] = [shown[round(k * 1e9 / 30)] for k in range(31)]
    for fps in (60, 90):
        np.testing.assert_allclose(found[fps], found[30], atol=1e-6)


def test_another_goes_on_where_it_was() -> None:
    one, two = made(), made()
    owner = np.array([1, 1], np.int64)
    for ms in (0, 50, 100):
        one.step(OWNERS[1], owner, ms * 1_000_000)
    two.adopt(one)
    for ms in (150, 200, 260):
        a, b = (blend.step(OWNERS[1], owner, ms * 1_000_000) for blend in (one, two))
        np.testing.assert_array_equal(a, b)


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 2)), min_size=2, max_size=30))
def test_no_turn_outruns_its_ease(steps: list[tuple[int, int]]) -> None:
    turns = [frozen(quat_from_euler(yaw=yaw, pitch=0.0, roll=0.0)) for yaw in (0.0, 0.6, -0.5)]
    widest = max(quat_angle(a, b) for a, b in itertools.combinations(turns, 2))
    blend, t_ns, last = TurnBlend(ease_ms=EASE_MS), 0, IDENTITY
    for ms, owner in steps:
        t_ns += ms * 1_000_000
        now = blend.step(turns[owner], owner, t_ns)
        assert quat_angle(last, now) <= widest * 1.5 * ms / EASE_MS + 1e-4
        last = now
