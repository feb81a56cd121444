"""The neutral pose of each live input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from live_inputs import table
from mixing_runs import at, driver, run, shape

from vtdrive.config.schema import Config
from vtdrive.core.driver import TAKE_NEUTRAL
from vtdrive.spaces import quat_angle
from vtdrive.testing import ticks
from vtdrive.types import frozen


def test_each_input_has_a_neutral_of_its_own(config: Config) -> None:
    made = driver(config, table(), auto=False)
    say = at({}, yaw_deg=12.0, pitch_deg=-20.0, at_m=(0.1, 0.2, -0.4),
             gaze_deg=((5.0, 0.0), (5.0, 0.0)))  # fmt: skip
    asked = lambda t: (TAKE_NEUTRAL,) if 1 <= t < 1.01 else ()  # noqa: E731
    frames = run(made, ticks(5, fps=60), say, commands=asked)
    before, after = frames[50].state, frames[-1].state
    assert math.degrees(quat_angle(before.head_xyzw, frozen([0, 0, 0, 1]))) > 20
    assert math.degrees(quat_angle(after.head_xyzw, frozen([0, 0, 0, 1]))) < 0.1
    np.testing.assert_allclose(before.head_m, 0, atol=1e-6)
    np.testing.assert_allclose(after.gaze_rad, 0, atol=1e-4)
    assert made.mixer.neutrals == (1,)
    turns = [math.degrees(quat_angle(a.state.head_xyzw, b.state.head_xyzw))
             for a, b in itertools.pairwise(frames[60:])]  # fmt: skip
    assert max(turns) < 24 * 1.5 * (1000 / 60) / 400 + 0.1


def test_a_neutral_is_not_taken_of_a_face_to_the_side_unasked(config: Config) -> None:
    made = driver(config, table(), auto=True)
    run(made, ticks(4, fps=30), at({}, yaw_deg=50.0))
    assert made.mixer.neutrals == (0,)


def test_no_neutral_is_taken_of_a_head_that_is_not_shown(config: Config) -> None:
    made = driver(config, table(channels=("mouth",)), auto=True)
    run(made, ticks(4, fps=30), at({}, yaw_deg=5.0))
    assert made.mixer.neutrals == (0,)
    assert made.mixer.taking is None


def test_calibrated_shapes_of_a_phone_are_left_alone(config: Config) -> None:
    made = driver(config, table(), auto=True)
    frames = run(made, ticks(4, fps=30), at({"browDown": 0.3}, yaw_deg=0.0))
    assert made.mixer.neutrals == (1,)
    assert shape(frames[-1], "browDownLeft") == pytest.approx(0.3)
