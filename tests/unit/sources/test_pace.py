"""Playing media time against a clock that the test moves."""

from __future__ import annotations

import pytest
from fake_sources import FakeClock

from vtdrive.sources.pace import Pace

MS = 1_000_000


@pytest.mark.parametrize("start_ns", [0, 7_000 * MS])
def test_frames_come_when_they_are_due(start_ns: int) -> None:
    clock = FakeClock(start_ns)
    pace = Pace(clock, period_ns=40 * MS)
    times = []
    for media_ns in (0, 40 * MS, 90 * MS, 120 * MS):
        assert not pace.skip(media_ns)
        times.append(pace.wait(media_ns) - start_ns)
        clock.t_ns += 13 * MS  # the reader's own work
    assert times == [0, 40 * MS, 90 * MS, 120 * MS]


def test_a_little_lateness_is_made_up_without_a_loss() -> None:
    clock = FakeClock()
    pace = Pace(clock, period_ns=10 * MS)
    start_ns = pace.wait(0)
    clock.t_ns += 45 * MS
    late = [i for i in range(1, 10) if pace.skip(i * 10 * MS)]
    assert (late, pace.skipped) == ([], 0)
    assert pace.wait(90 * MS) - start_ns == 90 * MS


def test_a_late_reader_skips_frames_and_is_on_time_again() -> None:
    clock = FakeClock()
    pace = Pace(clock, period_ns=20 * MS)
    start_ns = pace.wait(0)
    clock.t_ns += 500 * MS
    shown = next(i for i in range(1, 100) if not pace.skip(i * 20 * MS))
    assert (shown * 20, pace.skipped) == (460, 22)  # 50 ms late is the last that is shown
    pace.wait(shown * 20 * MS)
    assert pace.wait(30 * 20 * MS) - start_ns == 600 * MS


def test_where_skipping_gains_nothing_the_schedule_moves() -> None:
    clock = FakeClock()
    pace = Pace(clock, period_ns=20 * MS)
    pace.wait(0)
    shown = 0
    for i in range(1, 200):
        clock.t_ns += 30 * MS  # decoding alone takes longer than the frame lasts
        if not pace.skip(i * 20 * MS):
            pace.wait(i * 20 * MS)
            shown += 1
    assert shown > 50
    assert pace.skipped > 0
    now_ns = clock.t_ns
    assert pace.wait(200 * 20 * MS) - now_ns < 100 * MS  # no hundreds of frames to make up
