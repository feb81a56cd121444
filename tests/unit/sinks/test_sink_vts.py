"""VTube Studio: frames, faults and coming back, against a fake that is strict (fake_vts.py)."""

from __future__ import annotations

import itertools
import math
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from avatar_frames import FULL
from fake_vts import FakeVts
from fake_vts_world import DEFAULTS, World
from vts_stage import Stage, face_frame

from vtdrive.config.sinks import VtsSink
from vtdrive.sinks import vts_link, vts_login
from vtdrive.sinks.vts import VtsOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.types import Status
from vtdrive.wire.vts_errors import POPUP_OPEN
from vtdrive.wire.vts_params import ARKIT, EMOTION_INPUTS


@pytest.fixture
def vts() -> Iterator[FakeVts]:
    with FakeVts() as fake:
        yield fake


def stage(vts: FakeVts, folder: Path, **options: object) -> Stage:
    return Stage(VtsSink.model_validate({"port": vts.port, **options}), folder)


def last(vts: FakeVts, name: str) -> tuple[float, float]:
    """Value and weight of the last frame."""
    return vts.injections[-1].values[name]


def test_a_face_arrives_and_fades_in(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        play.show({"jawOpen": 0.5}, emotion="happiness")
        assert vts.wait(lambda: len(vts.injections) > 60)
        names = set(vts.injections[-1].values)
        assert names == {*ARKIT, *EMOTION_INPUTS, *DEFAULTS[:21]}
        assert last(vts, "JawOpen") == pytest.approx((0.5, 1.0))
        assert last(vts, "MouthOpen") == pytest.approx((0.5, 1.0))
        assert last(vts, "VtdriveHappiness") == pytest.approx((0.8, 1.0))
        assert last(vts, "VtdriveNeutral") == pytest.approx((0.2, 1.0))
        assert vts.injections[-1].found
        weights = [one.values["JawOpen"][1] for one in vts.injections]
        assert weights[0] < 0.1
        assert all(b - a < 0.25 for a, b in itertools.pairwise(weights))
        assert vts.errors == []
        assert play.sink.stats.last_error == ""
        assert vts.most_waiting <= 3


def test_only_what_is_missing_is_created_and_kept_over_sessions(
    vts: FakeVts, tmp_path: Path
) -> None:
    vts.world.customs["JawOpen"] = {"name": "JawOpen", "addedBy": "VBridger"}
    for _ in range(2):
        with stage(vts, tmp_path) as play:
            assert vts.wait(lambda: play.up and vts.injections)
        vts.injections.clear()
    made = [data["parameterName"] for data in vts.of("ParameterCreationRequest")]
    assert sorted(made) == sorted({*ARKIT, *EMOTION_INPUTS} - {"JawOpen", "CheekPuff", "TongueOut"})
    assert vts.popups == 1
    assert vts.errors == []


def test_newer_inputs_of_vtube_studio_itself_are_driven(tmp_path: Path) -> None:
    world = World(defaults=(*DEFAULTS, "JawOpen", "MouthFunnel"))
    with FakeVts(world=world) as vts, stage(vts, tmp_path):
        assert vts.wait(lambda: vts.injections)
        assert "JawOpen" in vts.injections[-1].values
        assert vts.errors == []


def test_without_inputs_its_own_tracking_says_who_is_there(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, inputs=False, customs="off"):
        assert vts.wait(lambda: len(vts.injections) > 30)
        assert set(vts.injections[-1].values) == set(EMOTION_INPUTS)
        assert not vts.injections[-1].found


def test_with_nothing_to_send_it_stays_connected(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, inputs=False, customs="off", emotions=False) as play:
        assert vts.wait(lambda: play.up)
        time.sleep(0.3)
        assert play.up
        assert vts.injections == []


def test_a_lost_face_fades_out_and_the_line_stays_warm(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, ease_ms=200) as play:
        assert vts.wait(lambda: vts.injections and last(vts, "Brows")[1] == 1.0)
        play.show(status=Status.LOST)
        assert vts.wait(lambda: last(vts, "Brows")[1] == 0.0)
        assert not vts.injections[-1].found
        vts.injections.clear()
        time.sleep(2.2)
        times = [one.t_s for one in vts.injections]
        assert 3 <= len(times) <= 8  # a sign of life, not 60 a second
        assert max(b - a for a, b in itertools.pairwise(times)) < 1.0
        assert not any(one.found for one in vts.injections)
        play.show()
        assert vts.wait(lambda: last(vts, "Brows")[1] == 1.0)
        assert vts.injections[-1].found


def test_a_held_face_stays(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        play.show(status=Status.HELD)
        assert vts.wait(lambda: vts.injections and last(vts, "Brows")[1] == 1.0)
        assert vts.injections[-1].found


def test_idle_motion_may_go_on_without_a_face(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, when_lost="stay") as play:
        play.show({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, status=Status.LOST)
        assert vts.wait(lambda: vts.injections and last(vts, "EyeOpenLeft") == (0.0, 1.0))
        assert not vts.injections[-1].found


def test_frames_that_stop_do_not_freeze_the_model(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: vts.injections and last(vts, "Brows")[1] == 1.0)
        play.playing = False
        assert vts.wait(lambda: last(vts, "Brows")[1] == 0.0, seconds=5)
        assert not vts.injections[-1].found
        pairs = list(itertools.pairwise(vts.injections))
        assert max(b.t_s - a.t_s for a, b in pairs) < 1.0
        assert max(a.values["Brows"][1] - b.values["Brows"][1] for a, b in pairs) < 0.45


def test_adding_sends_the_difference_from_rest(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, mode="add", eye_rest=0.5) as play:
        play.show({"eyeBlinkLeft": 1.0})
        assert vts.wait(lambda: len(vts.injections) > 60)
        assert vts.injections[-1].mode == "add"
        assert last(vts, "EyeOpenLeft")[0] == pytest.approx(-0.5)
        assert last(vts, "EyeOpenRight")[0] == pytest.approx(0.0)
        assert last(vts, "MouthSmile")[0] == pytest.approx(0.0)


@pytest.mark.parametrize("mirror", [False, True])
def test_left_is_left(vts: FakeVts, tmp_path: Path, mirror: bool) -> None:
    """A wink of the user's left eye, the head turned to the user's left by 20 degrees."""
    with stage(vts, tmp_path, mirror=mirror) as play:
        # What the mapping makes of a left wink: in a mirror it is the right eye's.
        wink = {"eyeBlinkRight" if mirror else "eyeBlinkLeft": 1.0}
        turn = tuple(quat_from_euler(yaw=math.radians(20), pitch=0.0, roll=0.0).tolist())
        play.frame = face_frame(play.sink.profile, wink, head_xyzw=turn)
        assert vts.wait(lambda: vts.injections and last(vts, "Brows")[1] == 1.0)
        shut, other = ("Right", "Left") if mirror else ("Left", "Right")
        assert last(vts, f"EyeOpen{shut}")[0] == 0.0
        assert last(vts, f"EyeOpen{other}")[0] == 0.75
        assert last(vts, f"EyeBlink{shut}")[0] == 1.0
        assert last(vts, "FaceAngleX")[0] == pytest.approx(-20 if mirror else 20, abs=0.01)


def test_the_end_of_a_run_gives_the_model_back(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: vts.injections and last(vts, "Brows")[1] == 1.0)
        start = time.monotonic()
        play.end()
        assert time.monotonic() - start < 1.5
    weights = [one.values["Brows"][1] for one in vts.injections]
    assert weights[-1] == 0.0
    assert all(a - b < 0.25 for a, b in itertools.pairwise(weights))
    assert not vts.injections[-1].found
    assert play.sink.stats.last_error == ""


# --- faults -------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_started_late(tmp_path: Path) -> None:
    vts = FakeVts()
    vts.port = free_port()
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "nothing listens on" in play.sink.stats.last_error)
        assert "Start API" in play.sink.stats.remedy
        assert play.sink.stats.connected is False
        with vts:
            assert vts.wait(lambda: len(vts.injections) > 5)
            assert play.sink.stats.last_error == ""
            play.end()


def test_killed_and_restarted(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.stop()
        assert vts.wait(lambda: play.up is False)
        assert play.sink.stats.last_error
        assert play.sink.stats.remedy
        vts.injections.clear()
        vts.start()
        assert vts.wait(lambda: len(vts.injections) > 5)
        assert play.sink.stats.last_error == ""
        assert vts.injections[0].values["Brows"][1] < 0.1  # it fades in again
    assert vts.popups == 1  # the token is still good


def test_absent_is_no_reason_to_close_slowly(tmp_path: Path) -> None:
    vts = FakeVts()
    vts.port = free_port()
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: play.sink.stats.last_error)
        start = time.monotonic()
        play.end()
        assert time.monotonic() - start < 1.0


def test_an_unknown_host(tmp_path: Path) -> None:
    with Stage(VtsSink(host="no-such-host.invalid"), tmp_path) as play:
        assert FakeVts.wait(lambda: "cannot be reached" in play.sink.stats.last_error)
        assert "address" in play.sink.stats.remedy


def test_something_else_listens(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.settimeout(10)
        with Stage(VtsSink(port=other.getsockname()[1]), tmp_path) as play:
            peer, _ = other.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                assert FakeVts.wait(lambda: "not VTube Studio" in play.sink.stats.last_error)


def test_something_that_says_nothing_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vts_link, "_CONNECT_S", 0.3)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with Stage(VtsSink(port=other.getsockname()[1]), tmp_path) as play:
            assert FakeVts.wait(lambda: "does not answer" in play.sink.stats.last_error)
            assert "firewall" in play.sink.stats.remedy


def test_a_name_server_that_hangs_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = threading.Event()

    def hang(*_: object, flags: int = 0, **__: object) -> list[object]:
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "not in digits")
        hanging.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "never")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        with Stage(VtsSink(host="pc.example"), tmp_path) as play:
            assert FakeVts.wait(lambda: "no name server" in play.sink.stats.last_error)
            start = time.monotonic()
            play.end()
            assert time.monotonic() - start < 1.8
            assert "did not close" not in play.sink.stats.last_error
    finally:
        hanging.set()


