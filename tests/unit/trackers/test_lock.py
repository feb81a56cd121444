"""Whom the tracker follows, as pure logic: places and times in, decisions out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.trackers.lock import Choose, Lock, Region, Spot

WIDTH, HEIGHT = 640, 360
S = 1_000_000_000


def locked(at: Spot, *, forget_s: float = 10.0, until_s: float = 1.0) -> Lock:
    """A lock that has followed `at` for a while and loses it at `until_s`."""
    lock = Lock("largest", forget_s)
    for n in range(round(until_s * 10) + 1):
        assert lock.keep(n * S // 10, at)
    return lock


def pick(lock: Lock, t_s: float, *spots: Spot) -> int | None:
    lock.region(round(t_s * S), width=WIDTH, height=HEIGHT)
    return lock.pick(round(t_s * S), spots, width=WIDTH)


@pytest.mark.parametrize(
    ("choose", "expected"), [("largest", 1), ("centre", 2), ("left", 0), ("right", 3)]
)
def test_the_first_face_is_chosen_as_configured(choose: Choose, expected: int) -> None:
    lock = Lock(choose, 10)
    faces = [Spot(100, 200, 60), Spot(200, 200, 150), Spot(330, 200, 70), Spot(600, 200, 60)]
    assert pick(lock, 0, *faces) == expected


def test_time_zero_is_a_time() -> None:
    lock = Lock("largest", 10)
    assert lock.keep(0, Spot(100, 100, 80))
    assert pick(lock, 0.1, Spot(500, 100, 160)) is None


def test_a_lost_face_is_taken_back_where_it_was() -> None:
    lock = locked(Spot(200, 180, 100))
    assert pick(lock, 1.5, Spot(230, 190, 110)) == 0


def test_someone_elsewhere_is_refused_while_the_place_is_kept() -> None:
    lock = locked(Spot(200, 180, 100))
    beside = Spot(340, 180, 110)
    for n in range(11, 109):
        assert pick(lock, n / 10, beside) is None
    assert pick(lock, 11.0, beside) == 0


def test_the_place_is_not_kept_at_all_when_configured_so() -> None:
    lock = locked(Spot(200, 180, 100), forget_s=0)
    assert pick(lock, 1.1, Spot(500, 180, 200)) == 0


def test_a_face_of_another_size_in_the_same_place_is_somebody_else() -> None:
    lock = locked(Spot(200, 180, 100))
    assert pick(lock, 1.2, Spot(200, 180, 190)) is None
    assert pick(lock, 1.3, Spot(200, 180, 50)) is None


def test_the_nearest_of_several_plausible_faces_is_taken() -> None:
    lock = locked(Spot(200, 180, 100))
    assert pick(lock, 4.0, Spot(330, 180, 100), Spot(240, 180, 100)) == 1


def test_who_stood_elsewhere_stays_refused_when_walking_into_the_place() -> None:
    lock = locked(Spot(200, 180, 100))
    for n in range(11, 31):
        assert pick(lock, n / 10, Spot(400 - (n - 11) * 10, 180, 100)) is None


def test_a_streamer_who_comes_back_later_further_off_is_taken() -> None:
    lock = locked(Spot(200, 180, 100))
    for n in range(11, 41):
        assert pick(lock, n / 10) is None
    assert pick(lock, 4.2, Spot(360, 180, 100)) == 0


def test_a_measurement_that_jumps_away_is_not_the_followed_face() -> None:
    lock = locked(Spot(200, 180, 100))
    assert not lock.keep(round(1.1 * S), Spot(400, 180, 100))
    assert not lock.keep(round(1.1 * S), Spot(200, 180, 300))
    assert lock.keep(round(1.1 * S), Spot(250, 180, 110))


def test_whoever_carried_the_lock_away_loses_it_when_the_streamer_is_back() -> None:
    lock = locked(Spot(200, 180, 100))
    for n in range(5):
        assert lock.keep(S + (n + 1) * S // 10, Spot(200 + 40 * n, 180, 100))
    t_ns = S + 6 * S // 10
    region = lock.left_behind(t_ns, width=WIDTH, height=HEIGHT)
    assert region is not None
    assert region.x0 < 150
    assert region.x1 > 250
    assert lock.back(t_ns, [Spot(360, 180, 100), Spot(203, 181, 98)]) == 1
    assert lock.left_behind(t_ns + S, width=WIDTH, height=HEIGHT) is None


def test_a_streamer_who_moved_and_left_an_empty_place_is_kept() -> None:
    lock = locked(Spot(200, 180, 100))
    for n in range(5):
        assert lock.keep(S + (n + 1) * S // 10, Spot(200 + 40 * n, 180, 100))
    t_ns = S + 6 * S // 10
    assert lock.left_behind(t_ns, width=WIDTH, height=HEIGHT) is not None
    assert lock.back(t_ns, [Spot(360, 180, 100)]) is None
    assert lock.left_behind(t_ns + S // 100, width=WIDTH, height=HEIGHT) is None, "asked too often"


def test_a_still_streamer_costs_no_second_look() -> None:
    lock = locked(Spot(200, 180, 100), until_s=5)
    assert lock.left_behind(6 * S, width=WIDTH, height=HEIGHT) is None


def test_the_whole_picture_and_squares_of_it_are_searched_in_turn_while_it_shows_nobody() -> None:
    lock = Lock("largest", 10)
    regions = []
    for n in range(8):
        regions.append(lock.region(n, width=WIDTH, height=HEIGHT))
        lock.pick(n, [], width=WIDTH)
    assert regions[0::2] == [Region(0, 0, WIDTH, HEIGHT)] * 4
    assert [(r.x0, r.x1) for r in regions[1::2]] == [(140, 500), (0, 360), (280, 640), (140, 500)]
    assert all((r.y0, r.y1) == (0, HEIGHT) for r in regions)


@given(
    x=st.floats(0, WIDTH),
    y=st.floats(0, HEIGHT),
    size=st.floats(8, 1500),
    gone_s=st.floats(0, 20),
)
def test_a_searched_region_lies_in_the_picture_and_is_never_empty(
    x: float, y: float, size: float, gone_s: float
) -> None:
    lock = Lock("largest", 10)
    lock.keep(0, Spot(x, y, size))
    region = lock.region(round(gone_s * S), width=WIDTH, height=HEIGHT)
    assert 0 <= region.x0 < region.x1 <= WIDTH
    assert 0 <= region.y0 < region.y1 <= HEIGHT
    assert region.x1 - region.x0 >= 16
    assert region.y1 - region.y0 >= 16


@given(st.floats(0, 9.9), st.floats(0, 9.9))
def test_the_region_only_grows_while_the_face_is_gone(first_s: float, second_s: float) -> None:
    early, late = sorted((first_s, second_s))
    lock = Lock("largest", 10)
    lock.keep(0, Spot(320, 180, 40))
    a = lock.region(round(early * S), width=WIDTH, height=HEIGHT)
    b = lock.region(round(late * S), width=WIDTH, height=HEIGHT)
    assert b.x0 <= a.x0
    assert b.x1 >= a.x1


def test_a_clock_that_jumps_back_does_not_break_the_lock() -> None:
    lock = locked(Spot(200, 180, 100), until_s=5)
    assert lock.keep(S, Spot(210, 180, 100))
    assert lock.keep(S + 1, Spot(215, 180, 100))
    assert pick(lock, 0.5, Spot(500, 180, 100)) is None
