"""Live inputs mixed into the camera's face: who has what, and nothing jumps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_inputs import heard, table

from vtdrive.config.inputs import CHANNELS, InputTable, MicInput
from vtdrive.config.schema import Config
from vtdrive.core.driver import TAKE_NEUTRAL, Driver
from vtdrive.core.input_slot import CHANNEL_LANES, LANES
from vtdrive.core.mirror import mirrored
from vtdrive.spaces import euler_from_quat, quat_angle
from vtdrive.testing import make_emotion, make_face, make_track, mirrored_face, ticks
from vtdrive.types import AvatarFrame, Emotion, Face, Incoming, Profile, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, MIRROR_SHAPE, SHAPE_INDEX

EASE_MS, VOICE_MS = 250, 80
SMILE = {"mouthSmile": 0.8, "jawOpen": 0.1}
SILENT = (0.0,) * 6
CAMERA = 0.477
"""What the default config makes of the camera's jawOpen of 0.2."""
Say = Callable[[float], Incoming | None]
Look = Callable[[float], Face | None]


def driver(config: Config, *tables: InputTable, auto: bool = False, **changed: Any) -> Driver:
    neutral = config.neutral.model_copy(update={"auto": auto})
    update = {"inputs": list(tables), "neutral": neutral, **changed}
    return Driver(config.model_copy(update=update), (Profile(), Profile("shapes", mirror=True)))


def run(
    made: Driver,
    times: Sequence[int],
    *say: Say,
    look: Look | None = lambda t: make_face(shapes={"jawOpen": 0.2}),
    emotion: Callable[[float], Emotion | None] = lambda t: None,
    commands: Callable[[float], Sequence[str]] = lambda t: (),
) -> list[AvatarFrame]:
    """The frames of a run; `look` None: a run without a camera. Inputs are asked at each tick."""
    frames = []
    for i, t_ns in enumerate(times):
        t = t_ns * 1e-9
        track = None if look is None else make_track(look(t), t_ns, seq=i)
        inputs = tuple(one(t) for one in say)
        frames.append(made.step(track, emotion(t), t_ns, commands(t), inputs=inputs))
    return frames


def at(shapes: dict[str, float], **more: Any) -> Say:
    """The same measurement again and again, fresh each time."""
    return lambda t: heard(round(t * 1e9), shapes, **more)


def until(end_s: float, say: Say, again_s: float = math.inf) -> Say:
    """Nothing new between `end_s` and `again_s`: the register keeps the last."""
    last: list[Incoming | None] = [None]

    def register(t: float) -> Incoming | None:
        if t < end_s or t >= again_s:
            last[0] = say(t)
        return last[0]

    return register


def shape(frame: AvatarFrame, name: str) -> float:
    return float(frame.state.shapes[SHAPE_INDEX[name]])


def yaw_deg(frame: AvatarFrame) -> float:
    return math.degrees(euler_from_quat(frame.state.head_xyzw)[0])


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


def lively(t: float) -> Incoming:
    return heard(
        round(t * 1e9),
        {"jawOpen": 0.5 + 0.4 * math.sin(9 * t), "mouthSmileLeft": 0.5 + 0.5 * math.sin(4 * t)},
        yaw_deg=20 * math.sin(2 * t),
        at_m=(0.05 * math.sin(3 * t), 0.0, -0.4),
        gaze_deg=((8 * math.sin(t), 3.0), (8 * math.sin(t), 3.0)),
        weights={"happiness": 0.5 + 0.5 * math.sin(t)},
    )