def test_a_popup_that_waits_is_told_and_waited_for(vts: FakeVts, tmp_path: Path) -> None:
    vts.popup = "hang"
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "asks whether" in play.sink.stats.last_error)
        assert "Allow" in play.sink.stats.remedy
        vts.popup = "allow"
        assert vts.wait(lambda: len(vts.injections) > 5)
        assert play.sink.stats.last_error == ""


def test_a_run_may_end_while_the_popup_stands(vts: FakeVts, tmp_path: Path) -> None:
    vts.popup = "hang"
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: vts.popups)
        start = time.monotonic()
        play.end()
        assert time.monotonic() - start < 1.5
        assert "did not close" not in play.sink.stats.last_error
    vts.popup = "deny"


def test_denied_asks_only_once(vts: FakeVts, tmp_path: Path) -> None:
    vts.popup = "deny"
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "denies vtdrive access" in play.sink.stats.last_error)
        assert "click Allow" in play.sink.stats.remedy
        time.sleep(3.0)
        assert vts.popups == 1
        assert "denies vtdrive access" in play.sink.stats.last_error
    assert not list(tmp_path.glob("*.json"))


def test_after_a_long_pause_it_may_ask_again(
    vts: FakeVts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vts_login, "_SULK_S", 0.2)
    vts.popup = "deny"
    with stage(vts, tmp_path):
        assert vts.wait(lambda: vts.popups == 1)
        vts.popup = "allow"
        assert vts.wait(lambda: vts.injections)
        assert vts.popups == 2


