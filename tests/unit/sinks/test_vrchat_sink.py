"""The VRChat sink against a VRChat that is none."""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_frames import FULL, SMALL, frame_of, posed
from fake_vrchat import FakeVrchat

from vtdrive.config.sinks import VrchatSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import UsageError
from vtdrive.sinks import vrchat_discovery
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.vrchat import VrchatOutput
from vtdrive.sinks.vrchat_browse import Browse
from vtdrive.spaces import quat_from_euler
from vtdrive.types import AvatarFrame, Profile, Status, frozen
from vtdrive.vocab import MIRROR_SHAPE, SHAPES
from vtdrive.wire.neutral import neutral_frame

FACE = {
    "FT/v2/EyeClosedLeft": "f", "FT/v2/EyeClosedRight": "f", "FT/v2/EyeLeftX": "f",
    "FT/v2/EyeLeftY": "f", "FT/v2/JawOpen1": "T", "FT/v2/JawOpen2": "T", "FT/v2/Head/Yaw": "f",
    "FT/v2/SmileFrownLeft": "f", "EyeTrackingActive": "T", "LipTrackingActive": "T",
    "VRCEmote": "i", "Hat": "T", "vtdrive/Emotion": "i", "vtdrive/Happiness": "f",
}  # fmt: skip


@pytest.fixture
def vrchat() -> Iterator[FakeVrchat]:
    fake = FakeVrchat()
    fake.wear("avtr_first", FACE)
    yield fake
    fake.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vrchat_discovery, "_POLL_S", 0.1)
    monkeypatch.setattr(vrchat_discovery, "_SETTLE_S", (0.02, 0.05))


def face_frame(
    seq: int,
    shapes: dict[str, float] | None = None,
    *,
    yaw: float = 0.0,
    gaze: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.0, 0.0)),
    status: Status = Status.LIVE,
    shown: int = 0,
    mirror: bool = False,
    drive: Any = "shapes",
) -> AvatarFrame:
    """A frame as `Driver.step` makes it: the state anatomical, the pose as the profile wants it."""
    values = np.zeros(len(SHAPES), np.float32)
    for name, value in (shapes or {}).items():
        values[SHAPES.index(name)] = value
    sent = values[list(MIRROR_SHAPE)] if mirror else values
    pose = posed(FULL, dict(zip(SHAPES, sent.tolist(), strict=True)))
    frame = frame_of(
        FULL, pose, seq=seq, t_ns=seq * 16_666_667, status=status,
        profiles=(Profile(drive, mirror),),
    )  # fmt: skip
    weights = np.zeros(8, np.float32)
    weights[shown] = 0.75 if shown else 0.0
    state = replace(
        frame.state,
        shapes=frozen(values),
        head_xyzw=frozen(quat_from_euler(yaw=yaw, pitch=0.0, roll=0.0)),
        gaze_rad=frozen(np.array(gaze)),
        emotion=replace(frame.state.emotion, shown=shown, weights=frozen(weights)),
    )
    return replace(frame, state=state)


class Playing:
    """A sink that is fed at 100 Hz with whatever `make` gives, in this thread."""

    def __init__(self, config: VrchatSink) -> None:
        self.sink = make_sink(config)
        assert isinstance(self.sink, VrchatOutput)
        self.sink.open(FULL)
        self.config = config
        self.seq = 0

    def until(self, holds: Callable[[], object], *, within_s: float = 10.0, **face: Any) -> bool:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            frame = face_frame(self.seq, mirror=self.config.mirror, **face)
            self.sink.send(frame)
            self.seq += 1
            time.sleep(0.01)
            if holds():
                return True
        return False

    def for_s(self, seconds: float, **face: Any) -> None:
        self.until(lambda: False, within_s=seconds, **face)

    def rest(self) -> None:
        """What the runtime sends at the end."""
        self.sink.send(
            neutral_frame(FULL, (self.sink.profile,), seq=self.seq, t_ns=self.seq * 16_666_667)
        )

    @property
    def told(self) -> tuple[str, str]:
        return self.sink.stats.last_error, self.sink.stats.remedy


