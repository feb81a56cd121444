"""Our virtual camera on a real v4l2loopback device, in a machine that QEMU emulates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from v4l2loopback import camera_figures, missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing()), reason=f"no emulated machine: {missing()}"),
]

SIZE = [640, 360]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return camera_figures(tmp_path_factory.mktemp("guest"))


def assert_our_picture(seen: dict[str, Any]) -> None:
    assert seen["opened"]
    assert seen["size"] == SIZE
    for name, colour in (("none", (0, 255, 0)), ("red", (220, 30, 40)), ("half", (0, 127, 128))):
        np.testing.assert_allclose(seen["rgb"][name], colour, atol=4, err_msg=name)


def test_without_the_module_it_says_what_to_install(found: dict[str, Any]) -> None:
    told = found["no_module"]
    assert told["what"] == "there is no virtual camera"
    assert "sudo apt install v4l2loopback-dkms" in told["remedy"]
    assert "sudo modprobe v4l2loopback" in told["remedy"]


def test_programs_see_size_and_colours(found: dict[str, Any]) -> None:
    plain = found["plain"]
    assert plain["name"] == "virtualcam /dev/video10"
    assert plain["v4l2_ctl"]["width_height"] == ["640/360"]
    assert plain["v4l2_ctl"]["pixel_format"] == ["YU12"]
    assert plain["v4l2_ctl"]["bytes"] == [640 * 360 * 3 // 2]
    assert_our_picture(plain["opencv"])
    assert found["formats"]["720p"]["width_height"] == ["1280/720"]
    assert found["formats"]["720p"]["bytes"] == [1280 * 720 * 3 // 2]


def test_the_rate_is_even_and_not_that_of_the_painter(found: dict[str, Any]) -> None:
    seen = found["plain"]["v4l2_ctl"]
    assert seen["pictures"] == 61
    assert seen["rate_hz"] == pytest.approx(15.0, rel=0.1)  # painted at 9 Hz; emulated: a few late
    assert seen["gap_ms"]["p50"] == pytest.approx(1000 / 15, abs=8)
    seqs = found["plain"]["opencv"]["seqs"]
    assert seqs == sorted(seqs)
    assert len(set(seqs)) < len(seqs)


@pytest.mark.parametrize("pixel_format", ["BGR", "I420", "NV12", "YUYV", "UYVY"])
def test_every_pixel_format_has_the_colours(found: dict[str, Any], pixel_format: str) -> None:
    assert_our_picture(found["formats"][pixel_format])


def test_what_it_cannot_take_is_refused(found: dict[str, Any]) -> None:
    assert found["formats"]["RGBA"]["type"] == "SinkUnusable"
    assert "does not take pictures as RGBA" in found["formats"]["RGBA"]["what"]
    assert found["missing_device"]["what"] == "there is no virtual camera /dev/video33"
    assert "/dev/video10 (vtdrive)" in found["missing_device"]["remedy"]
    assert found["webcam"]["what"] == "/dev/video20 is no virtual camera"


def test_a_second_opener_is_told_that_it_is_in_use(found: dict[str, Any]) -> None:
    for told in (
        found["plain"]["second_here"],
        found["plain"]["second_there"],
        found["restarts"]["while_it_lives"],
        found["shared"]["second_there"],
    ):
        assert told["type"] == "SinkError"
        assert told["what"] == "/dev/video10 is already fed by another program"


def test_programs_come_and_go(found: dict[str, Any]) -> None:
    assert found["plain"]["frames_while_nobody_looks"] > 7
    again = found["plain"]["opencv_again"]
    assert_our_picture(again)
    assert again["seqs"][0] > found["plain"]["opencv"]["seqs"][-1]


@pytest.mark.parametrize("exclusive_caps", [True, False])
def test_it_can_be_started_again_and_again(found: dict[str, Any], exclusive_caps: bool) -> None:
    seen = found["restarts"] if exclusive_caps else found["shared"]["restarts"]
    for when in ("first", "second", "after_a_kill"):
        assert_our_picture(seen[when])
    # What we come out of is real: the library alone is refused the second time.
    assert found["library_alone"][0] == "opened"
    assert "is not a video output device" in found["library_alone"][1]


@pytest.mark.parametrize("exclusive_caps", [True, False])
def test_a_size_that_is_settled_is_told(found: dict[str, Any], exclusive_caps: bool) -> None:
    seen = found["restarts"] if exclusive_caps else found["shared"]["restarts"]
    assert "held by a program that looks at it as 640x360" in seen["other_size_while_held"]["what"]
    assert seen["same_size_while_held"]["frames"] > 0
    assert seen["other_size_later"]["what"].startswith("was opened")
