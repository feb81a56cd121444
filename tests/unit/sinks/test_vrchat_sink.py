"""The VRChat sink against a VRChat that is none."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from avatar_frames import SMALL, frame_of, posed
from fake_vrchat import FakeVrchat
from vrchat_playing import FACE, Playing
from vrchat_playing import play as play
from vrchat_playing import quick as quick
from vrchat_playing import vrchat as vrchat

from vtdrive.config.sinks import VrchatSink
from vtdrive.types import Status


def test_the_avatar_gets_what_it_declares_as_declared(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play()
    want = set(FACE) - {"VRCEmote", "Hat"}
    assert playing.until(lambda: vrchat.values.keys() >= want, shapes={"jawOpen": 0.5}, shown=1)
    assert vrchat.values.keys() == want
    assert vrchat.wrong == []
    assert (vrchat.values["FT/v2/JawOpen1"], vrchat.values["FT/v2/JawOpen2"]) == (False, True)
    assert vrchat.values["EyeTrackingActive"] is True
    assert vrchat.values["vtdrive/Emotion"] == 1
    assert vrchat.values["vtdrive/Happiness"] == 0.75
    # The avatar has parameters for eyes, so VRChat's own tracking stays out of it.
    assert vrchat.other == {}
    assert max(vrchat.sizes) <= 1400
    assert playing.sink.stats.connected is True
    assert playing.told == ("", "")
    assert "12 parameters of the avatar (from VRChat)" in playing.sink.stats.note


def test_an_avatar_without_face_tracking_gets_vrchats_own_eyes(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    vrchat.wear("avtr_plain", {"Hat": "T"})
    playing = play()
    # 15 degrees up and 20 to the subject's right: VRChat counts down and right as positive.
    look = (-math.radians(20), math.radians(15))
    key = "/tracking/eye/CenterPitchYaw"
    assert playing.until(
        lambda: key in vrchat.other, gaze=(look, look),
        shapes={"eyeBlinkLeft": 1.0, "eyeBlinkRight": 0.5},
    )  # fmt: skip
    assert vrchat.other[key][-1] == pytest.approx((-15.0, 20.0), abs=1e-3)
    assert vrchat.other["/tracking/eye/EyesClosedAmount"][-1] == pytest.approx((0.75,))
    assert vrchat.other.keys() == {key, "/tracking/eye/EyesClosedAmount"}
    assert "has none for the face, VRChat's own eyes" in playing.sink.stats.note


@pytest.mark.parametrize("mirror", [False, True], ids=["anatomical", "mirror"])
def test_left_is_left(vrchat: FakeVrchat, play: Callable[..., Playing], mirror: bool) -> None:
    """My left eye winks and looks 45 degrees to my left, my head turns 45 degrees to my left."""
    vrchat.wear("avtr_eyes", FACE | {"FT/v2/EyeRightX": "f", "FT/v2/EyeRightY": "f"})
    playing = play(mirror=mirror)
    left = math.radians(45)
    face: Any = {"shapes": {"eyeBlinkLeft": 1.0}, "yaw": left, "gaze": ((left, 0.0), (0.0, 0.0))}
    assert playing.until(lambda: vrchat.values.get("LipTrackingActive"), **face)
    got = vrchat.values
    wink, open_eye = ("Right", "Left") if mirror else ("Left", "Right")
    assert got[f"FT/v2/EyeClosed{wink}"] == 1.0
    assert got[f"FT/v2/EyeClosed{open_eye}"] == 0.0
    # + is to the avatar's right.
    assert got["FT/v2/Head/Yaw"] == pytest.approx(0.5 if mirror else -0.5, abs=1e-5)
    assert got[f"FT/v2/Eye{wink}X"] == pytest.approx(1.0 if mirror else -1.0, abs=1e-5)
    assert got[f"FT/v2/Eye{open_eye}X"] == 0.0


@pytest.mark.parametrize("mirror", [False, True], ids=["anatomical", "mirror"])
def test_left_is_left_in_vrchats_own_eyes(
    vrchat: FakeVrchat, play: Callable[..., Playing], mirror: bool
) -> None:
    vrchat.wear("avtr_plain", {})
    playing = play(mirror=mirror, look="each")
    left = math.radians(30)
    key = "/tracking/eye/LeftRightPitchYaw"
    assert playing.until(lambda: key in vrchat.other, gaze=((left, 0.0), (0.0, 0.0)))
    # pitch and yaw of the left, then of the right eye; yaw + is to the right.
    want = (0.0, 0.0, 0.0, 30.0) if mirror else (0.0, -30.0, 0.0, 0.0)
    assert vrchat.other[key][-1] == pytest.approx(want, abs=1e-3)


def test_losing_the_face_is_told_and_vrchats_eyes_are_let_go(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    vrchat.wear("avtr_plain", {"EyeTrackingActive": "T", "v2/JawOpen": "f"})
    playing = play(refresh_s=0.2)
    assert playing.until(lambda: vrchat.values.get("EyeTrackingActive"))
    key = "/tracking/eye/CenterPitchYaw"
    assert playing.until(lambda: len(vrchat.other.get(key, ())) >= 3)
    assert playing.until(lambda: vrchat.values["EyeTrackingActive"] is False, status=Status.LOST)
    looks, count = len(vrchat.other[key]), vrchat.count
    playing.for_s(0.8, status=Status.LOST)
    assert len(vrchat.other[key]) == looks
    # Only that: the avatar's own parameters are still refreshed.
    assert vrchat.count > count
    assert playing.until(lambda: vrchat.values["EyeTrackingActive"] is True)
    assert playing.until(lambda: len(vrchat.other[key]) > looks)


def test_a_still_face_is_sent_once_and_then_refreshed(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play(refresh_s=1.0)
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)
    # One refresh in 60 frames of 1/60 s, however fast they are fed.
    start, before = playing.seq, vrchat.count
    playing.until(lambda: playing.seq >= start + 180)
    time.sleep(0.1)
    assert 2 * 12 <= vrchat.count - before <= 4 * 12


def test_a_changed_avatar_gets_its_own_parameters_at_once(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play()
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)
    vrchat.wear("avtr_second", {"v2/JawOpen": "f"})
    assert playing.until(lambda: vrchat.values.keys() == {"v2/JawOpen"}, shapes={"jawOpen": 1.0})
    vrchat.wear("avtr_second", {"v2/JawOpen": "f"})
    playing.for_s(0.3, shapes={"jawOpen": 1.0})
    assert vrchat.wrong == []
    assert "1 parameters" in playing.sink.stats.note


def test_the_end_leaves_the_avatar_at_rest(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play()
    smile = {"mouthSmileLeft": 1.0, "jawOpen": 1.0}
    assert playing.until(lambda: vrchat.values.get("FT/v2/JawOpen2"), shapes=smile)
    playing.rest()
    playing.sink.close()
    assert vrchat.wait(lambda: vrchat.values["LipTrackingActive"] is False)
    moving = {n for n, v in vrchat.values.items() if v}
    assert moving == set()


def test_the_usual_set_goes_out_blind(vrchat: FakeVrchat) -> None:
    playing = Playing(VrchatSink(port=vrchat.osc_port, parameters="default"))
    assert playing.until(lambda: len(vrchat.wrong) > 40)
    playing.sink.close()
    names = {line.split()[0] for line in vrchat.wrong}
    assert "FT/v2/JawOpen" in names
    # It holds the eyes' parameters, so VRChat's own tracking is not driven as well.
    assert vrchat.other == {}
    assert vrchat.values["FT/v2/SmileFrownLeft"] == 0.0
    assert vrchat.asked == []


def test_the_chat_box_is_written_at_most_every_one_and_a_half_seconds(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    vrchat.wear("avtr_plain", {"v2/JawOpen": "f"})
    playing = play(chatbox=True, caption="looks like {emotion}")
    assert playing.until(lambda: vrchat.values, shown=0)
    lines = vrchat.other.setdefault("/chatbox/input", [])
    # 180 frames are 3 s by the clock of the frames, and change six times.
    start = playing.seq
    while playing.seq < start + 180:
        playing.until(lambda: True, shown=1 + (playing.seq - start) // 30)
    assert playing.until(lambda: len(lines) >= 2, shown=6)
    assert [line[1:] for line in lines] == [(True, False)] * len(lines)
    assert lines[0][0] == "looks like happiness"
    assert len(lines) <= 3
    playing.sink.close()
    assert vrchat.wait(lambda: lines[-1][0] == "")


def test_the_chat_box_is_left_alone_unless_asked(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play()
    assert playing.until(lambda: vrchat.values.get("vtdrive/Emotion") == 3, shown=3)
    assert "/chatbox/input" not in vrchat.other


def test_a_changed_schema_is_taken_between_frames(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play()
    assert playing.until(lambda: vrchat.values.get("FT/v2/JawOpen2"), shapes={"jawOpen": 1.0})
    playing.sink.open(SMALL)
    for seq in range(5):
        frame = frame_of(SMALL, posed(SMALL, {"jawOpen": 0.3}), profiles=(playing.sink.profile,))
        playing.sink.send(replace(frame, seq=seq, t_ns=10**12 + seq))
        time.sleep(0.02)
    assert vrchat.wait(lambda: vrchat.values["FT/v2/JawOpen1"] is True)
    assert vrchat.values["FT/v2/JawOpen2"] is False
    assert playing.told == ("", "")