def test_another_popup_is_open(vts: FakeVts, tmp_path: Path) -> None:
    vts._asking = True
    asked = list[str]()
    play = stage(vts, tmp_path)
    play.sink._login._tell = lambda what, _: asked.append(what)
    with play:
        assert vts.wait(lambda: "still shows a popup" in play.sink.stats.last_error)
        assert vts.wait(lambda: vts.errors.count(POPUP_OPEN) >= 2)
        # There is no popup of ours to click on, and each attempt would tell of one.
        assert asked == []
        vts._asking = False
        assert vts.wait(lambda: vts.injections)


def test_a_token_that_is_no_longer_good_asks_once_more(vts: FakeVts, tmp_path: Path) -> None:
    play = stage(vts, tmp_path)
    play.tokens.save("of another installation", host="127.0.0.1", port=vts.port)
    with play:
        assert vts.wait(lambda: vts.injections)
    assert vts.popups == 1
    assert play.tokens.load(host="127.0.0.1", port=vts.port) in vts.world.tokens


def test_revoked_in_the_middle_of_a_run(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.popup = "deny"
        vts.revoke()
        assert vts.wait(lambda: "denies vtdrive access" in play.sink.stats.last_error)
        assert vts.wait(lambda: vts.popups == 2)
        time.sleep(2.0)
        assert vts.popups == 2


def test_the_api_is_switched_off(vts: FakeVts, tmp_path: Path) -> None:
    vts.api_on = False
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "API is switched off" in play.sink.stats.last_error)
        assert "Start API" in play.sink.stats.remedy
        vts.api_on = True
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.api_on = False
        assert vts.wait(lambda: not play.up)
        assert "API is switched off" in play.sink.stats.last_error


