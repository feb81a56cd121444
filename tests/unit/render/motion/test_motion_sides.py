"""Left is left: absolutely, since two wrong signs would cancel, and in every mirror."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from moving import at_frames, avatar_of, face, faces, moved, named, settled

from vtdrive.core.mirror import mirrored
from vtdrive.render.motion import Motion, known_params
from vtdrive.render.motion.mirror import MIRRORED, mirroring
from vtdrive.types import FaceState, Status
from vtdrive.vocab import EMOTION_INDEX

OWN = ("tail", "tail_2", "tail_3", "ear_l", "ear_r", "squash", "bounce")
"""What wags and flicks by itself."""
UNEQUAL = ("hair_side_l", "hair_side_r")
"""Springs that swing at different speeds, left and right."""


def test_a_turn_to_the_characters_left_is_to_the_right_of_the_picture() -> None:
    params = moved(face(yaw=15))
    assert params["head_x"] == pytest.approx(18, abs=0.01)
    assert params["body_x"] > 5
    assert params["gaze_x"] > 0


def test_in_a_mirror_a_turn_to_the_users_left_is_to_the_left_of_the_picture() -> None:
    params = moved(mirrored(face(yaw=15)))
    assert params["head_x"] == pytest.approx(-18, abs=0.01)
    assert params["body_x"] < -5


def test_up_is_up_and_nearer_is_nearer() -> None:
    params = moved(face(pitch=10, gaze=(0, 10), at_m=(0, 0.05, 0.06)))
    assert params["head_y"] == pytest.approx(12, abs=0.01)
    assert params["body_y"] > 3
    assert params["gaze_y"] > 0.4
    assert params["pos_y"] > 0.3
    assert params["pos_z"] > 0.35


def test_a_tilt_to_the_characters_right_shoulder_is_to_the_left_of_the_picture() -> None:
    params = moved(face(roll=10))
    assert params["head_z"] == pytest.approx(-12, abs=0.01)
    assert params["body_z"] < -3
    # Its hair hangs straight down, so out of the head to the other side.
    assert params["hair_back"] > 0.1
    assert moved(mirrored(face(roll=10)))["head_z"] == pytest.approx(12, abs=0.01)


def test_a_step_to_the_characters_left_is_to_the_right_of_the_picture() -> None:
    assert moved(face(at_m=(0.075, 0, 0)))["pos_x"] == pytest.approx(0.5, abs=0.01)
    assert moved(mirrored(face(at_m=(0.075, 0, 0))))["pos_x"] == pytest.approx(-0.5, abs=0.01)


def test_a_look_to_the_characters_left_is_to_the_right_of_the_picture() -> None:
    assert moved(face(gaze=(15, 0)))["gaze_x"] == pytest.approx(0.6, abs=0.01)


def test_a_left_wink_shuts_the_characters_left_eye() -> None:
    params = moved(face(eyeBlinkLeft=1.0))
    assert params["eye_open_l"] == 0.0
    assert params["eye_open_r"] == 1.0


def test_in_a_mirror_the_users_left_wink_shuts_the_eye_on_the_left_of_the_picture() -> None:
    params = moved(mirrored(face(eyeBlinkLeft=1.0)))
    assert params["eye_open_r"] == 0.0
    assert params["eye_open_l"] == 1.0


def test_a_mouth_drawn_to_its_left_is_to_the_right_of_the_picture() -> None:
    assert moved(face(mouthLeft=0.5))["mouth_x"] > 0.4
    assert moved(face(mouthSmileLeft=0.5))["mouth_x"] > 0.4
    assert moved(face(browDownLeft=0.8))["brow_y_l"] < -0.6
    assert moved(face(browDownLeft=0.8))["brow_y_r"] == 0.0


def test_hair_stays_behind_a_turning_head() -> None:
    motion = Motion(avatar_of())
    at_frames(motion, lambda _: face(), 0.5)
    turning = at_frames(motion, lambda t: face(yaw=min(20.0, 100 * t)), 0.2, start_ns=600_000_000)
    at = motion.names.index("hair_front")
    assert turning[:, at].min() < -0.2
    assert turning[:, at].max() <= 0.0


@settings(max_examples=25)
@given(faces(felt=("happiness", "surprise", "sadness", "anger", "fear")))
def test_a_mirrored_face_gives_mirrored_parameters(state: FaceState) -> None:
    # Where a head wanders that nobody moves is its own affair.
    state = dataclasses.replace(state, status=Status.LIVE)
    names = known_params(avatar_of())
    places, signs = MIRRORED
    ours = settled(state, seconds=0.7) * signs
    theirs = settled(mirrored(state), seconds=0.7)
    for name, value, other in zip(names, ours[places], theirs, strict=True):
        wags = name in OWN and state.emotion.weights[EMOTION_INDEX["happiness"]] > 0
        trembles = name == "gaze_x" and state.emotion.weights[EMOTION_INDEX["fear"]] > 0
        if name not in UNEQUAL and not wags and not trembles:
            tolerance = 0.1 if name.startswith("ear") else 1e-3
            assert value == pytest.approx(other, abs=tolerance), name


@pytest.mark.parametrize("feeling", ["contempt", "disgust"])
@pytest.mark.parametrize("smile", [0.2, 0.6])
def test_a_lopsided_face_turns_what_is_felt_on_one_side(feeling: str, smile: float) -> None:
    places, signs = MIRRORED
    state = face(feels={feeling: 0.8}, mouthSmileLeft=smile, browOuterUpRight=0.05)
    ours, theirs = settled(state, seconds=2), settled(mirrored(state), seconds=2)
    found = (ours * signs)[places]
    ears = [known_params(avatar_of()).index(f"ear_{side}") for side in "lr"]
    np.testing.assert_allclose(np.delete(found, ears), np.delete(theirs, ears), atol=2e-3)
    at = known_params(avatar_of()).index("eye_open_l")
    assert ours[at] == pytest.approx(theirs[at + 1], abs=1e-3)
    # The side that smiles more is the one that is written first.
    assert ours[at] <= ours[at + 1]
    assert named(Motion(avatar_of()), ours)["brow_y_r"] < 0


def test_a_side_is_kept_while_it_shows() -> None:
    motion = Motion(avatar_of())
    at = motion.names.index("brow_y_l")
    out = at_frames(
        motion,
        lambda t: face(feels={"contempt": min(0.8, t)}, mouthSmileRight=0.2 if t > 1 else 0.0),
        2.0,
    )
    assert out[-1, at] == pytest.approx(0.5, abs=0.02)
    strong = at_frames(
        motion,
        lambda _: face(feels={"contempt": 0.8}, mouthSmileRight=0.6),
        0.5,
        start_ns=2_100_000_000,
    )
    assert strong[-1, at] < 0.0
    assert np.abs(np.diff(strong[:, at])).max() < 0.25


def test_the_mirror_swaps_sides_and_signs() -> None:
    names = ("head_x", "eye_open_l", "eye_open_r", "hair_side_l", "hair_side_r", "own_l", "own")
    places, signs = mirroring(names)
    assert [names[i] for i in places] == [
        "head_x", "eye_open_r", "eye_open_l", "hair_side_r", "hair_side_l", "own_l", "own",
    ]  # fmt: skip
    assert signs.tolist() == [-1, 1, 1, -1, -1, 1, 1]