def test_30_fps_shows_what_60_shows(config: Config) -> None:
    found = {}
    for fps in (30, 60):
        made = driver(config, table(), auto=True)
        frames = run(made, ticks(6, fps=fps), until(3, lively, 4.5))
        found[fps] = {f.t_ns // 1_000_000: f for f in frames}
    both = sorted(found[30].keys() & found[60].keys())
    assert len(both) > 150
    for ms in both:
        slow, fast = found[30][ms].state, found[60][ms].state
        # A hand-over begins at the tick that notices it: up to one tick of the ease apart.
        late = 1.5 * (1000 / 60) / EASE_MS
        assert float(np.abs(slow.shapes - fast.shapes).max()) <= late + 0.02
        assert math.degrees(quat_angle(slow.head_xyzw, fast.head_xyzw)) <= 40 * late + 0.5


@pytest.mark.parametrize("shift_ns", [1, 10**9, 86_400 * 10**9, 2**55])
def test_time_may_start_anywhere(config: Config, shift_ns: int) -> None:
    def frames(start: int) -> list[AvatarFrame]:
        def moved(t: float) -> Incoming:
            # The motion of the unshifted run, stamped with this one's time.
            got = lively(t)
            return Incoming(**{
                **{name: getattr(got, name) for name in got.__slots__},
                "t_ns": got.t_ns + start,
            })  # fmt: skip

        made, out = driver(config, table(), auto=True), []
        say = until(2, moved, 3)
        for i, t_ns in enumerate(ticks(4, fps=30)):
            track = make_track(make_face(), t_ns + start, seq=i)
            out.append(made.step(track, None, t_ns + start, inputs=(say(t_ns * 1e-9),)))
        return out

    for a, b in zip(frames(0), frames(shift_ns), strict=True):
        assert a.state.shapes.tobytes() == b.state.shapes.tobytes()
        assert a.state.head_xyzw.tobytes() == b.state.head_xyzw.tobytes()


def flipped(incoming: Incoming) -> Incoming:
    """What the sender would measure of the mirror image."""
    turn = np.array([1, -1, -1, 1], np.float32)
    head, place, gaze = incoming.head_xyzw, incoming.head_m, incoming.gaze_rad
    return Incoming(
        t_ns=incoming.t_ns,
        found=incoming.found,
        shapes=frozen(incoming.shapes[list(MIRROR_SHAPE)]),
        known=incoming.known[list(MIRROR_SHAPE)],
        head_xyzw=None if head is None else frozen(head * turn),
        head_m=None if place is None else frozen(place * np.array([-1, 1, 1], np.float32)),
        gaze_rad=None if gaze is None else frozen(gaze[::-1] * np.array([-1, 1], np.float32)),
        weights=incoming.weights,
    )


def test_the_mirror_image_in_is_the_mirror_image_out(config: Config) -> None:
    still = config.idle.model_copy(update={"when": "never"})
    face = make_face(yaw_deg=8, shapes={"browDownLeft": 0.6, "mouthSmileRight": 0.4})
    plain = run(
        driver(config, table(channels=("head", "gaze", "mouth")), idle=still),
        ticks(3, fps=30), until(1.5, lively), look=lambda t: face,
    )  # fmt: skip
    turned = run(
        driver(config, table(channels=("head", "gaze", "mouth")), idle=still),
        ticks(3, fps=30),
        until(1.5, lambda t: flipped(lively(t))),
        look=lambda t: mirrored_face(face),
    )
    for a, b in zip(plain, turned, strict=True):
        image = mirrored(a.state)
        np.testing.assert_allclose(b.state.shapes, image.shapes, atol=2e-3)
        np.testing.assert_allclose(b.state.head_m, image.head_m, atol=1e-4)
        np.testing.assert_allclose(b.state.gaze_rad, image.gaze_rad, atol=1e-3)
        assert quat_angle(b.state.head_xyzw, image.head_xyzw) < 1e-3


WINK = {"eyeBlinkLeft": 1.0, "browOuterUpLeft": 0.7, "mouthSmileLeft": 0.9, "cheekSquintLeft": 0.8}


@pytest.mark.parametrize(
    ("channel", "name", "value"),
    [
        ("lids", "eyeBlinkLeft", 1.0),
        ("brows", "browOuterUpLeft", 0.7),
        ("mouth", "mouthSmileLeft", 0.9),
        ("cheeks", "cheekSquintLeft", 0.8),
        ("gaze", "eyeLookOutLeft", None),
        ("head", "", None),
    ],
)
def test_left_is_left_in_every_channel(
    config: Config, channel: str, name: str, value: float | None
) -> None:
    """The subject's own left: + yaw, `Left` shapes; exchanged only where a target is a mirror."""
    made = driver(config, table(channels=(channel,)))
    look = ((20.0, 0.0), (20.0, 0.0))
    last = run(made, ticks(2, fps=30), at(WINK, yaw_deg=20.0, gaze_deg=look))[-1]
    names = made.schema.names
    plain, mirror = (pose.params for pose in last.poses.values())
    if channel == "head":
        assert yaw_deg(last) == pytest.approx(20, abs=0.1)
        return
    if channel == "gaze":
        assert last.state.gaze_rad[0, 0] == pytest.approx(math.radians(20), abs=1e-3)
        assert shape(last, "eyeLookInRight") == pytest.approx(shape(last, name))
    here = shape(last, name)
    assert here > 0.5
    if value is not None:
        assert here == pytest.approx(value)
    other = name.replace("Left", "Right")
    assert plain[names.index(name)] == pytest.approx(here, abs=1e-3)
    assert mirror[names.index(other)] == pytest.approx(here, abs=0.1)
    assert mirror[names.index(name)] < 0.2


@given(st.data())
def test_what_is_no_number_never_leaves(config: Config, data: st.DataObject) -> None:
    made = driver(config, table(), table(port=1))
    bad = st.sampled_from([math.nan, math.inf, -math.inf, 3e38, -3e38, 1e-40, 0.0, 0.5, 2.0])

    def some(t: float) -> Incoming | None:
        if data.draw(st.booleans()):
            return None
        good = lively(t)
        parts: dict[str, Any] = {name: getattr(good, name) for name in good.__slots__}
        for name in ("shapes", "head_xyzw", "head_m", "gaze_rad", "weights"):
            array = np.array(parts[name])
            flat = array.reshape(-1)
            flat[data.draw(st.integers(0, flat.size - 1))] = data.draw(bad)
            parts[name] = frozen(array)
        return Incoming(**parts)

    for frame in run(made, ticks(0.5, fps=10), some, some):
        state = frame.state
        for values in (state.head_xyzw, state.head_m, state.gaze_rad, state.voice):
            assert np.isfinite(values).all()
        assert (state.shapes >= 0).all()
        assert (state.shapes <= 1).all()
        assert (state.emotion.weights >= 0).all()
        assert (state.emotion.weights <= 1).all()
        assert float(np.linalg.norm(state.head_xyzw)) == pytest.approx(1, abs=1e-4)
        for pose in frame.poses.values():
            assert np.isfinite(pose.params).all()
            assert np.isfinite(pose.bones_xyzw).all()
            assert np.isfinite(pose.root_m).all()


def test_only_bad_values_are_silence(config: Config) -> None:
    made = driver(config, table(channels=("mouth",)))
    say: Say = lambda t: heard(round(t * 1e9), {"jawOpen": 0.9 if t < 1 else math.nan})  # noqa: E731
    frames = run(made, ticks(2.5, fps=30), say)
    assert shape(frames[35], "jawOpen") == pytest.approx(0.9)
    assert shape(frames[-1], "jawOpen") == pytest.approx(CAMERA, abs=0.01)
    assert made.mixer.bad == 45


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


def voice(t: float, level: float = 0.8) -> Incoming:
    loud = level > 0
    return heard(
        round(t * 1e9), {"jawOpen": level, "mouthFunnel": 0.0}, known="given", found=loud,
        voice=(level, 0.0, 0.0, 0.0, 0.0, level) if loud else SILENT,
    )  # fmt: skip


def test_a_microphone_moves_the_mouth_only_without_a_face(config: Config) -> None:
    made = driver(config, MicInput())
    gone: Look = lambda t: make_face(shapes={"jawOpen": 0.2}) if t < 2 else None  # noqa: E731
    frames = run(made, ticks(5, fps=60), voice, look=gone)
    assert shape(frames[110], "jawOpen") == pytest.approx(CAMERA, abs=0.01)
    assert shape(frames[-1], "jawOpen") == pytest.approx(0.8)
    assert (frames[110].status, frames[-1].status) == (Status.LIVE, Status.LIVE)
    jaw = [shape(f, "jawOpen") for f in frames[60:]]
    assert max(np.abs(np.diff(jaw))) <= 0.8 * 1.5 * (1000 / 60) / VOICE_MS


def test_a_word_does_not_come_late(config: Config) -> None:
    """Behind the camera the mouth stays with the voice through its pauses; before it the hand-over
    takes no longer than a jaw takes to open."""
    late_ms = {}
    for rank in ("fallback", "first"):
        made = driver(config, MicInput(rank=rank))
        say: Say = lambda t: voice(t, 0.8 if 1 < t < 2 or t > 4 else 0.0)  # noqa: E731
        look: Look | None = None if rank == "fallback" else lambda t: make_face()
        frames = run(made, ticks(5, fps=100), say, look=look)
        assert shape(frames[390], "jawOpen") < 0.02
        assert frames[390].status is (Status.LOST if look is None else Status.LIVE)
        open_at = next(f.t_ns for f in frames[390:] if shape(f, "jawOpen") > 0.7)
        late_ms[rank] = (open_at - 4_000_000_000) * 1e-6
    assert late_ms["fallback"] <= 10
    assert late_ms["first"] <= VOICE_MS


def test_a_microphone_that_comes_first_has_the_mouth_while_it_hears(config: Config) -> None:
    made = driver(config, MicInput(rank="first"))
    say: Say = lambda t: voice(t, 0.8 if t < 2 else 0.0)  # noqa: E731
    frames = run(made, ticks(4, fps=60), say)
    assert shape(frames[110], "jawOpen") == pytest.approx(0.8)
    # A voice that falls silent closes the mouth at once, and gives it back when it is over.
    assert shape(frames[130], "jawOpen") == 0.0
    assert shape(frames[-1], "jawOpen") == pytest.approx(CAMERA, abs=0.01)


def test_a_phone_keeps_its_mouth_from_the_microphone(config: Config) -> None:
    made = driver(config, MicInput(), table())
    last = run(made, ticks(2, fps=30), voice, at({"jawOpen": 0.3}), look=None)[-1]
    assert shape(last, "jawOpen") == pytest.approx(0.3)


def test_a_mapping_may_weigh_the_voice(config: Config) -> None:
    from vtdrive.config.load import load_config
    from vtdrive.core.signals import SIGNALS

    changed = load_config(
        [], overrides={"outputs": {"Loud": {"sum": {"voice.volume": 1.0}}}}, known_signals=SIGNALS
    )
    made = driver(changed, MicInput())
    say: Say = lambda t: voice(t, 0.8 if t < 1 else 0.0)  # noqa: E731
    frames = run(made, ticks(2, fps=30), say)
    loud = [f.poses[Profile()].params[made.schema.names.index("Loud")] for f in frames]
    assert loud[25] == pytest.approx(0.8)
    assert loud[-1] == 0.0


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
