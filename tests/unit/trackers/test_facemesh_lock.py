"""The streamer stays locked: whole scenes with two faces through the real models.

Ten frames a second; the tracker knows time only from the frames. A is the streamer, on the left.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from face_scenes import At, frame, where

from vtdrive.config.schema import TrackerConfig
from vtdrive.trackers.facemesh import FaceMeshTracker
from vtdrive.types import F32

A = At(200, 180, 100)
HIDDEN = At(200, 180, 100, hidden=True)
LARGER = At(430, 180, 160, mirrored=True)
BESIDE = At(370, 180, 105, mirrored=True)
POSTER = At(480, 110, 90, mirrored=True)
S = 10


def rest(landmarks_px: F32) -> F32:
    return np.zeros(52, np.float32)


def film(script: Iterable[list[At]], config: TrackerConfig | None = None) -> str:
    """Whom each frame's Track shows: A, somebody else (B), or nobody (-)."""
    tracker = FaceMeshTracker(config or TrackerConfig(), 63.0, rest)
    tracker.open()
    out = ""
    for n, faces in enumerate(script):
        face = tracker.track(frame(n, faces)).face
        out += "-" if face is None else "A" if abs(where(face)[0] - A.x) < 30 else "B"
    tracker.close()
    return out


@pytest.mark.parametrize("other", [LARGER, BESIDE, POSTER])
def test_another_face_for_ten_seconds_steals_nothing(other: At) -> None:
    assert film([[A]] * 5 + [[A, other]] * (10 * S)) == "A" * (5 + 10 * S)


@pytest.mark.parametrize("other", [LARGER, BESIDE, POSTER])
def test_an_occlusion_of_a_second_beside_another_face_steals_nothing(other: At) -> None:
    shown = film([[A]] * 5 + [[A, other]] * S + [[HIDDEN, other]] * S + [[A, other]] * S)
    assert shown == "A" * (5 + S) + "-" * S + "A" * S


def test_a_face_that_appears_during_the_occlusion_steals_nothing() -> None:
    shown = film([[A]] * S + [[HIDDEN]] * 4 + [[HIDDEN, LARGER]] * 6 + [[A, LARGER]] * S)
    assert shown == "A" * S + "-" * S + "A" * S


def test_a_streamer_who_is_gone_is_waited_for_and_then_replaced() -> None:
    config = TrackerConfig(forget_s=3.0, choose="left")
    shown = film([[A, BESIDE]] * S + [[BESIDE]] * (4 * S), config)
    assert shown.startswith("A" * S + "-" * (3 * S - 1))
    assert shown.endswith("B" * S)


def test_a_streamer_who_returns_while_waited_for_is_taken_back_at_once() -> None:
    config = TrackerConfig(choose="left")
    shown = film([[A, BESIDE]] * S + [[BESIDE]] * (5 * S) + [[A, BESIDE]] * 5, config)
    assert shown == "A" * S + "-" * (5 * S) + "A" * 5


@pytest.mark.parametrize("step", [8, 20, 30])
def test_somebody_who_walks_past_in_front_does_not_take_the_lock_along(step: int) -> None:
    way = range(480, 200 - 220, -step)
    shown = film([[A]] * 5 + [[A, At(x, 180, 100, mirrored=True)] for x in way])
    assert shown.startswith("A" * 5)
    assert shown.endswith("A" * 3)


def test_somebody_who_walks_past_behind_changes_nothing() -> None:
    way = range(480, 200 - 220, -20)
    script = [[A]] * 5 + [[At(x, 180, 90, mirrored=True), A] for x in way]
    assert film(script) == "A" * len(script)


@pytest.mark.parametrize(("choose", "shown"), [("largest", "B"), ("left", "A"), ("right", "B")])
def test_a_run_starts_with_the_face_that_the_config_names(choose: str, shown: str) -> None:
    config = TrackerConfig.model_validate({"choose": choose})
    assert film([[A, LARGER]] * 3, config) == shown * 3
