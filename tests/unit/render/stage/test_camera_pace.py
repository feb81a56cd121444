from __future__ import annotations

import pytest

from vtdrive.render.stage.pace import Pace

MS = 1_000_000


def test_an_hour_does_not_drift() -> None:
    pace = Pace(start_ns=5, rate_hz=60.0)
    for _ in range(60 * 3600):
        pace.step(pace.due_ns)
    assert pace.due_ns == 5 + 3600 * 10**9
    assert pace.missed == 0


def test_a_little_late_moves_nothing() -> None:
    pace = Pace(start_ns=0, rate_hz=50.0)
    for beat in range(1, 20):
        pace.step(pace.due_ns + 9 * MS)
        assert pace.due_ns == beat * 20 * MS
    assert pace.missed == 0


@pytest.mark.parametrize(("late_ms", "missed"), [(11, 1), (29, 1), (31, 2), (1000, 50)])
def test_very_late_leaves_out_and_never_rushes(late_ms: int, missed: int) -> None:
    pace = Pace(start_ns=0, rate_hz=50.0)
    now_ns = late_ms * MS
    pace.step(now_ns)
    assert pace.due_ns % (20 * MS) == 0
    assert pace.due_ns - now_ns >= 9 * MS
    assert pace.missed == missed


def test_waking_early_does_not_repeat_a_beat() -> None:
    pace = Pace(start_ns=0, rate_hz=50.0)
    pace.step(-1)
    assert pace.due_ns == 20 * MS
    pace.step(pace.due_ns - 1)
    assert pace.due_ns == 40 * MS


def test_it_needs_a_rate() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace(start_ns=0, rate_hz=0.0)
