"""`core.idle`: signs of life, bounded, repeatable, the same at any tick rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.filters import Idle
from vtdrive.core.idle import IdleMotion
from vtdrive.spaces import quat_angle
from vtdrive.testing import ticks


def test_the_same_time_gives_the_same_motion_at_any_rate() -> None:
    fast, slow = IdleMotion(Idle()), IdleMotion(Idle())
    at_60 = {t: fast.step(absence=1.0, t_ns=t) for t in ticks(30, fps=60)}
    for t in ticks(30, fps=20):
        pose = slow.step(absence=1.0, t_ns=t)
        assert (pose.breath, pose.blink) == (at_60[t].breath, at_60[t].blink)
        np.testing.assert_array_equal(pose.sway_xyzw, at_60[t].sway_xyzw)


@pytest.mark.parametrize("shift", [1, 10**18])
def test_the_clocks_zero_does_not_matter(shift: int) -> None:
    here, there = IdleMotion(Idle()), IdleMotion(Idle())
    for t in ticks(20, fps=20):
        a, b = here.step(absence=1.0, t_ns=t), there.step(absence=1.0, t_ns=t + shift)
        assert (a.breath, a.blink) == (b.breath, b.blink)


def test_another_seed_blinks_at_other_times() -> None:
    def blinks(seed: int) -> list[bool]:
        idle = IdleMotion(Idle(seed=seed))
        return [idle.step(absence=1.0, t_ns=t).blink > 0 for t in ticks(60, fps=30)]

    assert blinks(1) == blinks(1)
    assert blinks(1) != blinks(2)


@given(
    when=st.sampled_from(["lost", "always", "never"]),
    pauses=st.sampled_from([(2.0, 6.0), (3.0, 3.0), (0.3, 0.3)]),
    double=st.sampled_from([0.0, 0.1, 1.0]),
    absences=st.lists(st.floats(0, 1), min_size=5, max_size=30),
    gaps_s=st.lists(st.floats(0, 20), min_size=5, max_size=30),
)
def test_everything_is_bounded(
    when: str,
    pauses: tuple[float, float],
    double: float,
    absences: list[float],
    gaps_s: list[float],
) -> None:
    config = Idle.model_validate({"when": when, "blink_every_s": pauses, "double_blink": double})
    idle = IdleMotion(config)
    t = 0
    for absence, gap_s in zip(absences, gaps_s, strict=False):
        pose = idle.step(absence=absence, t_ns=t)
        assert 0.0 <= pose.blink <= absence + 1e-9
        assert abs(pose.breath) <= 1.0
        assert abs(pose.rise_m) <= config.breath_m + 1e-9
        assert quat_angle(pose.sway_xyzw, [0, 0, 0, 1]) <= math.radians(1.3) * absence + 1e-6
        if when == "never":
            assert pose.blink == pose.breath == pose.rise_m == 0.0
        if when == "lost" and absence == 0.0:
            assert pose.breath == 0.0
        t += round(gap_s * 1e9)


def test_blinks_come_as_often_as_configured_and_open_again() -> None:
    idle = IdleMotion(Idle(blink_every_s=(2.0, 6.0), double_blink=0.0))
    times = ticks(300, fps=30)
    shut = [idle.step(absence=1.0, t_ns=t).blink > 0.5 for t in times]
    starts = [t * 1e-9 for t, a, b in zip(times[1:], shut, shut[1:], strict=False) if b and not a]
    pauses = np.diff(starts)
    assert pauses.min() >= 1.9
    assert pauses.max() <= 6.1
    assert 2.8 < float(np.median(pauses)) < 4.2
    assert float(np.mean(shut)) < 0.1


def test_an_heir_and_its_former_draw_the_same_blinks() -> None:
    former, heir = IdleMotion(Idle()), IdleMotion(Idle())
    for t in ticks(5, fps=20):
        former.step(absence=1.0, t_ns=t)
    heir.adopt(former)
    for t in ticks(60, fps=20, start_ns=5 * 10**9):
        a, b = former.step(absence=1.0, t_ns=t), heir.step(absence=1.0, t_ns=t)
        assert (a.blink, a.breath) == (b.blink, b.breath)