def test_events_are_never_taken_for_replies(vts: FakeVts, tmp_path: Path) -> None:
    vts.noisy = True
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 30)
        assert play.sink.stats.last_error == ""
        assert vts.errors == []


def test_garbage_between_replies_is_passed_over(vts: FakeVts, tmp_path: Path) -> None:
    head = '{"apiName": "VTubeStudioPublicAPI", "messageType": '
    vts.garbage = [
        "", "{", "[]", "null", b"\x00\xff", "[" * 20_000, "\ud7ff", f'{head}"APIError"}}',
        f'{head}"InjectParameterDataResponse", "requestID": "v1"}}',
        f'{head}"ModelLoadedEvent", "data": []}}', f'{head}7}}',
        f'{head}"HotkeyTriggeredEvent", "data": {{"hotkeyTriggeredByAPI": false}}}}',
    ]  # fmt: skip
    hotkeys = {"happiness": "Smile"}
    with stage(vts, tmp_path, customs="off", emotions=False, hotkeys=hotkeys) as play:
        assert vts.wait(lambda: len(vts.injections) > 30)
        assert play.up
        assert play.sink.stats.last_error == ""


def test_a_message_without_end_ends_the_connection_only(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.garbage = ["x" * (5 << 20)]
        assert vts.wait(lambda: play.up is False)
        vts.garbage = []
        vts.injections.clear()
        assert vts.wait(lambda: len(vts.injections) > 5)


def test_targets_tell_windows_apart_but_not_spellings() -> None:
    def target(**options: object) -> str:
        return VtsOutput(VtsSink.model_validate(options)).target

    assert target() == target(host="localhost") == "vts:127.0.0.1:8001"
    assert target(discover=True, instance="Window 2") != target(discover=True)
    assert target(port=8002) != target()


def test_a_parameter_that_goes_is_left_out(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        del vts.world.customs["JawOpen"]
        assert vts.wait(lambda: "JawOpen" not in vts.injections[-1].values)
        assert "MouthFunnel" in vts.injections[-1].values
        assert vts.wait(lambda: play.sink.stats.last_error == "")
        assert vts.errors.count(453) <= 3


def test_another_plugin_keeps_its_input(vts: FakeVts, tmp_path: Path) -> None:
    vts.others["MouthOpen"] = "Crowd Control"
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 30)
        assert "MouthOpen" not in vts.injections[-1].values
        assert "MouthSmile" in vts.injections[-1].values
        assert "another plugin drives" in play.sink.stats.last_error
        assert "Crowd Control" in play.sink.stats.last_error
        assert "mode=add" in play.sink.stats.remedy
        assert play.up
        assert len([e for e in vts.errors if e == 454]) <= 3
        vts.others.clear()
        assert vts.wait(lambda: "MouthOpen" in vts.injections[-1].values, seconds=8)
        assert vts.wait(lambda: play.sink.stats.last_error == "")


@pytest.mark.parametrize("number", [0, 451, 777])
def test_an_error_in_mid_stream_is_told_and_survived(
    vts: FakeVts, tmp_path: Path, number: int
) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.fail["InjectParameterDataRequest"] = (number, "for this test")
        assert vts.wait(lambda: f"[error {number}]" in play.sink.stats.last_error)
        assert "for this test" in play.sink.stats.last_error
        assert play.sink.stats.remedy
        count = len(vts.injections)
        assert vts.wait(lambda: len(vts.injections) > count + 5)
        assert play.sink.stats.last_error == ""
        assert play.up


def test_limits_are_told_and_the_rest_is_driven(vts: FakeVts, tmp_path: Path) -> None:
    for i in range(280):
        vts.world.customs[f"Other{i}"] = {"name": f"Other{i}", "addedBy": "Others"}
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: vts.injections)
        assert len(vts.injections[-1].values) == 21 + 20
        assert "allows 300 parameters" in play.sink.stats.note
        assert vts.errors.count(356) == 1


