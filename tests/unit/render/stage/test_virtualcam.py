"""The virtual camera on a backend of pyvirtualcam that keeps what it is sent."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
from waiting import until

from vtdrive.clock import SystemClock
from vtdrive.config.sinks.virtualcam import VirtualCamSink
from vtdrive.errors import MissingExtra, SinkError, SinkUnusable
from vtdrive.render.stage.output import Output, Picture
from vtdrive.render.stage.virtualcam import VirtualCam
from vtdrive.testing import FakeClock
from vtdrive.types import U8

pyvirtualcam = pytest.importorskip("pyvirtualcam", reason="needs the extra [virtualcam]")
MS = 1_000_000
SIZE = (64, 48)


class Capture:
    """A camera that keeps what it is sent, with the time."""

    made: list[Capture]
    clock: FakeClock | SystemClock
    busy_ns: dict[int, int]
    """How long sending the nth picture takes."""
    enough = 400
    refuses = ""
    breaks_at = -1

    def __init__(self, *, width: int, height: int, fps: float, fourcc: int, device: str | None):
        if type(self).refuses:
            raise RuntimeError(type(self).refuses)
        self.asked = {"width": width, "height": height, "fps": fps, "device": device}
        self.fourcc = fourcc
        self.frames: list[U8] = []
        self.times_ns: list[int] = []
        self.closed = 0
        self.done = threading.Event()
        self.made.append(self)

    def send(self, frame: U8) -> None:
        if len(self.frames) == self.breaks_at:
            raise OSError("the driver went away")
        if len(self.frames) < self.enough:
            self.times_ns.append(self.clock.now_ns())
            self.frames.append(frame.copy())
            if isinstance(self.clock, FakeClock):
                self.clock.advance(self.busy_ns.get(len(self.frames), 0) * 1e-9)
        else:
            self.done.set()
            self.done.wait(0.001)  # a clock that jumps would spin

    def device(self) -> str:
        return "Capture 1"

    def native_fourcc(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Capture]]:
    """The only backend, under the name of one that a config can ask for."""
    kind: type[Capture] = type(
        "KeptCapture", (Capture,), {"made": [], "clock": FakeClock(7), "busy_ns": {}}
    )
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    pyvirtualcam.register_backend("obs", kind)
    yield kind
    assert all(camera.closed == 1 for camera in kind.made)
    assert not [t for t in threading.enumerate() if t.name == "virtualcam"]


def half_seen(width: int = SIZE[0], height: int = SIZE[1]) -> U8:
    """Left: nothing. Then a red rim, half transparent. Right: opaque red."""
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[:, width // 2 :] = (200, 0, 0, 255)
    rgba[:, width // 2 : width // 2 + 8] = (100, 0, 0, 128)
    rgba.setflags(write=False)
    return rgba


def picture(seq: int = 0, rgba: U8 | None = None) -> Picture:
    return Picture(half_seen() if rgba is None else rgba, seq, 0, 0)


def run(backend: type[Capture], *, fps: float = 30.0, **table: Any) -> Capture:
    """Show one picture until the camera has enough; the camera, closed."""
    cam = VirtualCam(VirtualCamSink(**table), clock=backend.clock)
    try:
        cam.open(*SIZE, fps)
        cam.show(picture())
        until(lambda: backend.made[-1].done.is_set())
    finally:
        cam.close()
    return backend.made[-1]


def test_it_is_an_output() -> None:
    assert isinstance(VirtualCam(VirtualCamSink()), Output)


def test_transparency_becomes_green(backend: type[Capture]) -> None:
    camera = run(backend)
    assert camera.asked == {"width": 64, "height": 48, "fps": 30.0, "device": None}
    seen = camera.frames[0].reshape(48, 64, 3)
    assert seen[5, 5].tolist() == [0, 255, 0]
    assert seen[5, 60].tolist() == [200, 0, 0]
    assert seen[5, 34].tolist() == [100, 127, 0]


def test_rgba_keeps_transparency_and_is_straight(backend: type[Capture]) -> None:
    seen = run(backend, pixel_format="RGBA").frames[0].reshape(48, 64, 4)
    assert seen[5, 5].tolist() == [0, 0, 0, 0]
    assert seen[5, 60].tolist() == [200, 0, 0, 255]
    assert seen[5, 34].tolist() == [199, 0, 0, 128]


def nv12_to_rgb(frame: U8) -> Any:
    return cv2.cvtColor(frame.reshape(72, 64), cv2.COLOR_YUV2RGB_NV12)


def i420_to_rgb(frame: U8) -> Any:
    return cv2.cvtColor(frame.reshape(72, 64), cv2.COLOR_YUV2RGB_I420)


def yuyv_to_rgb(frame: U8) -> Any:
    return cv2.cvtColor(frame.reshape(48, 64, 2), cv2.COLOR_YUV2RGB_YUY2)


def uyvy_to_rgb(frame: U8) -> Any:
    return cv2.cvtColor(frame.reshape(48, 64, 2), cv2.COLOR_YUV2RGB_UYVY)


def bgr_to_rgb(frame: U8) -> Any:
    return frame.reshape(48, 64, 3)[..., ::-1]


@pytest.mark.parametrize(
    ("pixel_format", "read"),
    [
        ("BGR", bgr_to_rgb),
        ("I420", i420_to_rgb),
        ("NV12", nv12_to_rgb),
        ("YUYV", yuyv_to_rgb),
        ("UYVY", uyvy_to_rgb),
    ],
)
def test_every_format_has_the_colours(backend: type[Capture], pixel_format: str, read: Any) -> None:
    seen = read(run(backend, pixel_format=pixel_format).frames[0])
    assert seen.shape == (48, 64, 3)
    np.testing.assert_allclose(seen[5, 5], (0, 255, 0), atol=3)
    np.testing.assert_allclose(seen[5, 60], (200, 0, 0), atol=3)


@pytest.mark.parametrize(("of_table", "rate_hz"), [(0.0, 30.0), (60.0, 60.0)])
def test_the_rate_is_even(backend: type[Capture], of_table: float, rate_hz: float) -> None:
    cam = VirtualCam(VirtualCamSink(fps=of_table), clock=backend.clock)
    cam.open(*SIZE, 30.0)
    cam.show(picture())
    until(lambda: backend.made[0].done.is_set())
    cam.close()
    times_ns = np.array(backend.made[0].times_ns)
    assert backend.made[0].asked["fps"] == rate_hz
    assert len(times_ns) == Capture.enough
    np.testing.assert_allclose(np.diff(times_ns), 1e9 / rate_hz, atol=1)
    np.testing.assert_allclose(times_ns[-1] - times_ns[0], 399 * 1e9 / rate_hz, atol=1)


def test_a_stall_leaves_pictures_out_and_the_beat_goes_on(backend: type[Capture]) -> None:
    backend.busy_ns = {10: 95 * MS, 20: 25 * MS}
    camera = run(backend, fps=50.0)
    beats = [(t - 7) / (20 * MS) for t in camera.times_ns]
    # The first picture may come some beats after the camera was opened.
    steps = np.diff(np.round(beats)).astype(int)
    np.testing.assert_allclose(beats, np.round(beats), atol=1e-6)
    assert steps[9] == 6  # 95 ms: the beat at 100 ms would follow too soon
    assert steps[19] == 2
    assert set(np.delete(steps, [9, 19]).tolist()) == {1}


def is_red(camera: Capture, red: int) -> bool:
    return bool(camera.frames) and camera.frames[-1][0] == red


def test_the_newest_picture_is_sent_again_and_again(backend: type[Capture]) -> None:
    backend.clock, backend.enough = SystemClock(), 10_000
    cam = VirtualCam(VirtualCamSink())
    cam.open(*SIZE, 100.0)
    try:
        camera = backend.made[0]
        assert camera.frames == []
        for red in (10, 20, 30):
            rgba = np.full((48, 64, 4), (red, 0, 0, 255), np.uint8)
            cam.show(picture(red, rgba))
            until(partial(is_red, camera, red))
        many = len(camera.frames) + 20
        until(lambda: len(camera.frames) > many)
        reds = [int(frame[0]) for frame in camera.frames]
        assert reds == sorted(reds)
        assert cam.stats.frames >= many
        assert cam.stats.bytes_sent >= many * 64 * 48 * 3
        assert cam.name == "virtualcam Capture 1"
        assert cam.stats.note == "Capture 1, 64x48 at 100 fps, RGB"
    finally:
        cam.close()


def test_it_opens_again_after_closing(backend: type[Capture]) -> None:
    cam = VirtualCam(VirtualCamSink(), clock=backend.clock)
    for width in (64, 32):
        cam.open(width, 48, 30.0)
        cam.show(picture(0, half_seen(width)))
        until(lambda: backend.made[-1].frames)
        cam.close()
    assert [camera.asked["width"] for camera in backend.made] == [64, 32]


def test_a_camera_that_breaks_is_told_by_show(backend: type[Capture]) -> None:
    backend.breaks_at = 3
    cam = VirtualCam(VirtualCamSink(), clock=backend.clock)
    cam.open(*SIZE, 30.0)
    cam.show(picture())
    until(lambda: backend.made[0].closed)
    until(lambda: not [t for t in threading.enumerate() if t.name == "virtualcam"])
    with pytest.raises(SinkError, match=r"Capture 1 takes no more .* the driver went away"):
        cam.show(picture(1))
    cam.close()
    backend.breaks_at = -1
    cam.open(*SIZE, 30.0)
    cam.show(picture(2))
    until(lambda: backend.made[1].frames)
    cam.close()


def test_closing_without_opening_is_nothing() -> None:
    VirtualCam(VirtualCamSink()).close()


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith("pyvirtualcam"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    cam = VirtualCam(VirtualCamSink())
    with pytest.raises(MissingExtra) as told:
        cam.open(*SIZE, 30.0)
    cam.close()
    assert 'pip install "vtdrive[virtualcam]"' in told.value.remedy


def test_a_backend_of_another_system_is_refused(backend: type[Capture]) -> None:
    cam = VirtualCam(VirtualCamSink(backend="unitycapture"))
    with pytest.raises(SinkUnusable, match="unitycapture") as told:
        cam.open(*SIZE, 30.0)
    assert "auto, obs" in told.value.remedy


def test_auto_takes_the_first_backend_that_is_there(
    backend: type[Capture], monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = type("Absent", (backend,), {"refuses": "OBS Virtual Camera device not found! Did"})
    there = type("There", (backend,), {})
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"obs": absent, "unitycapture": there})
    assert type(run(backend)) is there
    backend.made.clear()

    monkeypatch.setattr(there, "refuses", "No camera registered. Did you install any camera?")
    monkeypatch.setattr("platform.system", lambda: "Windows")
    with pytest.raises(SinkError) as told:
        VirtualCam(VirtualCamSink()).open(*SIZE, 30.0)
    assert "no virtual camera is installed" in told.value.what
    assert "install OBS Studio" in told.value.remedy

    monkeypatch.setattr(there, "refuses", "virtual camera output could not be started")
    with pytest.raises(SinkError, match="already fed by another program"):
        VirtualCam(VirtualCamSink()).open(*SIZE, 30.0)
