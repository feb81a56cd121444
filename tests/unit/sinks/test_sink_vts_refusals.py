"""Parameters that VTube Studio refuses, limits or gives to another plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_vts import FakeVts
from vts_stage import stage
from vts_stage import vts as vts

pytestmark = pytest.mark.slow  # it waits much


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