@pytest.fixture
def play(vrchat: FakeVrchat) -> Iterator[Callable[..., Playing]]:
    made: list[Playing] = []

    def start(**options: Any) -> Playing:
        page = {"oscquery": f"127.0.0.1:{vrchat.http_port}", "parameters": "oscquery"}
        made.append(Playing(VrchatSink.model_validate(page | options)))
        return made[-1]

    yield start
    for playing in made:
        playing.sink.close()
        assert "left behind" not in playing.sink.stats.last_error


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


def test_vrchat_started_later_and_again(vrchat: FakeVrchat, play: Callable[..., Playing]) -> None:
    port = vrchat.http_port
    vrchat.close_page()
    playing = play()
    assert playing.until(lambda: "does not answer" in playing.told[0])
    assert "switch OSC on" in playing.told[1]
    assert playing.sink.stats.connected is False
    assert vrchat.count == 0
    vrchat.open_page(port)
    assert playing.until(lambda: playing.sink.stats.connected)
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)
    vrchat.close_page()
    assert playing.until(lambda: playing.sink.stats.connected is False)
    vrchat.wear("avtr_third", {"v2/JawOpen": "f"})
    vrchat.open_page(port)
    assert playing.until(lambda: "v2/JawOpen" in vrchat.values)
    assert playing.told == ("", "")


def deep(levels: int) -> bytes:
    return b'{"CONTENTS":{"a":' * levels + b"{}" + b"}}" * levels


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"CONTENTS": 3}', b"\xff\xfe", b"[" * 100_000, deep(70),
     deep(20_000), b'{"CONTENTS":{' + b'"a":{},' * 30_000 + b'"b":{}}}', b" " * (5 << 20)],
    ids=["empty", "cut", "list", "null", "type", "bytes", "brackets", "deep", "deeper", "wide",
         "long"],
)  # fmt: skip
def test_an_ugly_page_is_no_vrchat_and_harms_nothing(
    vrchat: FakeVrchat, play: Callable[..., Playing], body: bytes
) -> None:
    vrchat.answer_with = lambda _: body
    playing = play()
    assert playing.until(lambda: "does not answer" in playing.told[0])
    vrchat.answer_with = None
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)


def test_a_page_that_hangs_keeps_the_avatar_moving(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play()
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)
    vrchat.answer_with = lambda _: None
    asked = len(vrchat.asked)
    assert playing.until(lambda: len(vrchat.asked) > asked)
    assert playing.until(
        lambda: vrchat.values["FT/v2/SmileFrownLeft"] == 1.0, shapes={"mouthSmileLeft": 1.0},
        within_s=1.0,
    )  # fmt: skip


