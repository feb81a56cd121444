"""`core.merge` and `core.skeleton`: who wins, and how far an avatar may turn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.schema import Config, Head
from vtdrive.core.driver import Driver
from vtdrive.core.poser import Poser
from vtdrive.core.skeleton import Skeleton, soft_limit
from vtdrive.spaces import euler_from_quat, quat_from_euler
from vtdrive.testing import (
    SECOND_NS,
    make_emotion,
    make_face,
    make_track,
    perform,
    shape_vector,
    ticks,
)
from vtdrive.types import EmotionState, FaceState, Pose, Profile, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, SHAPES

SHAPE, BOTH, PRESETS = Profile("shapes"), Profile("both"), Profile("presets")
VOWELS = ("aa", "ih", "ou", "ee", "oh")


def state_of(
    shapes: dict[str, float] | None = None, *, speaking: float = 0.0, **weights: float
) -> FaceState:
    felt = np.zeros(8, np.float32)
    for name, weight in weights.items():
        felt[EMOTION_INDEX[name]] = weight
    return FaceState(
        status=Status.LIVE,
        head_xyzw=frozen([0, 0, 0, 1]),
        head_m=frozen([0, 0, 0]),
        gaze_rad=frozen(np.zeros((2, 2))),
        shapes=frozen(shape_vector(shapes or {})),
        emotion=EmotionState(frozen(np.eye(8)[0]), frozen(felt), 0, 0),
        speaking=speaking,
        breath=0.0,
    )


class Mapped:
    """A state through the mapping and the merge policy, without the filters before them."""

    def __init__(self, config: Config, state: FaceState) -> None:
        poser = Poser(config, (BOTH, SHAPE, PRESETS))
        self._names = poser.schema.names
        self._poses: dict[Profile, Pose] = poser.poses(state)

    def __call__(self, name: str, profile: Profile = BOTH) -> float:
        return float(self._poses[profile].params[self._names.index(name)])


def merged(config: Config, **keys: Any) -> Config:
    return config.model_copy(update={"merge": config.merge.model_copy(update=keys)})


@given(
    levels=st.dictionaries(
        st.sampled_from(["jawOpen", "mouthFunnel", "mouthPucker", "mouthSmile", "mouthStretch"]),
        st.floats(0, 1),
    ),
    happiness=st.floats(0, 1),
)
def test_vowels_never_exceed_one_together(
    config: Config, levels: dict[str, float], happiness: float
) -> None:
    out = Mapped(config, state_of(levels, happiness=happiness))
    assert sum(out(v) for v in VOWELS) <= 1 + 1e-5
    assert all(out(v) >= 0 for v in VOWELS)


def test_an_expression_damps_vowels_and_a_smile_damps_blinks(config: Config) -> None:
    act = {"jawOpen": 0.5, "eyeBlink": 1.0}
    calm, joy = Mapped(config, state_of(act)), Mapped(config, state_of(act, happiness=0.5))
    assert joy("aa") == pytest.approx(calm("aa") * (1 - 0.4 * 0.5), abs=1e-5)
    assert calm("blink") == 1.0
    assert joy("blink") == pytest.approx(1 - 0.6 * 0.5, abs=1e-5)
    assert joy("eyeBlinkLeft") == 1.0


def test_speaking_damps_expressions(config: Config) -> None:
    quiet = Mapped(config, state_of(anger=0.8))
    speaking = Mapped(config, state_of(anger=0.8, speaking=1.0))
    assert speaking("angry") == pytest.approx(0.7 * quiet("angry"), abs=1e-5)


def test_a_blink_wins_over_wide_eyes_of_each_side(config: Config) -> None:
    act = {"eyeWide": 0.8, "eyeBlinkLeft": 1.0}
    out = Mapped(config, state_of(act, surprise=0.8))
    for profile in (BOTH, SHAPE):
        assert out("eyeWideLeft", profile) == 0.0
        assert out("eyeWideRight", profile) >= 0.8 - 1e-6


def test_linked_lids_are_one_blink_and_a_wink_is_a_pair(config: Config) -> None:
    linked = Mapped(config, state_of({"eyeBlink": 0.7}))
    assert linked("blink") == pytest.approx(0.7)
    assert linked("blinkLeft") == linked("blinkRight") == 0.0
    wink = Mapped(config, state_of({"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.1}))
    assert wink("blink") == 0.0
    assert wink("blinkLeft") == pytest.approx(0.9)


@pytest.mark.parametrize("missing", [("blink",), ("blinkLeft", "blinkRight")])
@pytest.mark.parametrize("right", [0.9, 0.2])
def test_where_only_one_kind_of_blink_is_mapped_it_always_blinks(
    config: Config, missing: tuple[str, ...], right: float
) -> None:
    outputs = {name: out for name, out in config.outputs.items() if name not in missing}
    act = state_of({"eyeBlinkLeft": 0.9, "eyeBlinkRight": right})
    out = Mapped(config.model_copy(update={"outputs": outputs}), act)
    if "blink" in missing:
        assert out("blinkLeft") == pytest.approx(0.9)
    else:
        assert out("blink") == pytest.approx((0.9 + right) / 2)


def test_the_overlay_is_the_larger_of_both_and_only_for_shapes(config: Config) -> None:
    act = {"browDownLeft": 0.9, "browDownRight": 0.1}
    out = Mapped(config, state_of(act, anger=0.5))
    assert out("browDownLeft", SHAPE) == pytest.approx(0.9)
    assert out("browDownRight", SHAPE) == pytest.approx(0.4)
    assert out("browDownRight", BOTH) == pytest.approx(0.1)


def test_speaking_damps_the_mouth_of_the_overlay_only(config: Config) -> None:
    out = Mapped(config, state_of(happiness=0.8, speaking=1.0))
    assert out("mouthSmileLeft", SHAPE) == pytest.approx(0.5 * 0.8 * (1 - 0.67), abs=1e-5)
    assert out("cheekSquintLeft", SHAPE) == pytest.approx(0.5 * 0.8, abs=1e-5)


def test_contempt_goes_to_the_stronger_side_and_right_when_equal(config: Config) -> None:
    left = Mapped(config, state_of({"mouthSmileLeft": 0.2}, contempt=0.8))
    assert left("mouthDimpleLeft", SHAPE) == pytest.approx(0.4)
    assert left("mouthDimpleRight", SHAPE) == 0.0
    even = Mapped(config, state_of(contempt=0.8))
    assert even("mouthDimpleRight", SHAPE) == pytest.approx(0.4)
    assert even("mouthDimpleLeft", SHAPE) == 0.0


def test_each_drive_gets_exact_zeros_for_what_it_does_not_want(config: Config) -> None:
    act = state_of({"jawOpen": 0.8, "mouthSmile": 0.7}, happiness=0.8)
    out, driver = Mapped(config, act), Driver(config)
    for param in driver.schema.params:
        if param.kind == "preset":
            assert out(param.name, SHAPE) == 0.0
        if param.kind == "shape":
            assert out(param.name, PRESETS) == 0.0
    assert out("happy", PRESETS) > 0.5
    assert out("jawOpen", SHAPE) > 0.5


def test_the_overlay_respects_a_limit_that_the_user_sets(config: Config) -> None:
    from vtdrive.config.expr import Output

    limited = Output(sum={"eyeWideLeft": 1.0}, drive="shape", clamp=(0.0, 0.3))
    outputs = {**config.outputs, "eyeWideLeft": limited}
    out = Mapped(config.model_copy(update={"outputs": outputs}), state_of(surprise=0.8))
    assert out("eyeWideLeft", SHAPE) == pytest.approx(0.3)
    assert out("eyeWideRight", SHAPE) == pytest.approx(0.56)


@pytest.mark.parametrize(
    ("emotion", "presets"),
    [
        ("happiness", {"happy"}),
        ("surprise", {"surprised"}),
        ("sadness", {"sad"}),
        ("anger", {"angry"}),
        ("disgust", {"angry", "sad"}),
        ("fear", {"surprised", "sad"}),
        ("contempt", {"relaxed", "angry"}),
    ],
)
def test_each_emotion_reaches_its_presets_and_no_other(
    config: Config, emotion: str, presets: set[str]
) -> None:
    out = Mapped(config, state_of(**{emotion: 0.8}))  # type: ignore[arg-type]
    every = ("happy", "relaxed", "sad", "angry", "surprised", "neutral")
    assert {name for name in every if out(name) > 0} == presets


@given(weight=st.floats(0, 1))
def test_a_mild_smile_hands_over_to_a_full_one(config: Config, weight: float) -> None:
    out = Mapped(config, state_of(happiness=weight))
    assert out("happy") + out("relaxed") <= weight + 1e-5


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_goes_out_under_its_own_name(config: Config, name: str) -> None:
    out = Mapped(config, state_of({}))
    assert out(name) == 0.0
    vector = np.zeros(52, np.float32)
    vector[SHAPES.index(name)] = 0.6
    state = state_of()
    moved = FaceState(
        status=state.status,
        head_xyzw=state.head_xyzw,
        head_m=state.head_m,
        gaze_rad=state.gaze_rad,
        shapes=frozen(vector),
        emotion=state.emotion,
        speaking=0.0,
        breath=0.0,
    )
    assert Mapped(config, moved)(name) == pytest.approx(0.6)


def test_a_closed_mouth_grin_is_a_smile_and_not_anger_or_speech(config: Config) -> None:
    """Check 5, on what the network reports of a grin: smile, and brows that only seem down."""
    driver = Driver(config)
    grin = make_face(shapes={"mouthSmile": 0.6, "browDown": 0.55, "cheekSquint": 0.2})
    frames = perform(
        driver,
        lambda _: grin,
        ticks(3, fps=30),
        emotion=lambda t: make_emotion(round(t * 10) * 10**8, happiness=0.9),
    )
    params = dict(zip(driver.schema.names, frames[-1].poses[BOTH].params.tolist(), strict=True))
    assert params["mouthSmileLeft"] >= 0.9
    assert params["happy"] >= 0.6 * 0.8
    assert params["angry"] == 0.0
    assert sum(params[v] for v in VOWELS) <= 0.1
    assert params["browDownLeft"] <= 0.15


def test_a_yawn_opens_the_jaw(config: Config) -> None:
    driver = Driver(config)
    face = make_face(shapes={"jawOpen": 0.7})
    params = perform(driver, lambda _: face, ticks(1, fps=30))[-1].poses[BOTH].params
    assert params[driver.schema.names.index("jawOpen")] >= 0.95
    assert params[driver.schema.names.index("aa")] >= 0.8


# --- skeleton --------------------------------------------------------------------------------


@given(x=st.floats(-1e6, 1e6), limit=st.floats(1e-6, 1e3))
def test_a_soft_limit_is_odd_bounded_and_gentle(x: float, limit: float) -> None:
    out = soft_limit(x, limit)
    assert abs(out) <= limit * (1 + 1e-12)
    assert soft_limit(-x, limit) == -out
    if abs(x) <= 0.8 * limit:
        assert out == x
    assert soft_limit(x + 1e-3 * limit, limit) >= out


@given(
    yaw=st.floats(-3, 3), pitch=st.floats(-1.5, 1.5), roll=st.floats(-3, 3),
    look=st.lists(st.floats(-2, 2), min_size=4, max_size=4),
)  # fmt: skip
def test_bones_stay_within_their_limits(
    yaw: float, pitch: float, roll: float, look: list[float]
) -> None:
    skeleton = Skeleton(Head(), ("Neck", "Head", "LeftEye", "RightEye"))
    base = state_of()
    state = FaceState(
        status=base.status,
        head_xyzw=frozen(quat_from_euler(yaw=yaw, pitch=pitch, roll=roll)),
        head_m=frozen([1.0, -1.0, 5.0]),
        gaze_rad=frozen(np.reshape(look, (2, 2))),
        shapes=base.shapes,
        emotion=base.emotion,
        speaking=0.0,
        breath=0.0,
    )
    neck, head, left, right = skeleton.bones(state)
    turned = [math.degrees(a) for q in (neck, head) for a in euler_from_quat(q)]
    assert all(abs(a) <= 41 for a in turned)
    eyes = [np.degrees(euler_from_quat(q)) for q in (left, right)]
    for eye in eyes:
        assert abs(eye[0]) <= 20 + 3.01
        assert -15.01 <= eye[1] <= 12.01
    assert eyes[0][0] <= eyes[1][0] + 1e-3  # never wall-eyed
    assert eyes[0][1] == pytest.approx(eyes[1][1], abs=1e-3)
    assert (np.abs(skeleton.root(state)) <= np.array([0.15, 0.10, 0.15]) + 1e-6).all()


@pytest.mark.parametrize("bones", [("Head",), ("Neck", "Head"), ("LeftEye",), ()])
def test_any_set_of_bones(bones: tuple[Any, ...]) -> None:
    state = state_of()
    out = Skeleton(Head(), bones).bones(state)
    assert out.shape == (len(bones), 4)
    assert not out.flags.writeable


def test_without_a_neck_the_head_takes_the_whole_turn(config: Config) -> None:
    bones = config.bones.model_copy(update={"names": ("Head",)})
    driver = Driver(config.model_copy(update={"bones": bones}))
    for t in ticks(1, fps=30):
        frame = driver.step(make_track(make_face(yaw_deg=20), t), None, t)
    yaw = euler_from_quat(frame.poses[BOTH].bones_xyzw[0])[0]
    assert math.degrees(yaw) == pytest.approx(20, abs=0.3)


def test_a_root_that_is_switched_off_stays_exactly_there() -> None:
    head = Head(root_limit_m=(0.0, 0.0, 0.0))
    base = state_of()
    assert (Skeleton(head, ()).root(base) == 0.0).all()


def test_a_target_with_overrides_of_its_own_gets_blinks_undamped(config: Config) -> None:
    """VRM 1 models damp blinks by themselves; twice would leave the eyes half open."""
    plain, own = Profile(), Profile(overrides=True)
    driver = Driver(config, [plain, own])
    smile = [make_emotion(t, happiness=0.95, neutral=0.05) for t in ticks(3.0, fps=30)]
    for sample in smile:
        shut = (1.0, 1.0) if sample.t_ns > 2.5 * SECOND_NS else (0.0, 0.0)
        face = make_face(shut=shut)
        frame = driver.step(make_track(face, sample.t_ns), sample, sample.t_ns)
    blink = driver.schema.names.index("blink")
    assert frame.poses[own].params[blink] > 0.95
    assert frame.poses[plain].params[blink] < 0.6
