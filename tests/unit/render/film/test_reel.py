"""Which moments a film shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_states import plain_state as state

from vtdrive.render.film.reel import LONGEST_GAP_NS, Moment, Reel, mixed
from vtdrive.spaces import quat_from_euler
from vtdrive.testing import SECOND_NS, ticks
from vtdrive.types import F32, frozen
from vtdrive.vocab import SHAPE_INDEX

JAW = SHAPE_INDEX["jawOpen"]
S = SECOND_NS


def filmed(times_ns: Iterable[int], fps: float, jaw: Callable[[int], float]) -> list[Moment]:
    reel, out = Reel(fps), list[Moment]()
    for t_ns in times_ns:
        out += reel.add(Moment(t_ns, state(jaw(t_ns))))
    out += reel.end()
    assert reel.pictures == len(out)
    return out


def jaws(moments: list[Moment]) -> F32:
    return np.array([moment.state.shapes[JAW] for moment in moments])


@pytest.mark.parametrize("fps", [15.0, 24.0, 30.0, 60.0])
@pytest.mark.parametrize("seconds", [1.0, 2.9])
@pytest.mark.parametrize("rate", [15.0, 30.0, 50.0, 60.0])
def test_a_film_is_as_long_as_what_was_tracked_at_any_rate(
    fps: float, seconds: float, rate: float
) -> None:
    frames = round(seconds * rate)
    film = filmed(ticks(seconds, fps=rate, start_ns=7 * S), fps, lambda _: 0.0)
    assert abs(len(film) - frames / rate * fps) <= 0.5
    spaces = np.diff([moment.t_ns for moment in film])
    assert film[0].t_ns == 7 * S
    assert np.abs(spaces - S / fps).max() <= 1


def test_what_comes_at_the_rate_of_the_film_is_shown_as_it_was() -> None:
    times = ticks(2.0, fps=30)
    film = filmed(times, 30.0, lambda t_ns: 0.5 + 0.5 * math.sin(t_ns * 1e-9 * 40))
    expected = [0.5 + 0.5 * math.sin(t_ns * 1e-9 * 40) for t_ns in times]
    np.testing.assert_allclose(jaws(film), expected, atol=1e-4)


def test_a_steady_motion_stays_steady_at_another_rate_and_with_jitter() -> None:
    rng = np.random.default_rng(5)
    times = [t + int(rng.uniform(0, 0.012) * S) for t in ticks(3.0, fps=25)]
    film = filmed(times, 60.0, lambda t_ns: t_ns * 1e-9 / 4)
    seen = [moment.t_ns * 1e-9 / 4 for moment in film if moment.t_ns <= times[-1]]
    np.testing.assert_allclose(jaws(film)[: len(seen)], seen, atol=1e-5)


def test_over_a_gap_the_old_state_stands_and_the_new_one_is_eased_to() -> None:
    film = filmed([0, S // 30, 2 * S, 2 * S + S // 30], 30.0, lambda t_ns: float(t_ns >= S))
    assert len(film) == 62
    mouth = jaws(film)
    assert (mouth[:57] == 0).all()
    assert mouth[60] == 1
    assert (np.diff(mouth[57:61]) > 0.2).all()


def test_time_that_stands_or_runs_back_is_left_out() -> None:
    film = filmed([0, S // 2, S // 2, S // 4, S], 10.0, lambda t_ns: t_ns / S)
    np.testing.assert_allclose(jaws(film)[:11], [0] * 5 + [0.5] * 5 + [1], atol=1e-5)


def test_a_gap_of_hours_is_cut_out() -> None:
    reel = Reel(30.0)
    late = LONGEST_GAP_NS * 1000
    count = 0
    for t_ns in (0, S, late, late + S):
        count += sum(1 for _ in reel.add(Moment(t_ns, state())))
    count += sum(1 for _ in reel.end())
    assert reel.cuts == 1
    assert count == pytest.approx(4 * 30, abs=1)


def test_one_frame_is_one_picture_and_none_is_none() -> None:
    assert len(filmed([5 * S], 30.0, lambda _: 0.3)) == 1
    assert filmed([], 30.0, lambda _: 0.0) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 400_000_000), min_size=1, max_size=40),
    st.sampled_from([12.0, 23.976, 30.0, 59.94]),
    st.integers(0, 10**15),
)
def test_any_rhythm_gives_even_times_states_in_between_and_the_same_film_later(
    gaps: list[int], fps: float, later_ns: int
) -> None:
    times = [0, *np.cumsum(gaps).tolist()]
    film = filmed(times, fps, lambda t_ns: (t_ns // 1000 % 7) / 7)
    assert film
    shifted = filmed(
        (t + later_ns for t in times), fps, lambda t_ns: ((t_ns - later_ns) // 1000 % 7) / 7
    )
    assert [m.t_ns - later_ns for m in shifted] == [m.t_ns for m in film]
    np.testing.assert_array_equal(jaws(shifted), jaws(film))
    assert 0 <= jaws(film).min() <= jaws(film).max() <= 1
    whole_s = (times[-1] + min(float(np.median(gaps)), 1e9)) * 1e-9
    assert abs(len(film) - whole_s * fps) <= 1


def test_halfway_lies_halfway_also_between_turns_of_the_head() -> None:
    a, b = state(0.2, yaw=-0.3), state(0.6, yaw=0.5, happy=1.0)
    half = mixed(a, b, 0.5)
    assert half.shapes[JAW] == pytest.approx(0.4)
    assert half.emotion.weights[1] == pytest.approx(0.5)
    expected = quat_from_euler(yaw=0.1, pitch=0.0, roll=0.0)
    np.testing.assert_allclose(half.head_xyzw, expected, atol=1e-3)
    turned = mixed(a, replace(b, head_xyzw=frozen(-b.head_xyzw)), 0.5)
    np.testing.assert_allclose(turned.head_xyzw, half.head_xyzw, atol=1e-6)
    assert mixed(a, b, 0.0) is a
    assert mixed(a, b, 1.0) is b
