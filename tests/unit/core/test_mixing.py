"""Live inputs mixed into the camera's face: who has what, and nothing jumps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from live_inputs import heard, table
from mixing_runs import CAMERA, EASE_MS, Look, Say, at, driver, run, shape, until, yaw_deg

from vtdrive.config.inputs import CHANNELS
from vtdrive.config.schema import Config
from vtdrive.core.input_slot import CHANNEL_LANES, LANES
from vtdrive.spaces import quat_angle
from vtdrive.testing import make_emotion, make_face, ticks
from vtdrive.types import Status
from vtdrive.vocab import EMOTION_INDEX

SMILE = {"mouthSmile": 0.8, "jawOpen": 0.1}


def test_every_lane_belongs_to_one_channel() -> None:
    counts = np.sum([CHANNEL_LANES[name] for name in CHANNELS], axis=0)
    assert counts.tolist() == [1] * LANES


def test_without_inputs_nothing_changes_to_the_bit(config: Config) -> None:
    times = ticks(3, fps=30)
    look: Look = lambda t: None if 1 < t < 1.7 else make_face(yaw_deg=20 * math.sin(5 * t))  # noqa: E731
    feel = lambda t: make_emotion(round(t * 1e9), happiness=0.9)  # noqa: E731
    alone = run(driver(config), times, look=look, emotion=feel)
    beside = run(driver(config, table()), times, lambda t: None, look=look, emotion=feel)
    for a, b in zip(alone, beside, strict=True):
        assert a.status == b.status
        assert a.state.shapes.tobytes() == b.state.shapes.tobytes()
        for profile, pose in a.poses.items():
            assert pose.params.tobytes() == b.poses[profile].params.tobytes()
            assert pose.bones_xyzw.tobytes() == b.poses[profile].bones_xyzw.tobytes()
            assert pose.root_m.tobytes() == b.poses[profile].root_m.tobytes()


def test_the_mouth_is_the_phones_and_the_rest_the_cameras(config: Config) -> None:
    made = driver(config, table(channels=("mouth", "cheeks", "tongue")))
    phone = at({**SMILE, "tongueOut": 0.9, "browInnerUp": 0.9, "eyeBlink": 1.0}, yaw_deg=30.0)
    look: Look = lambda t: make_face(yaw_deg=-15, shapes={"jawOpen": 0.6, "browInnerUp": 0.3})  # noqa: E731
    last = run(made, ticks(2, fps=30), phone, look=look)[-1]
    assert shape(last, "mouthSmileLeft") == pytest.approx(0.8)
    assert shape(last, "jawOpen") == pytest.approx(0.1)
    assert shape(last, "tongueOut") == pytest.approx(0.9)
    assert 0.1 < shape(last, "browInnerUp") < 0.5
    assert shape(last, "eyeBlinkLeft") < 0.2
    assert yaw_deg(last) == pytest.approx(-15, abs=1)
    assert made.mixer.drives(0) == ("mouth", "cheeks", "tongue")


def test_a_phone_has_all_that_it_measures_and_the_classifier_goes_on(config: Config) -> None:
    made = driver(config, table())
    feel = lambda t: make_emotion(round(t * 1e9), happiness=0.95)  # noqa: E731
    last = run(made, ticks(3, fps=30), at(SMILE, yaw_deg=10.0), emotion=feel)[-1]
    assert yaw_deg(last) == pytest.approx(10, abs=0.1)
    assert last.state.emotion.shown == EMOTION_INDEX["happiness"]
    assert last.state.emotion.weights[EMOTION_INDEX["happiness"]] > 0.6
    assert made.mixer.drives(0) == ("head", "gaze", "lids", "brows", "mouth", "cheeks", "tongue")


def test_what_it_does_not_measure_stays_with_the_camera(config: Config) -> None:
    made = driver(config, table())
    voice = at({"mouthPucker": 0.7}, known="given")
    last = run(made, ticks(2, fps=30), voice)[-1]
    assert shape(last, "mouthPucker") == pytest.approx(0.7)
    assert shape(last, "jawOpen") == pytest.approx(CAMERA, abs=0.01)


def test_lips_are_closed_by_whoever_opens_the_jaw(config: Config) -> None:
    made = driver(config, table())
    look: Look = lambda t: make_face(shapes={"jawOpen": 0.8, "mouthClose": 0.7})  # noqa: E731
    last = run(made, ticks(2, fps=30), at({"jawOpen": 0.0}, known="given"), look=look)[-1]
    assert shape(last, "mouthClose") == 0.0


def test_the_first_named_wins_and_the_next_follows(config: Config) -> None:
    tables = table(channels=("mouth",)), table(port=1234, channels=("mouth", "brows"))
    made = driver(config, *tables)
    first, second = at({"jawOpen": 0.9}), at({"jawOpen": 0.2, "browInnerUp": 1.0})
    frames = run(made, ticks(4, fps=30), until(2, first), second)
    assert shape(frames[50], "jawOpen") == pytest.approx(0.9)
    assert shape(frames[50], "browInnerUp") == 1.0
    assert shape(frames[-1], "jawOpen") == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("when_lost", "jaw"), [("camera", CAMERA), ("hold", 0.9), ("neutral", 0.0)]
)
def test_each_policy_of_loss(config: Config, when_lost: str, jaw: float) -> None:
    made = driver(config, table(channels=("mouth",), when_lost=when_lost, stale_ms=400))
    frames = run(made, ticks(6, fps=60), until(2, at({"jawOpen": 0.9}), 5))
    # Until it is stale everything stays.
    assert shape(frames[round(2.3 * 60)], "jawOpen") == pytest.approx(0.9)
    # Stale at 2.4 s, eased within a quarter of a second.
    assert shape(frames[round(2.75 * 60)], "jawOpen") == pytest.approx(jaw, abs=0.08)
    assert shape(frames[-1], "jawOpen") == pytest.approx(0.9)


@pytest.mark.parametrize("when_lost", ["camera", "hold", "neutral"])
def test_one_that_was_never_there_leaves_the_camera_alone(config: Config, when_lost: str) -> None:
    made = driver(config, table(when_lost=when_lost))
    last = run(made, ticks(1, fps=30), lambda t: None)[-1]
    assert shape(last, "jawOpen") == pytest.approx(CAMERA, abs=0.01)


def test_a_sender_without_a_face_counts_as_lost(config: Config) -> None:
    made = driver(config, table(channels=("mouth",)))
    phone: Say = lambda t: heard(round(t * 1e9), {"jawOpen": 0.9}, found=t < 1)  # noqa: E731
    frames = run(made, ticks(3, fps=30), phone)
    assert shape(frames[35], "jawOpen") == pytest.approx(0.9)
    assert shape(frames[-1], "jawOpen") == pytest.approx(CAMERA, abs=0.01)


@pytest.mark.parametrize("fps", [15, 30, 60, 144])
@pytest.mark.parametrize("when_lost", ["camera", "hold", "neutral"])
def test_no_value_jumps_on_loss_and_return(config: Config, fps: int, when_lost: str) -> None:
    """All inputs and the camera stand still, each elsewhere: every step is the ease's."""
    made = driver(config, table(when_lost=when_lost))
    phone = {"jawOpen": 0.9, "mouthSmile": 1.0, "browInnerUp": 1.0, "eyeSquint": 1.0}
    other = {"jawOpen": 0.1, "mouthFrown": 1.0, "cheekPuff": 0.8}
    say = until(1, at(phone, yaw_deg=25.0, at_m=(0.1, 0.0, 0.0)), 3)
    again: Say = lambda t: at(other, yaw_deg=-25.0)(t) if t >= 3 else say(t)  # noqa: E731
    frames = run(made, ticks(5, fps=fps), again)
    # The steepest point of the ease, and the end of a step that a tick falls into.
    share = 1.5 * (1000 / fps) / EASE_MS + 1e-5
    settled = frames[int(0.4 * fps) :]
    for a, b in itertools.pairwise(settled):
        moved = np.abs(b.state.shapes - a.state.shapes)
        assert float(moved.max()) <= share
        assert math.degrees(quat_angle(a.state.head_xyzw, b.state.head_xyzw)) <= 50 * share + 0.05


