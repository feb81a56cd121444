"""`core.speech`: talking is told from yawning, chewing slowly and shivering."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.core.speech import SpeechDetector
from vtdrive.testing import make_face, perform, ticks
from vtdrive.types import Face


def heard(
    jaw: Callable[[float], float], seconds: float, *, fps: float = 30
) -> list[tuple[float, bool]]:
    detector = SpeechDetector()
    return [(t * 1e-9, detector.step(jaw(t * 1e-9), t)) for t in ticks(seconds, fps=fps)]


def talk(t: float, hz: float = 4.0, swing: float = 0.3) -> float:
    return 0.25 + swing / 2 * math.sin(math.tau * hz * t)


@pytest.mark.parametrize("fps", [15, 24, 30, 60])
@pytest.mark.parametrize("hz", [3.0, 4.0, 5.5])
def test_speech_is_heard_within_a_second(hz: float, fps: float) -> None:
    states = heard(lambda t: talk(t, hz), 4, fps=fps)
    assert next(t for t, on in states if on) < 1.0
    assert all(on for t, on in states if t > 1.0)


@pytest.mark.parametrize(
    "jaw",
    [
        lambda t: 0.9 * math.exp(-((t - 2.5) ** 2)),  # a yawn
        lambda t: 0.4 + 0.3 * math.sin(math.tau * 0.5 * t),  # slow chewing
        lambda t: 0.1 + 0.03 * math.sin(math.tau * 5 * t),  # shivering, or a tracker's noise
        lambda t: 0.0 if t < 2 else 0.8,  # one gasp
        lambda t: 0.3,
    ],
    ids=["yawn", "chew", "shiver", "gasp", "still"],
)
def test_what_is_not_speech(jaw: Callable[[float], float]) -> None:
    assert not any(on for _, on in heard(jaw, 6))


def test_it_ends_within_two_seconds_of_silence() -> None:
    states = heard(lambda t: talk(t) if t < 3 else 0.1, 6)
    last = max(t for t, on in states if on)
    assert 3.3 <= last <= 5.0


def test_pauses_between_words_do_not_end_it() -> None:
    states = heard(lambda t: talk(t) if t % 1.2 < 0.8 else 0.1, 10)
    assert all(on for t, on in states if t > 1.2)


def test_through_a_driver_speech_is_heard_and_eased(config: Config) -> None:
    """At most half of the way within 60 ms: an expression that it damps must not step."""
    driver = Driver(config)

    def motion(t: float) -> Face:
        return make_face(shapes={"jawOpen": talk(t) if t < 3 else 0.1})

    levels = [f.state.speaking for f in perform(driver, motion, ticks(6, fps=60))]
    assert levels[60] > 0.3
    assert levels[75] > 0.9
    assert levels[-1] == 0.0
    assert max(abs(b - a) for a, b in pairwise(levels)) < 0.17


def test_reset_equals_fresh_and_adoption_is_seamless() -> None:
    used, handed = SpeechDetector(), SpeechDetector()
    for t in ticks(2, fps=30):
        used.step(talk(t * 1e-9), t)
    used.reset()
    straight = SpeechDetector()
    for t in ticks(3, fps=30):
        heir = SpeechDetector()
        heir.adopt(handed)
        handed = heir
        jaw = talk(t * 1e-9) if t < 2e9 else 0.0
        results = {d.step(jaw, t) for d in (used, straight, handed)}
        assert len(results) == 1
