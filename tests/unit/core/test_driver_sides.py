"""`core.driver`: left means left, by absolute tests; then a mirror is a mirror, twice is none."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from vtdrive.core.driver import Driver
from vtdrive.core.mirror import mirrored
from vtdrive.spaces import euler_from_quat
from vtdrive.testing import make_emotion, make_face, make_track, mirrored_face, perform, ticks
from vtdrive.types import AvatarFrame, Emotion, Face, Profile
from vtdrive.vocab import mirror_name

MakeDriver = Callable[..., Driver]
PLAIN, MIRROR = Profile(), Profile(mirror=True)
PROFILES = (PLAIN, MIRROR)


def settled(
    make_driver: MakeDriver, face: Face, seconds: float = 1.0
) -> tuple[Driver, AvatarFrame]:
    driver = make_driver(*PROFILES, neutral={"auto": False})
    return driver, perform(driver, lambda _: face, ticks(seconds, fps=30))[-1]


class Shown:
    """Parameters by name and bones as angles, of one profile."""

    def __init__(self, driver: Driver, frame: AvatarFrame, profile: Profile) -> None:
        pose = frame.poses[profile]
        self.params = dict(zip(driver.schema.names, pose.params.tolist(), strict=True))
        self.bones = {
            bone: np.degrees(euler_from_quat(q))
            for bone, q in zip(driver.schema.bones, pose.bones_xyzw, strict=True)
        }
        self.root = pose.root_m


@pytest.mark.parametrize("profile", PROFILES, ids=["plain", "mirror"])
@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_wink_shuts_that_eye(make_driver: MakeDriver, side: str, profile: Profile) -> None:
    face = make_face(shut=(1.0, 0.0) if side == "Left" else (0.0, 1.0))
    driver, frame = settled(make_driver, face)
    shown = Shown(driver, frame, profile).params
    wanted = side if profile is PLAIN else mirror_name(side)
    assert shown[f"blink{wanted}"] >= 0.9
    assert shown[f"blink{mirror_name(wanted)}"] <= 0.1
    assert shown["blink"] == 0.0
    assert shown[f"eyeBlink{wanted}"] >= 0.9
    assert shown[f"eyeBlink{mirror_name(wanted)}"] <= 0.1


@pytest.mark.parametrize(("profile", "sign"), [(PLAIN, 1), (MIRROR, -1)])
@pytest.mark.parametrize("yaw", [20, -20])
def test_a_turn_to_the_left_is_positive_yaw(
    make_driver: MakeDriver, yaw: float, profile: Profile, sign: int
) -> None:
    driver, frame = settled(make_driver, make_face(yaw_deg=yaw))
    bones = Shown(driver, frame, profile).bones
    assert bones["Head"][0] + bones["Neck"][0] == pytest.approx(sign * yaw, abs=0.5)
    assert bones["Head"][0] / bones["Neck"][0] == pytest.approx(7 / 3, rel=0.02)


@pytest.mark.parametrize("profile", PROFILES, ids=["plain", "mirror"])
def test_looking_up_stays_up_and_leaning_swaps(make_driver: MakeDriver, profile: Profile) -> None:
    driver, frame = settled(
        make_driver, make_face(pitch_deg=12, roll_deg=10, at_m=(0.05, 0.03, -0.6))
    )
    shown, sign = Shown(driver, frame, profile), 1 if profile is PLAIN else -1
    _, pitch, roll = shown.bones["Head"] + shown.bones["Neck"]
    assert pitch == pytest.approx(12, abs=0.7)
    assert roll == pytest.approx(sign * 10, abs=0.7)
    assert shown.root[0] == pytest.approx(sign * 0.05 * 0.7, abs=1e-3)
    assert shown.root[1] == pytest.approx(0.03 * 0.7, abs=1e-3)


@pytest.mark.parametrize(("profile", "sign"), [(PLAIN, 1), (MIRROR, -1)])
def test_a_look_to_the_left(make_driver: MakeDriver, profile: Profile, sign: int) -> None:
    driver, frame = settled(make_driver, make_face(gaze_deg=((18, 0), (18, 0))))
    shown = Shown(driver, frame, profile)
    near, far = ("Left", "Right") if sign > 0 else ("Right", "Left")
    assert shown.params[f"look{near}"] > 0.4
    assert shown.params[f"look{far}"] == 0.0
    assert shown.params[f"eyeLookOut{near}"] > 0.4
    assert shown.params[f"eyeLookIn{far}"] > 0.4
    assert shown.params[f"eyeLookIn{near}"] == shown.params[f"eyeLookOut{far}"] == 0.0
    assert shown.bones["LeftEye"][0] * sign > 10
    assert shown.bones["RightEye"][0] * sign > 10


def test_a_look_up_turns_the_eyes_up(make_driver: MakeDriver) -> None:
    driver, frame = settled(make_driver, make_face(gaze_deg=((0, 12), (0, 12))))
    shown = Shown(driver, frame, PLAIN)
    assert shown.params["lookUp"] > 0.3
    assert shown.params["lookDown"] == 0.0
    assert shown.bones["LeftEye"][1] > 5


def test_a_winking_eye_does_not_turn_the_other(make_driver: MakeDriver) -> None:
    """The pupil behind a shut lid is misread: it must not pull the open eye along."""
    face = make_face(shut=(1.0, 0.0), gaze_deg=((25, -25), (5, 2)))
    driver, frame = settled(make_driver, face)
    bones = Shown(driver, frame, PLAIN).bones
    assert abs(bones["RightEye"][0]) < 10
    assert abs(bones["RightEye"][1]) < 5


@pytest.mark.parametrize(("profile", "side"), [(PLAIN, "Left"), (MIRROR, "Right")])
def test_a_smile_to_the_left(make_driver: MakeDriver, profile: Profile, side: str) -> None:
    driver, frame = settled(
        make_driver, make_face(shapes={"mouthSmileLeft": 0.6, "mouthLeft": 0.4, "jawLeft": 0.4})
    )
    shown = Shown(driver, frame, profile).params
    for stem in ("mouthSmile", "mouth", "jaw"):
        assert shown[f"{stem}{side}"] > 0.5
        assert shown[f"{stem}{mirror_name(side)}"] < 0.1


# --- mirrors ---------------------------------------------------------------------------------


def act(t: float) -> Face:
    """Nothing about it is symmetric."""
    wink = 1.0 if 1.0 < t < 1.5 else 0.0
    blink = 1.0 if 2.0 < t < 2.15 else 0.0
    return make_face(
        yaw_deg=15 * math.sin(2 * t) + 4,
        pitch_deg=5 * math.cos(t),
        roll_deg=6 * math.sin(1.3 * t) + 2,
        at_m=(0.04, 0.02 * math.sin(t), -0.55),
        gaze_deg=((12 * math.sin(1.7 * t), 3), (9 * math.sin(1.7 * t), 2)),
        shut=(max(wink, blink), blink),
        shapes={
            "mouthSmileLeft": 0.5 + 0.2 * math.sin(t),
            "mouthSmileRight": 0.2,
            "mouthLeft": 0.3,
            "jawRight": 0.2,
            "browOuterUpRight": 0.5,
            "jawOpen": 0.3 + 0.2 * math.sin(20 * t),
            "mouthDimpleLeft": 0.3,
        },
    )


def contempt(t: float) -> Emotion:
    return make_emotion(round(math.floor(t * 10 + 1e-6) * 1e8), contempt=0.9)


@pytest.mark.parametrize("drive", ["both", "shapes", "presets"])
def test_the_mirror_of_the_input_is_the_mirror_of_the_output(
    make_driver: MakeDriver, drive: str
) -> None:
    plain = Profile(drive, mirror=False)  # type: ignore[arg-type]
    flipped = Profile(drive, mirror=True)  # type: ignore[arg-type]
    straight, other = (make_driver(plain, flipped) for _ in range(2))
    for t in ticks(4, fps=30):
        face = act(t * 1e-9)
        a = straight.step(make_track(face, t), contempt(t * 1e-9), t)
        b = other.step(make_track(mirrored_face(face), t), contempt(t * 1e-9), t)
        for mine, theirs in ((plain, flipped), (flipped, plain)):
            one, two = a.poses[mine], b.poses[theirs]
            np.testing.assert_allclose(one.params, two.params, atol=3e-3)
            np.testing.assert_allclose(one.bones_xyzw, two.bones_xyzw, atol=1e-3)
            np.testing.assert_allclose(one.root_m, two.root_m, atol=1e-4)


def test_a_mirrored_output_is_the_plain_one_with_its_sides_swapped(make_driver: MakeDriver) -> None:
    driver = make_driver(*PROFILES)
    names = driver.schema.names
    swap = [names.index(mirror_name(n)) for n in names]
    bones = driver.schema.bones
    other = [bones.index({"LeftEye": "RightEye", "RightEye": "LeftEye"}.get(b, b)) for b in bones]
    for frame in perform(driver, act, ticks(3, fps=30), emotion=contempt):
        plain, flipped = (frame.poses[p] for p in PROFILES)
        np.testing.assert_allclose(flipped.params, plain.params[swap], atol=1e-5)
        np.testing.assert_allclose(
            flipped.bones_xyzw, plain.bones_xyzw[other] * [1, -1, -1, 1], atol=1e-5
        )
        np.testing.assert_allclose(flipped.root_m, plain.root_m * [-1, 1, 1], atol=1e-6)


def test_mirrored_twice_is_the_same_state(make_driver: MakeDriver) -> None:
    driver = make_driver()
    for frame in perform(driver, act, ticks(2, fps=30), emotion=contempt):
        twice = mirrored(mirrored(frame.state))
        for name in ("head_xyzw", "head_m", "gaze_rad", "shapes"):
            np.testing.assert_array_equal(getattr(twice, name), getattr(frame.state, name))


def test_an_output_that_is_not_to_be_mirrored_is_the_same_for_both(
    make_driver: MakeDriver,
) -> None:
    outputs = make_driver().config.outputs
    kept = outputs["lookLeft"].model_copy(update={"mirror": False})
    config = make_driver().config.model_copy(update={"outputs": {**outputs, "lookLeft": kept}})
    driver = Driver(config, PROFILES)
    at = driver.schema.names.index("lookLeft")
    for frame in perform(driver, act, ticks(1, fps=30)):
        assert frame.poses[PLAIN].params[at] == frame.poses[MIRROR].params[at]
