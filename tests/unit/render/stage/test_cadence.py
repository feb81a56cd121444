from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from vtdrive.render.stage.cadence import Cadence

MS = 1_000_000
SECONDS = 20
START = 5_000_000_000


@dataclass
class Played:
    paints_ns: list[int] = field(default_factory=list)
    ages_ms: list[float] = field(default_factory=list)
    """Of each face when it was painted first."""

    @property
    def rate(self) -> float:
        return len(self.paints_ns) / SECONDS

    @property
    def gaps_ms(self) -> list[float]:
        return [(b - a) / MS for a, b in zip(self.paints_ns, self.paints_ns[1:], strict=False)]


def play(fps: float, faces_ns: list[int]) -> Played:
    """Pictures of `SECONDS` seconds while faces come at those times; painting takes no time."""
    cadence, out = Cadence(fps=fps, now_ns=START), Played()
    waiting, fresh = list(reversed(faces_ns)), None
    now = START
    while now < START + SECONDS * 1_000 * MS:
        while waiting and waiting[-1] <= now:
            fresh = waiting.pop()
            cadence.arrived(now)
        wait = cadence.wait_ns(now)
        if wait:
            now = min(now + wait, waiting[-1]) if waiting else now + wait
            continue
        cadence.painted(now)
        out.paints_ns.append(now)
        if fresh is not None:
            out.ages_ms.append((now - fresh) / MS)
            fresh = None
        now += MS // 10
    return out


def faces(rate_hz: float, *, jitter_ms: float = 0.0, seconds: float = SECONDS) -> list[int]:
    dice = random.Random(7)
    return sorted(
        START + round(k * 1e9 / rate_hz + dice.gauss(0, jitter_ms) * MS)
        for k in range(round(seconds * rate_hz))
    )


@pytest.mark.parametrize("fps", [5, 24, 30, 60, 120])
def test_without_faces_the_clock_paints(fps: float) -> None:
    out = play(fps, [])
    assert out.rate == pytest.approx(fps, rel=0.01)
    assert min(out.gaps_ms) == pytest.approx(1000 / fps, rel=0.02)
    assert max(out.gaps_ms) == pytest.approx(1000 / fps, rel=0.02)


@pytest.mark.parametrize("rate_hz", [29.7, 29.97, 30.0, 30.3])
@pytest.mark.parametrize("jitter_ms", [0.0, 1.0])
def test_a_camera_of_about_that_rate_is_followed_without_delay(
    rate_hz: float, jitter_ms: float
) -> None:
    """Also one that is never quite the clock's: no beat in which faces are painted late."""
    out = play(30, faces(rate_hz, jitter_ms=jitter_ms))
    assert sum(out.ages_ms) / len(out.ages_ms) < 0.2
    assert out.rate == pytest.approx(rate_hz, rel=0.01)
    assert len(out.ages_ms) > 0.99 * rate_hz * SECONDS


@pytest.mark.parametrize("rate_hz", [10.0, 15.0, 24.0, 25.0])
def test_slower_faces_leave_the_rate_as_it_is(rate_hz: float) -> None:
    out = play(30, faces(rate_hz, jitter_ms=1.0))
    assert out.rate == pytest.approx(30, rel=0.01)
    assert len(out.ages_ms) > 0.99 * rate_hz * SECONDS
    # A face that came too soon after a picture waits for at most 0.8 of a period.
    assert max(out.ages_ms) <= 0.8 * 1000 / 30 + 0.2


@pytest.mark.parametrize("rate_hz", [37.0, 45.0, 60.0, 120.0])
def test_faster_faces_do_not_raise_the_cost(rate_hz: float) -> None:
    out = play(30, faces(rate_hz, jitter_ms=0.5))
    assert 29.5 <= out.rate <= 31.6
    # What is shown is never older than one face.
    assert max(out.ages_ms) <= 1000 / rate_hz + 6


def test_of_sixty_faces_each_second_one_is_painted_as_it_comes() -> None:
    out = play(30, faces(60, jitter_ms=1.0))
    assert sum(out.ages_ms) / len(out.ages_ms) < 0.2


@pytest.mark.parametrize("rate_hz", [15.0, 30.0, 37.0, 60.0])
@pytest.mark.parametrize("jitter_ms", [0.0, 3.0, 8.0])
def test_pictures_are_neither_crowded_nor_far_apart(rate_hz: float, jitter_ms: float) -> None:
    gaps = play(30, faces(rate_hz, jitter_ms=jitter_ms)).gaps_ms
    assert min(gaps) >= 0.8 * 1000 / 30 - 0.01
    assert max(gaps) <= 1.36 * 1000 / 30


def test_painting_goes_on_when_faces_stall() -> None:
    out = play(30, faces(30, seconds=5))
    after = [gap for t, gap in zip(out.paints_ns, out.gaps_ms, strict=False) if t > START + 6e9]
    assert len(after) == pytest.approx(30 * 14, abs=2)
    assert max(after) < 34


def test_a_painter_that_was_held_up_does_not_catch_up_in_a_rush() -> None:
    cadence = Cadence(fps=30, now_ns=0)
    cadence.painted(0)
    late = 500 * MS
    assert cadence.wait_ns(late) == 0
    cadence.painted(late)
    assert cadence.wait_ns(late + MS) > 24 * MS


@pytest.mark.parametrize("late_ms", [2, 8, 16, 24, 31])
def test_faces_that_come_between_pictures_are_soon_painted_on_arrival(late_ms: int) -> None:
    # Half a second without faces first, so that the clock alone has chosen when to paint.
    times = [t + 500 * MS + late_ms * MS for t in faces(30.0, seconds=SECONDS - 1)]
    played = play(30.0, times)
    assert max(played.ages_ms[60:]) < 1.0
    assert min(played.gaps_ms) > 0.79 * 1000 / 30
