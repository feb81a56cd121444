"""Finding cameras, and saying why one did not open."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2_enumerate_cameras
import pytest

from vtdrive.sources.diagnose import camera_fault, unknown_camera
from vtdrive.sources.enumerate import (
    BACKENDS,
    CameraInfo,
    backends_of,
    find_camera,
    list_cameras,
    node_state,
    users_of,
)

FRONT = CameraInfo(0, "Front Camera", "v4l2", "/dev/video0")
BACK = CameraInfo(2, "Back Camera", "v4l2", "/dev/video2")


def test_backend_numbers_are_those_of_opencv() -> None:
    import cv2

    for name, number in BACKENDS.items():
        assert number == getattr(cv2, f"CAP_{name.upper()}")


def test_order_of_backends() -> None:
    assert backends_of("win32") == ("dshow", "msmf")
    assert backends_of("darwin") == ("avfoundation",)
    assert backends_of("linux") == ("v4l2",)


def test_listing_is_by_index_and_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        1400: [
            SimpleNamespace(index=3, name="C920", path=None),
            SimpleNamespace(index=1, name="", path="x"),
        ]
    }
    monkeypatch.setattr(cv2_enumerate_cameras, "supported_backends", (700, 1400))
    monkeypatch.setattr(
        cv2_enumerate_cameras, "enumerate_cameras", lambda number: found.get(number, [])
    )
    cameras = list_cameras(platform="win32")
    assert [(c.index, c.name, c.backend, c.busy) for c in cameras] == [
        (1, "camera 1", "msmf", None),
        (3, "C920", "msmf", None),
    ]
    assert list_cameras("dshow", platform="win32") == []
    assert list_cameras(platform="linux") == []  # not supported by what was found


def test_a_camera_as_the_user_reads_it() -> None:
    assert str(FRONT) == "0: Front Camera (v4l2, /dev/video0)"
    assert str(CameraInfo(1, "C920", "dshow", busy=True)) == "1: C920 (dshow), in use"


def test_part_of_a_name_is_enough() -> None:
    cameras = [FRONT, BACK, CameraInfo(4, "Camera", "v4l2"), CameraInfo(5, "Back Camera", "v4l2")]
    assert [c.index for c in find_camera(cameras, "front")] == [0]
    assert [c.index for c in find_camera(cameras, "BACK")] == [2]  # two alike: the first
    assert [c.index for c in find_camera(cameras, "camera")] == [4]  # the exact one
    assert [c.index for c in find_camera(cameras, "cam")] == [0, 2, 4, 5]
    assert find_camera(cameras, "brio") == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_who_uses_a_node(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    assert users_of(str(node)) == []
    with node.open("rb"):
        assert [f"(process {os.getpid()})" in user for user in users_of(str(node))] == [True]


def test_state_of_a_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "video0"
    assert node_state(str(node)) == "missing"
    node.touch()
    assert node_state(str(node)) == "ok"
    for fault, state in ((PermissionError(), "denied"), (OSError(16, "busy"), "busy")):

        def refuse(*args: object, fault: OSError = fault) -> int:
            raise fault

        monkeypatch.setattr(os, "open", refuse)
        assert node_state(str(node)) == state
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("index", "cameras", "state", "users", "what", "remedy"),
    [
        (0, [], "missing", [], "no camera at all", "plug one in"),
        (1, [FRONT, BACK], "missing", [], "no camera 1", "0 (Front Camera), 2 (Back Camera)"),
        (0, [FRONT], "denied", [], "may not open /dev/video0", "usermod -aG video"),
        (0, [], "denied", [], "may not open /dev/video0", "usermod -aG video"),
        (0, [FRONT], "busy", [], "(Front Camera) is in use by another program", "close the"),
        (0, [FRONT], "ok", ["obs (process 7)"], "in use by obs (process 7)", "close the"),
        (1, [FRONT], "ok", [], "/dev/video1 is not a camera", "0 (Front Camera)"),
        (0, [FRONT], "ok", [], "gives no picture", "close the"),
    ],
)
def test_why_a_camera_does_not_open_on_linux(
    index: int, cameras: list[CameraInfo], state: str, users: list[str], what: str, remedy: str
) -> None:
    fault = camera_fault(
        index,
        cameras,
        platform="linux",
        state=lambda path: state,
        users=lambda path: users,
    )
    assert what in fault.what
    assert remedy in fault.remedy


def test_why_a_camera_does_not_open_elsewhere() -> None:
    known = [CameraInfo(0, "C920", "dshow")]
    assert "Settings, Privacy" in camera_fault(0, known, platform="win32").remedy
    assert "no camera 4" in camera_fault(4, known, platform="win32").what
    assert "no camera at all" in camera_fault(0, [], platform="win32").what


def test_an_unknown_name() -> None:
    assert "no camera at all" in unknown_camera("brio", []).what
    assert "2 (Back Camera)" in unknown_camera("brio", [FRONT, BACK]).remedy
