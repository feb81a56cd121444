"""The pattern that `sinks test` plays: recognisable, complete, smooth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vtdrive.config.load import load_config
from vtdrive.core.pattern import PASSAGES, Passage, Pattern
from vtdrive.spaces import euler_from_quat, quat_angle
from vtdrive.types import AvatarFrame, Profile
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX

ANATOMICAL, MIRRORED = Profile("both"), Profile("both", mirror=True)


@pytest.fixture(scope="module")
def played() -> dict[str, list[AvatarFrame]]:
    """Passage -> its frames at 60 fps."""
    found: dict[str, list[AvatarFrame]] = {}
    now: list[Passage] = []
    pattern = Pattern(load_config([]), [ANATOMICAL, MIRRORED])
    for frame in pattern.frames(fps=60, begin=now.append):
        found.setdefault(now[-1].says, []).append(frame)
    assert len(now) == len(PASSAGES)
    return found


def param(frame: AvatarFrame, name: str, profile: Profile = ANATOMICAL) -> float:
    schema = Pattern(load_config([]), [profile]).schema
    return float(frame.poses[profile].params[schema.names.index(name)])


def middle(frames: list[AvatarFrame]) -> AvatarFrame:
    return frames[len(frames) // 2]


def test_left_is_left(played: dict[str, list[AvatarFrame]]) -> None:
    wink = middle(played["blink with its own left eye"])
    assert param(wink, "eyeBlinkLeft") > 0.9
    assert param(wink, "eyeBlinkRight") < 0.1
    assert param(wink, "eyeBlinkRight", MIRRORED) > 0.9
    turn = middle(played["turn the head to its own left"])
    assert euler_from_quat(turn.state.head_xyzw)[0] == pytest.approx(np.radians(25), abs=1e-3)


def test_every_expression_is_shown_and_named(played: dict[str, list[AvatarFrame]]) -> None:
    for i, name in enumerate(EMOTIONS):
        felt = middle(played[f"expression: {name}"]).state.emotion
        assert felt.shown == i
        assert felt.weights[i] == (1.0 if i else 0.0)


def test_it_nods_twice(played: dict[str, list[AvatarFrame]]) -> None:
    pitch = np.array([euler_from_quat(f.state.head_xyzw)[1] for f in played["nod twice"]])
    low = pitch < np.radians(-10)
    assert np.count_nonzero(np.diff(low.astype(int)) == 1) == 2


def test_nothing_jumps_and_it_begins_and_ends_at_rest(
    played: dict[str, list[AvatarFrame]],
) -> None:
    frames = [frame for part in played.values() for frame in part]
    for before, after in itertools.pairwise(frames):
        assert np.abs(after.state.shapes - before.state.shapes).max() < 0.15
        assert quat_angle(before.state.head_xyzw, after.state.head_xyzw) < np.radians(4)
    for end in (frames[0], frames[-1]):
        assert not end.state.shapes.any()
        assert not end.state.emotion.weights.any()


def test_time_runs_evenly() -> None:
    times = [f.t_ns for f in Pattern(load_config([]), []).frames(fps=30)]
    assert times[0] == 0
    assert np.diff(times).min() > 3e7
    assert np.diff(times).max() < 4e7


def test_shapes_it_names_exist() -> None:
    assert all(name in SHAPE_INDEX for passage in PASSAGES for name, _ in passage.shapes)
