"""Freeze, panic, forced expressions, no emotion: what shows, how it comes and how it goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.core.driver import Driver
from vtdrive.testing import make_emotion, make_face, make_track, ticks
from vtdrive.types import AvatarFrame, Emotion, Face, Profile, Status
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS, SHAPE_INDEX

MakeDriver = Callable[..., Driver]
Floats = npt.NDArray[Any]
HAPPY, ANGER = EMOTION_INDEX["happiness"], EMOTION_INDEX["anger"]
BLINK = SHAPE_INDEX["eyeBlinkLeft"]
S = 1_000_000_000


def lively(t: float) -> Face:
    """A head that nods and turns, a jaw that moves, eyes that wander."""
    return make_face(
        yaw_deg=15 * math.sin(2 * t),
        pitch_deg=8 * math.sin(3 * t),
        gaze_deg=((10 * math.sin(t), 0.0), (10 * math.sin(t), 0.0)),
        shapes={"jawOpen": 0.4 + 0.3 * math.sin(9 * t)},
    )


def cross(t: float) -> Emotion:
    """A sure sample every 100 ms."""
    return make_emotion(int(t * 10 + 1e-6) * S // 10, anger=0.92)


def performed(
    driver: Driver,
    commands: Mapping[float, str],
    *,
    seconds: float = 6.0,
    fps: float = 60.0,
    motion: Callable[[float], Face | None] = lively,
    emotion: Callable[[float], Emotion | None] = lambda t: None,
) -> list[AvatarFrame]:
    """Frames of a motion; each command is given at the first tick of its second or later."""
    waiting, out = sorted(commands.items()), []
    for i, t_ns in enumerate(ticks(seconds, fps=fps)):
        t, now = t_ns * 1e-9, []
        while waiting and waiting[0][0] <= t + 1e-9:
            now.append(waiting.pop(0)[1])
        out.append(driver.step(make_track(motion(t), t_ns, seq=i), emotion(t), t_ns, now))
    return out


def params(frames: list[AvatarFrame]) -> Floats:
    return np.stack([frame.poses[Profile()].params for frame in frames])


def bones(frames: list[AvatarFrame]) -> Floats:
    return np.stack([frame.poses[Profile()].bones_xyzw for frame in frames])


def weights(frames: list[AvatarFrame], i: int) -> Floats:
    return np.array([float(frame.state.emotion.weights[i]) for frame in frames])


def test_a_frozen_avatar_holds_still_and_thaws_without_a_jump(make_driver: MakeDriver) -> None:
    driver = make_driver(neutral={"auto": False}, idle={"when": "always"})
    frames = performed(driver, {3.0: "freeze on", 4.0: "freeze off"}, emotion=cross)
    plain = performed(
        make_driver(neutral={"auto": False}, idle={"when": "always"}), {}, emotion=cross
    )
    still = slice(180, 240)
    # The pose, the face, the breath and the emotion are those of the tick before.
    assert np.ptp(params(frames[still]), axis=0).max() == 0
    assert np.ptp(bones(frames[still]), axis=0).max() == 0
    np.testing.assert_array_equal(params(frames)[180], params(plain)[179])
    assert len({frame.state.breath for frame in frames[still]}) == 1
    # It is the live face again 0.3 s after, and gets there no faster than a face moves.
    np.testing.assert_array_equal(params(frames)[260:], params(plain)[260:])
    steps = np.abs(np.diff(params(frames)[239:262], axis=0)).max()
    assert steps < 0.15


def test_only_while_frozen_and_not_in_panic_is_a_face_still(make_driver: MakeDriver) -> None:
    frames = performed(
        make_driver(), {1: "freeze on", 2: "panic on", 3: "panic off", 4: "freeze off"}, seconds=5.0
    )
    still = [frame.state.still for frame in frames]
    assert not any(still[:60])
    assert all(still[60:120])
    assert not any(still[121:180]), "at rest it breathes"
    assert all(still[200:240])
    assert not any(still[240:])


def test_a_frozen_avatar_stays_as_it_is_when_its_face_goes(make_driver: MakeDriver) -> None:
    frames = performed(
        make_driver(neutral={"auto": False}),
        {1.0: "freeze on"},
        motion=lambda t: lively(t) if t < 2 else None,
    )
    assert {frame.status for frame in frames[60:]} == {Status.LIVE}
    assert np.ptp(params(frames[60:]), axis=0).max() == 0


def test_a_blink_under_way_opens_and_a_wink_stays(make_driver: MakeDriver) -> None:
    def blinking(t: float) -> Face:
        return make_face(shut=(1.0, 1.0) if 0.9 < t < 1.1 else (0.0, 0.0))

    frames = performed(make_driver(), {1.0: "freeze on"}, motion=blinking, seconds=2)
    lids = [float(frame.state.shapes[BLINK]) for frame in frames]
    assert lids[59] > 0.9
    assert max(lids[75:]) < 0.05
    winks = performed(
        make_driver(),
        {1.0: "freeze on"},
        motion=lambda t: make_face(shut=(1.0, 0.0) if t > 0.3 else (0.0, 0.0)),
        seconds=2,
    )
    assert min(float(frame.state.shapes[BLINK]) for frame in winks[60:]) > 0.9


def test_frozen_and_thawed_within_a_blink_jumps_nowhere(make_driver: MakeDriver) -> None:
    def blinking(t: float) -> Face:
        return make_face(shut=(1.0, 1.0) if 0.9 < t < 1.4 else (0.0, 0.0))

    frames = performed(
        make_driver(), {1.0: "freeze on", 1.05: "freeze off"}, motion=blinking, seconds=1.3
    )
    lids = np.array([float(frame.state.shapes[BLINK]) for frame in frames])
    assert np.abs(np.diff(lids[58:])).max() < 0.3


def test_frozen_from_the_first_tick_holds_that_tick(make_driver: MakeDriver) -> None:
    frames = performed(make_driver(), {0.0: "freeze on"}, seconds=1)
    assert np.ptp(params(frames), axis=0).max() == 0


def test_panic_reaches_rest_within_300_ms_and_stays(make_driver: MakeDriver) -> None:
    driver = make_driver(neutral={"auto": False}, idle={"when": "never"})
    frames = performed(driver, {3.0: "panic on", 4.5: "panic off"}, emotion=cross)
    neutral = np.array([param.neutral for param in driver.schema.params], np.float32)
    np.testing.assert_allclose(params(frames)[198:270], np.tile(neutral, (72, 1)), atol=1e-6)
    np.testing.assert_allclose(bones(frames)[198:270, :, 3], 1.0, atol=1e-6)
    assert weights(frames, ANGER)[198:270].max() == 0
    assert frames[200].state.emotion.shown == 0
    assert weights(frames, ANGER)[290] > 0.5, "it comes back as it is then"
    assert np.abs(np.diff(params(frames)[178:310], axis=0)).max() < 0.2


def test_panic_leaves_signs_of_life_as_after_a_lost_face(make_driver: MakeDriver) -> None:
    frames = performed(make_driver(), {0.5: "panic on"}, seconds=14)
    after = frames[60:]
    assert np.ptp([frame.state.breath for frame in after]) > 1.5
    assert max(float(frame.state.shapes[BLINK]) for frame in after) > 0.9
    others = np.delete(np.stack([f.state.shapes for f in after]), [BLINK, BLINK + 7], axis=1)
    assert others[:, [SHAPE_INDEX["jawOpen"]]].max() == 0


def test_panic_wins_over_freeze_which_waits_beneath(make_driver: MakeDriver) -> None:
    driver = make_driver(neutral={"auto": False}, idle={"when": "never"})
    frames = performed(driver, {1.0: "freeze on", 2.0: "panic on", 3.0: "panic off"})
    seen = params(frames)
    assert np.abs(seen[140:180]).max() < 1e-6
    np.testing.assert_array_equal(seen[205], seen[100])


def test_a_forced_expression_eases_in_lasts_and_eases_out(make_driver: MakeDriver) -> None:
    driver = make_driver()
    timing = driver.config.emotion.of("happiness")
    frames = performed(driver, {1.0: "expression happiness for 2"})
    happy = weights(frames, HAPPY)
    assert happy[59] == 0
    settled = 60 + math.ceil(timing.attack_ms * 0.06)
    assert happy[settled] == pytest.approx(0.95 * timing.cap, abs=0.03)
    assert happy[179] == pytest.approx(timing.cap, abs=0.002)
    released = 180 + math.ceil(timing.release_ms * 0.06)
    assert happy[released] == pytest.approx(0.05 * timing.cap, abs=0.02)
    assert happy[-1] == 0
    assert [frame.state.emotion.shown for frame in frames[61:179]] == [HAPPY] * 118
    assert frames[185].state.emotion.shown == 0


def test_a_forced_expression_takes_the_place_of_the_faces_own(make_driver: MakeDriver) -> None:
    frames = performed(
        make_driver(),
        {2.0: "expression happiness on 1", 4.0: "expression happiness off"},
        emotion=cross,
        seconds=8,
    )
    anger, happy = weights(frames, ANGER), weights(frames, HAPPY)
    assert anger[119] > 0.7
    assert anger[230] == 0
    assert happy[230] == pytest.approx(1, abs=0.01)
    assert anger[-1] == pytest.approx(anger[119], abs=0.05)
    assert (anger + happy).max() <= 1.0


def test_forcing_what_shows_already_changes_nothing(make_driver: MakeDriver) -> None:
    driver = make_driver()
    frames = performed(
        driver,
        {4.0: "expression anger on 0.8", 5.0: "expression anger off"},
        emotion=cross,
        seconds=8,
    )
    anger = weights(frames, ANGER)[230:]
    assert np.ptp(anger) < 0.03


def test_another_forced_expression_replaces_the_first(make_driver: MakeDriver) -> None:
    frames = performed(
        make_driver(), {1.0: "expression happiness on", 2.0: "expression sadness on"}
    )
    assert weights(frames, HAPPY)[-1] == 0
    assert weights(frames, EMOTION_INDEX["sadness"])[-1] > 0.7


def test_a_forced_neutral_calms_and_emotion_off_does_too(make_driver: MakeDriver) -> None:
    for on, off in (
        ("expression neutral on", "expression neutral off"),
        ("emotion off", "emotion on"),
    ):
        frames = performed(make_driver(), {2.0: on, 4.0: off}, emotion=cross)
        anger = weights(frames, ANGER)
        assert anger[119] > 0.7
        assert anger[235] == 0
        assert frames[200].state.emotion.shown == 0
        assert frames[200].state.emotion.leading == ANGER, "what is believed is still told"
        assert anger[-1] > 0.7


def test_emotion_off_leaves_a_forced_expression(make_driver: MakeDriver) -> None:
    frames = performed(make_driver(), {0.5: "emotion off", 1.0: "expression fear on"})
    assert weights(frames, EMOTION_INDEX["fear"])[-1] > 0.7


SCRIPT = {
    1.0: "expression happiness for 1.25 0.9",
    1.5: "emotion toggle",
    2.0: "freeze toggle",
    2.7: "freeze toggle",
    3.0: "panic toggle",
    3.1: "panic toggle",
    3.5: "panic on",
    4.4: "panic off",
    4.6: "emotion on",
}


def test_the_same_at_30_and_60_fps(make_driver: MakeDriver) -> None:
    """Of the overrides themselves: the face is at rest, so that filters have no say."""

    def run(fps: float) -> Floats:
        driver = make_driver(neutral={"auto": False})
        frames = performed(
            driver, SCRIPT, fps=fps, motion=lambda t: make_face(shapes={"jawOpen": 0.5})
        )
        return params(frames)

    slow, fast = run(30), run(60)[::2]
    # Every command falls on a tick of both but one, which is 1/60 s later at 30 fps.
    assert np.abs(slow - fast).max() < 0.12
    assert np.abs(slow - fast).mean() < 0.002


def test_an_expression_for_a_time_ends_on_its_time_at_any_rate(make_driver: MakeDriver) -> None:
    def run(fps: float) -> Floats:
        frames = performed(make_driver(), {1.0: "expression happiness for 0.51"}, fps=fps)
        return weights(frames, HAPPY)

    for fps, every in ((15.0, 4), (30.0, 2)):
        np.testing.assert_allclose(run(fps), run(60)[::every], atol=1e-5)


def test_time_shifts_and_toggles_do_not_matter(make_driver: MakeDriver) -> None:
    frames = performed(make_driver(), SCRIPT, emotion=cross)
    told = {i / 60: " ".join(f.commands) for i, f in enumerate(frames) if f.commands}
    assert "freeze on" in told.values()
    assert not any("toggle" in text for text in told.values())
    again = performed(make_driver(), told, emotion=cross)
    np.testing.assert_array_equal(params(again), params(frames))


@settings(max_examples=12)
@given(st.integers(0, 330))
def test_another_config_carries_on_what_is_forced(cut: int) -> None:
    from vtdrive.config.load import load_config

    config = load_config([])
    whole, first, second = Driver(config), Driver(config), Driver(config)
    times = ticks(5.5, fps=60)
    waiting = sorted(SCRIPT.items())
    for i, t_ns in enumerate(times):
        t, now = t_ns * 1e-9, []
        while waiting and waiting[0][0] <= t + 1e-9:
            now.append(waiting.pop(0)[1])
        if i == cut:
            second.adopt(first)
            first = second
        args = (make_track(lively(t), t_ns, seq=i), cross(t), t_ns, now)
        was, now_is = whole.step(*args), first.step(*args)
        np.testing.assert_array_equal(was.poses[Profile()].params, now_is.poses[Profile()].params)


def test_standing_commands_bring_a_fresh_driver_to_the_same(make_driver: MakeDriver) -> None:
    driver = make_driver()
    performed(driver, {0.0: "emotion off", 1.0: "expression fear for 30 0.5", 2.0: "panic on"})
    standing = driver.overrides.standing(6 * S)
    assert standing == ["panic on", "emotion off", "expression fear for 25.0 0.5"]
    fresh = make_driver()
    frames = performed(fresh, dict.fromkeys([0.0], standing[2]), seconds=2)
    assert weights(frames, EMOTION_INDEX["fear"])[-1] == pytest.approx(0.5, abs=0.01)


def test_unknown_commands_are_kept_and_do_nothing(make_driver: MakeDriver) -> None:
    frames = performed(make_driver(), {1.0: "somersault"}, seconds=2)
    plain = performed(make_driver(), {}, seconds=2)
    assert frames[60].commands == ("somersault",)
    np.testing.assert_array_equal(params(frames), params(plain))


@given(
    st.dictionaries(
        st.floats(0, 3),
        st.sampled_from(
            [f"{name} {to}" for name in ("freeze", "panic", "emotion") for to in ("on", "toggle")]
            + [f"expression {name} toggle 1" for name in EMOTIONS]
            + ["expression anger for 0.2"]
        ),
        max_size=8,
    )
)
def test_whatever_is_pressed_values_stay_in_range(commands: dict[float, str]) -> None:
    from vtdrive.config.load import load_config

    driver = Driver(load_config([]))
    low = np.array([param.lo for param in driver.schema.params]) - 1e-6
    high = np.array([param.hi for param in driver.schema.params]) + 1e-6
    frames = performed(driver, commands, seconds=3, fps=30, emotion=cross)
    seen = params(frames)
    assert np.isfinite(seen).all()
    assert (seen >= low).all()
    assert (seen <= high).all()
    felt = np.stack([frame.state.emotion.weights for frame in frames])
    assert felt.min() >= 0
    assert felt.max() <= 1