def test_a_short_gap_is_no_jump_either(config: Config) -> None:
    """Wi-Fi that stalls for 0.3 s: what comes then is eased to, although nothing was lost."""
    made = driver(config, table(channels=("mouth",)))
    say = until(1, at({"jawOpen": 0.0}), 1.3)
    moved: Say = lambda t: at({"jawOpen": 1.0})(t) if t >= 1.3 else say(t)  # noqa: E731
    jaw = [shape(f, "jawOpen") for f in run(made, ticks(2, fps=60), moved)][40:]
    assert max(np.abs(np.diff(jaw))) <= 1.5 * (1000 / 60) / EASE_MS + 1e-5
    assert jaw[-1] == 1.0


def test_a_phone_alone_is_a_live_avatar(config: Config) -> None:
    made = driver(config, table())
    frames = run(made, ticks(4, fps=60), until(2, at(SMILE, yaw_deg=10.0)), look=None)
    assert frames[60].status is Status.LIVE
    assert shape(frames[60], "mouthSmileLeft") == pytest.approx(0.8)
    # No idle sway on a head that is tracked.
    assert yaw_deg(frames[60]) == pytest.approx(yaw_deg(frames[110]), abs=1e-3)
    assert frames[-1].status is Status.LOST
    assert shape(frames[-1], "mouthSmileLeft") == 0.0
    assert abs(yaw_deg(frames[-1])) < 1.1


