"""Negotiating with cameras. The devices are fakes: what is tested is our side of the talk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_sources import FakeCapture, FakeClock

from vtdrive.config.schema import SourceConfig
from vtdrive.errors import SourceLost, SourceNotFound, UsageError
from vtdrive.sources.enumerate import CameraInfo
from vtdrive.sources.webcam import WebcamDevice

DSHOW, MSMF, V4L2 = 700, 1400, 200


def device(
    captures: FakeCapture | dict[tuple[int, int], FakeCapture],
    *,
    platform: str = "linux",
    cameras: dict[str, list[CameraInfo]] | None = None,
    **wishes: Any,
) -> WebcamDevice:
    def capture(index: int, backend: int) -> FakeCapture:
        if isinstance(captures, FakeCapture):
            return captures
        return captures.get((index, backend), FakeCapture(opens=False))

    def listing(backend: str) -> list[CameraInfo]:
        known = cameras or {}
        names = list(known) if backend == "auto" else [backend]
        return [camera for name in names for camera in known.get(name, [])]

    config = SourceConfig(**wishes)
    return WebcamDevice(
        config, clock=FakeClock(), platform=platform, capture=capture, cameras=listing
    )


def test_mjpg_is_preferred_and_the_obtained_values_are_told() -> None:
    cap = FakeCapture(fps=30.0)
    camera = device(cap, cameras={"v4l2": [CameraInfo(0, "C920", "v4l2")]}, width=1280, height=720)
    obtained = camera.open()
    assert obtained.name == "camera 0 (C920)"
    assert (obtained.width, obtained.height, obtained.fps) == (1280, 720, 30.0)
    assert (obtained.pixel_format, obtained.backend, obtained.live) == ("MJPG", "v4l2", True)
    assert obtained.notes == ()
    frame = camera.read()
    assert frame.image.shape == (720, 1280, 3)
    assert frame.image[0, 0].tolist() == [0, 0, 200]  # the fake is blue in BGR
    assert not frame.image.flags.writeable
    camera.close()
    assert cap.released == 1


def test_rate_then_format_then_size() -> None:
    cap = FakeCapture()
    camera = device(cap)
    camera.open()
    camera.close()
    assert [name for name, _ in cap.asked] == ["fps", "fourcc", "width", "height"]
    assert cap.asked[0] == ("fps", 60.0)


def test_yuyv_is_taken_where_mjpg_is_refused_and_a_large_picture_is_warned_about() -> None:
    camera = device(FakeCapture(formats=["YUYV"], fps=10.0), width=1920, height=1080, fps=30)
    obtained = camera.open()
    camera.close()
    assert obtained.pixel_format == "YUYV"
    assert "asked for 30 fps, the camera gives 10" in obtained.notes
    assert any("uncompressed" in note for note in obtained.notes)


def test_yuyv_first_where_it_was_asked_for() -> None:
    camera = device(FakeCapture(), pixel_format="YUYV")
    assert camera.open().pixel_format == "YUYV"
    camera.close()
    camera = device(FakeCapture(formats=["MJPG"]), pixel_format="YUYV")
    assert camera.open().notes == ("asked for YUYV, the camera gives MJPG",)
    camera.close()


@pytest.mark.parametrize("fourcc", ["BGR3", "RGB4"])
def test_a_device_whose_pictures_come_as_one_row_of_bytes(fourcc: str) -> None:
    # What OpenCV 4.11 really gave for these two formats of the kernel's test camera.
    class OneRow(FakeCapture):
        def retrieve(self, image: Any = None) -> tuple[bool, Any]:
            _, bgr = super().retrieve(image)
            bgr[0, 1] = (3, 2, 1)
            return True, bgr.reshape(1, -1)

    cameras = {"v4l2": [CameraInfo(0, "loopback", "v4l2")]}
    camera = device(OneRow(formats=[fourcc]), platform="darwin", cameras=cameras)
    if fourcc == "BGR3":
        assert camera.open().width == 640
        assert camera.read().image[0, :2].tolist() == [[0, 0, 200], [1, 2, 3]]
    else:
        with pytest.raises(SourceNotFound, match="gives no picture"):
            camera.open()
    camera.close()


def test_a_small_picture_without_mjpg_is_no_news() -> None:
    camera = device(FakeCapture(formats=["YUYV"]), fps=30)
    assert camera.open().notes == ()
    camera.close()


def test_another_size_or_format_than_asked_is_told() -> None:
    camera = device(
        FakeCapture(formats=["YUYV"], size=(640, 360)), width=1280, height=720, pixel_format="MJPG"
    )
    notes = camera.open().notes
    camera.close()
    assert "asked for 1280x720, the camera gives 640x360" in notes
    assert "asked for MJPG, the camera gives YUYV" in notes


def test_windows_tries_directshow_then_media_foundation() -> None:
    silent, works = FakeCapture(grabs=[]), FakeCapture()
    camera = device({(0, DSHOW): silent, (0, MSMF): works}, platform="win32")
    assert camera.open().backend == "msmf"
    assert silent.released == 1
    camera.close()
    camera = device({(0, DSHOW): FakeCapture(), (0, MSMF): works}, platform="win32")
    assert camera.open().backend == "dshow"
    camera.close()


def test_directshow_calls_yuyv_yuy2() -> None:
    cap = FakeCapture(formats=["YUY2"])
    camera = device({(0, DSHOW): cap}, platform="win32", pixel_format="YUYV")
    obtained = camera.open()
    camera.close()
    assert (obtained.pixel_format, obtained.notes) == ("YUY2", ())


@pytest.mark.parametrize(("platform", "backend"), [("win32", DSHOW), ("linux", V4L2)])
def test_the_stamp_is_taken_where_the_driver_waits(platform: str, backend: int) -> None:
    clock = FakeClock(0)

    class Slow(FakeCapture):
        def grab(self) -> bool:
            clock.t_ns += 0 if backend == DSHOW else 33
            return super().grab()

        def retrieve(self, image: Any = None) -> tuple[bool, Any]:
            clock.t_ns += 33 if backend == DSHOW else 4  # here V4L2 only unpacks the JPEG
            return super().retrieve(image)

    camera = WebcamDevice(
        SourceConfig(),
        clock=clock,
        platform=platform,
        capture=lambda index, number: Slow(),
        cameras=lambda name: [],
    )
    camera.open()
    assert camera.read().t_ns == 33
    camera.close()


def test_a_name_is_looked_up_in_the_numbers_of_each_backend() -> None:
    cameras = {
        "dshow": [CameraInfo(0, "OBS Virtual Camera", "dshow"), CameraInfo(1, "C920 HD", "dshow")],
        "msmf": [CameraInfo(0, "C920 HD", "msmf")],
    }
    caps = {(1, DSHOW): FakeCapture(opens=False), (0, MSMF): FakeCapture()}
    camera = device(caps, platform="win32", cameras=cameras, uri="c920")
    obtained = camera.open()
    camera.close()
    assert (obtained.name, obtained.backend) == ("camera 0 (C920 HD)", "msmf")


@pytest.mark.parametrize(
    ("uri", "what", "remedy"),
    [
        ("brio", "no camera named 'brio'", "0 (Front Camera), 2 (Back Camera)"),
        ("camera", "may mean several cameras", "0 (Front Camera), 2 (Back Camera)"),
        ("7", "no camera 7", "0 (Front Camera), 2 (Back Camera)"),
    ],
)
def test_a_wrong_name_lists_what_is_there(uri: str, what: str, remedy: str) -> None:
    cameras = {
        "avfoundation": [
            CameraInfo(0, "Front Camera", "avfoundation"),
            CameraInfo(2, "Back Camera", "avfoundation"),
        ]
    }
    camera = device({}, platform="darwin", cameras=cameras, uri=uri)
    with pytest.raises(SourceNotFound, match=what) as caught:
        camera.open()
    camera.close()
    assert remedy in caught.value.remedy


def test_a_backend_of_another_system_is_refused() -> None:
    camera = device(FakeCapture(), backend="dshow")
    with pytest.raises(UsageError, match="does not exist on this system") as caught:
        camera.open()
    assert "v4l2" in caught.value.remedy


def test_a_bad_grab_is_tried_again_and_five_are_a_loss() -> None:
    grabs = [True, False, False, True]
    camera = device(FakeCapture(grabs=grabs))
    camera.open()
    assert [camera.read().seq, camera.read().seq] == [0, 1]
    with pytest.raises(SourceLost) as caught:
        camera.read()
    camera.close()
    assert "plug it in" in caught.value.remedy


@pytest.mark.parametrize("how", ["opens", "grabs"])
def test_a_camera_without_a_picture_is_let_go(how: str) -> None:
    make: Callable[[], FakeCapture] = (
        (lambda: FakeCapture(opens=False)) if how == "opens" else (lambda: FakeCapture(grabs=[]))
    )
    cap = make()
    camera = device(cap, platform="darwin", cameras={"avfoundation": [CameraInfo(0, "FT", "x")]})
    with pytest.raises(SourceNotFound, match="is there but gives no picture") as caught:
        camera.open()
    camera.close()
    assert cap.released == 1
    assert "Privacy" in caught.value.remedy
