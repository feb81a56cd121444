"""VTube Studio: which frames it gets, against a fake that is strict (fake_vts.py)."""

from __future__ import annotations

import itertools
import math
import time
from pathlib import Path

import pytest
from avatar_frames import FULL
from fake_vts import FakeVts
from fake_vts_world import DEFAULTS, World
from vts_stage import face_frame, last, stage
from vts_stage import vts as vts

from vtdrive.config.sinks import VtsSink
from vtdrive.sinks.vts import VtsOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.types import Status
from vtdrive.wire.vts_params import ARKIT, EMOTION_INPUTS


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


def test_targets_tell_windows_apart_but_not_spellings() -> None:
    def target(**options: object) -> str:
        return VtsOutput(VtsSink.model_validate(options)).target

    assert target() == target(host="localhost") == "vts:127.0.0.1:8001"
    assert target(discover=True, instance="Window 2") != target(discover=True)
    assert target(port=8002) != target()


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