def test_idle_blinks_where_nobody_drives_the_lids(config: Config) -> None:
    blinking = {}
    for channels in (("head", "mouth"), ("lids", "mouth")):
        made = driver(config, table(channels=channels))
        frames = run(made, ticks(12, fps=30), at({}, yaw_deg=0.0), look=None)
        blinking[channels[0]] = max(shape(f, "eyeBlinkLeft") for f in frames[30:])
    assert blinking["head"] > 0.8
    assert blinking["lids"] == 0.0


def test_held_is_said_and_lost_is_said(config: Config) -> None:
    for when_lost, status in (("hold", Status.HELD), ("neutral", Status.LOST)):
        made = driver(config, table(when_lost=when_lost))
        frames = run(made, ticks(3, fps=30), until(1, at(SMILE, yaw_deg=0.0)), look=None)
        assert frames[-1].status is status


def test_expressions_of_another_app_take_the_place_of_ours(config: Config) -> None:
    made = driver(config, table(channels=("emotion",)))
    feel = lambda t: make_emotion(round(t * 1e9), happiness=0.95)  # noqa: E731
    say = until(3, at({}, weights={"anger": 0.8}))
    frames = run(made, ticks(6, fps=30), say, emotion=feel)
    felt = frames[80].state.emotion
    assert felt.weights[EMOTION_INDEX["anger"]] == pytest.approx(0.8)
    assert felt.shown == felt.leading == EMOTION_INDEX["anger"]
    assert felt.probs.sum() == pytest.approx(1)
    back = frames[-1].state.emotion
    assert back.shown == EMOTION_INDEX["happiness"]
    anger = [f.state.emotion.weights[EMOTION_INDEX["anger"]] for f in frames[30:]]
    assert max(np.abs(np.diff(anger))) <= 0.8 * 1.5 * (1000 / 30) / EASE_MS + 1e-5


def test_the_classifier_hears_of_the_mixed_brows(config: Config) -> None:
    """Surprise while speaking is believed only with raised brows: the phone's count."""
    shown = {}
    for brows in (0.0, 0.8):
        made = driver(config, table(channels=("mouth", "brows")))
        say: Say = lambda t, up=brows: heard(  # type: ignore[misc]  # noqa: E731
            round(t * 1e9), {"jawOpen": 0.3 + 0.3 * math.sin(25 * t), "browInnerUp": up}
        )
        feel = lambda t: make_emotion(round(t * 1e9), **({"surprise": 0.97} if t > 2 else {}))  # noqa: E731
        frames = run(made, ticks(5, fps=60), say, emotion=feel)
        assert frames[-1].state.speaking > 0.9
        shown[brows] = {f.state.emotion.shown for f in frames[130:]}
    assert shown == {0.0: {0}, 0.8: {0, EMOTION_INDEX["surprise"]}}


def test_changed_channels_take_over_without_a_jump(config: Config) -> None:
    first = driver(config, table(channels=("mouth",)))
    say = at({"jawOpen": 0.9, "browInnerUp": 0.9}, yaw_deg=30.0)
    before = run(first, ticks(1, fps=60), say)[-1]
    second = driver(config, table(channels=("brows",), when_lost="hold"))
    second.adopt(first)
    times = [t + 10**9 for t in ticks(1, fps=60)]
    after = run(second, times, say)
    path = np.stack([f.state.shapes for f in (before, *after)])
    assert np.abs(np.diff(path, axis=0)).max() <= 1.5 * (1000 / 60) / EASE_MS
    assert shape(after[-1], "browInnerUp") == pytest.approx(0.9)
    assert shape(after[-1], "jawOpen") == pytest.approx(CAMERA, abs=0.01)