def test_closing_beside_a_page_that_hangs_is_quick(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    vrchat.answer_with = lambda _: None
    playing = play()
    playing.for_s(0.3)
    start = time.monotonic()
    playing.sink.close()
    assert time.monotonic() - start < 1.0


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


def avatar_file(folder: Path, name: str, parameters: dict[str, str], *, age_s: int) -> Path:
    path = folder / "usr_1" / "Avatars" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = [
        {"name": n, "input": {"address": f"/avatar/parameters/{n.replace(' ', '_')}", "type": t},
         "output": {"address": f"/avatar/parameters/{n}", "type": t}}
        for n, t in parameters.items()
    ]  # fmt: skip
    read_only = {"name": "Upright", "output": {"address": "/avatar/parameters/Upright"}}
    text = json.dumps({"id": name, "name": "A", "parameters": [*entries, read_only]})
    path.write_text("\ufeff" + text, encoding="utf-8")
    when = time.time() - age_s
    os.utime(path, (when, when))
    return path


def test_the_newest_file_stands_in(vrchat: FakeVrchat, tmp_path: Path) -> None:
    vrchat.wear("avtr_b", {"My_FT/v2/JawOpen": "f"})
    avatar_file(tmp_path, "avtr_a", {"v2/JawOpen": "Float"}, age_s=100)
    avatar_file(tmp_path, "avtr_b", {"My FT/v2/JawOpen": "Float"}, age_s=50)
    config = VrchatSink(port=vrchat.osc_port, parameters="file", avatar=str(tmp_path))
    playing = Playing(config)
    assert playing.until(lambda: vrchat.values, shapes={"jawOpen": 1.0})
    assert vrchat.values == {"My_FT/v2/JawOpen": 1.0}
    assert vrchat.wrong == []
    assert playing.sink.stats.connected is None
    assert "the file avtr_b.json" in playing.sink.stats.note
    # Another avatar is put on for the first time.
    vrchat.wear("avtr_c", {"v2/JawX": "f"})
    avatar_file(tmp_path, "avtr_c", {"v2/JawX": "Float"}, age_s=0)
    assert playing.until(lambda: vrchat.values, shapes={"jawLeft": 1.0})
    assert vrchat.values == {"v2/JawX": -1.0}
    playing.sink.close()


@pytest.mark.parametrize("fault", ["none", "ugly", "huge"])
def test_without_a_file_it_says_what_to_do(tmp_path: Path, fault: str) -> None:
    if fault != "none":
        path = avatar_file(tmp_path, "avtr_a", {}, age_s=0)
        path.write_bytes(b"\xff" if fault == "ugly" else b" " * (5 << 20))
    playing = Playing(VrchatSink(parameters="file", avatar=str(tmp_path)))
    assert playing.until(lambda: playing.told[0])
    reason = "no file about an avatar" if fault == "none" else "cannot be read"
    assert reason in playing.told[0]
    assert "avatar=FILE" in playing.told[1]
    playing.sink.close()


def test_the_file_serves_until_vrchat_answers(
    vrchat: FakeVrchat, play: Callable[..., Playing], tmp_path: Path
) -> None:
    port = vrchat.http_port
    vrchat.close_page()
    path = avatar_file(tmp_path, "avtr_first", {"v2/JawOpen": "Float"}, age_s=0)
    vrchat.wear("avtr_first", {"v2/JawOpen": "f", "v2/JawX": "f"})
    playing = play(parameters="auto", avatar=str(path), port=vrchat.osc_port)
    assert playing.until(lambda: vrchat.values)
    assert vrchat.values.keys() == {"v2/JawOpen"}
    assert playing.sink.stats.connected is None
    assert "switch OSC on" in playing.told[1]
    vrchat.open_page(port)
    assert playing.until(lambda: "v2/JawX" in vrchat.values)
    assert playing.sink.stats.connected is True


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


def test_hosts_that_are_unknown_are_told_and_tried_again() -> None:
    playing = Playing(VrchatSink(host="no such host", parameters="default"))
    assert playing.until(lambda: "is unknown" in playing.told[0])
    assert "spelling" in playing.told[1]
    playing.for_s(0.2)
    assert "is unknown" in playing.told[0]
    playing.sink.close()


def test_nobody_there_is_a_hint_and_no_fault() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    playing = Playing(VrchatSink(port=port, parameters="default", refresh_s=0.2))
    assert playing.until(lambda: f"nobody listens on 127.0.0.1:{port}" in playing.told[0])
    assert playing.sink.stats.connected is None
    playing.sink.close()


def test_where_mdns_is_blocked_the_file_serves(
    vrchat: FakeVrchat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blocked(_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Browse, "open", blocked)
    path = avatar_file(tmp_path, "avtr_first", {"v2/JawOpen": "Float"}, age_s=0)
    vrchat.wear("avtr_first", {"v2/JawOpen": "f"})
    playing = Playing(VrchatSink(port=vrchat.osc_port, avatar=str(path)))
    assert playing.until(lambda: vrchat.values)
    assert "oscquery=HOST:PORT" in playing.told[1]
    playing.sink.close()
    lost = Playing(VrchatSink(port=vrchat.osc_port, avatar=str(tmp_path / "none")))
    assert lost.until(lambda: "cannot search for VRChat (Operation not permitted)" in lost.told[0])
    lost.sink.close()


def test_an_address_that_is_not_ours_is_refused_for_good() -> None:
    playing = Playing(VrchatSink(listen="192.0.2.77"))
    assert playing.until(lambda: "cannot listen on 192.0.2.77" in playing.told[0])
    assert "address of this computer" in playing.told[1]
    assert playing.sink.stats.connected is False
    playing.sink.close()


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


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("oscquery", "127.0.0.1", "no HOST:PORT"),
        ("oscquery", ":80", "no HOST:PORT"),
        ("oscquery", "127.0.0.1:99999", "no HOST:PORT"),
        ("listen", "localhost", "no IP address"),
    ],
)
def test_options_that_cannot_work_are_refused(option: str, value: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_sink_url(f"vrchat://127.0.0.1:9000?{option}={value}")