def test_its_own_limit_is_not_even_tried(vts: FakeVts, tmp_path: Path) -> None:
    for i in range(100):
        vts.world.customs[f"Old{i}"] = {"name": f"Old{i}", "addedBy": "vtdrive"}
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: vts.injections)
        assert vts.of("ParameterCreationRequest") == []
        assert "allows each plugin 100" in play.sink.stats.note


@pytest.mark.parametrize("number", [350, 352, 354])
def test_one_refused_parameter_costs_only_itself(vts: FakeVts, tmp_path: Path, number: int) -> None:
    vts.fail["ParameterCreationRequest"] = (number, "no")
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: vts.injections)
        assert len(vts.injections[-1].values) == 21 + 50 + 8 - 1
        assert f"[error {number}]" in play.sink.stats.note


def test_a_slow_server_gets_the_newest(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, customs="off", emotions=False) as play:
        assert vts.wait(lambda: vts.injections and last(vts, "Brows")[1] == 1.0)
        vts.reply_after_s = 0.15
        time.sleep(0.5)
        vts.injections.clear()
        vts.most_waiting = 0
        play.show({"jawOpen": 1.0})
        shown_s = time.monotonic()
        assert vts.wait(lambda: vts.injections and last(vts, "MouthOpen")[0] == 1.0)
        # Two in flight at 0.15 s each, and one that was being filled.
        assert vts.injections[-1].t_s - shown_s < 0.15 * 3 + 0.3
        time.sleep(1.0)
        assert vts.most_waiting <= 2
        assert play.up


def test_a_server_that_hangs_is_left_and_found_again(
    vts: FakeVts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vtdrive.sinks import vts_inputs

    monkeypatch.setattr(vts_link, "REPLY_S", 0.5)
    monkeypatch.setattr(vts_inputs, "REPLY_S", 0.5)
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.silent = True
        assert vts.wait(lambda: "has not answered for" in play.sink.stats.last_error)
        vts.silent = False
        vts.injections.clear()
        assert vts.wait(lambda: len(vts.injections) > 5, seconds=20)


def test_a_run_may_end_while_the_server_hangs(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.silent = True
        time.sleep(0.3)
        start = time.monotonic()
        play.end()
        assert time.monotonic() - start < 2.0
        assert "did not close" not in play.sink.stats.last_error


def test_a_changed_schema_is_followed(vts: FakeVts, tmp_path: Path) -> None:
    from vtdrive.types import Param, RigSchema

    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        wider = RigSchema((Param("first"), *FULL.params), FULL.bones)
        play.sink.open(wider)  # frames of the old one still come: they are passed over
        count = len(vts.injections)
        assert vts.wait(lambda: len(vts.injections) > count)
        play.sink.open(FULL)
        play.show({"jawOpen": 1.0})
        assert vts.wait(lambda: last(vts, "JawOpen")[0] == 1.0)
        assert play.sink.stats.last_error == ""
