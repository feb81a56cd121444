"""What can be told without the kernel's module; with it: tests/hardware."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vtdrive.config.sinks.virtualcam import VirtualCamSink
from vtdrive.errors import SinkError
from vtdrive.render.stage import loopback
from vtdrive.render.stage.camera_open import opened
from vtdrive.render.stage.loopback import (
    Loopback,
    hold,
    loopbacks,
    native_format,
    offered,
    written_to,
)

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="v4l2loopback is of Linux")


def node(root: Path, number: int, name: str, *, form: str | None) -> None:
    folder = root / "class/video4linux" / f"video{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    if form is not None:
        (folder / "max_openers").write_text("10\n")
        (folder / "format").write_text(form)


def test_loopbacks_are_told_from_webcams(tmp_path: Path) -> None:
    node(tmp_path, 0, "C920", form=None)
    node(tmp_path, 10, "vtdrive", form="")
    node(tmp_path, 2, "OBS Cam", form="YU12:640x360@30\n")
    assert loopbacks(sys_root=tmp_path) == [
        Loopback("/dev/video2", "OBS Cam", streaming=True),
        Loopback("/dev/video10", "vtdrive", streaming=False),
    ]
    assert loopbacks(sys_root=tmp_path / "nothing") == []


@only_linux
def test_what_is_no_camera_is_left_alone(tmp_path: Path) -> None:
    plain = tmp_path / "video99"
    plain.write_bytes(b"kept")
    for path in (str(plain), str(tmp_path / "absent")):
        assert native_format(path) is None
        assert offered(path)
        assert hold(path) is None
    assert not written_to(str(tmp_path / "absent"), watch_s=0.0)
    assert plain.read_bytes() == b"kept"


@pytest.fixture
def one_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyvirtualcam", reason="needs the extra [virtualcam]")
    if sys.platform != "linux":
        pytest.skip("v4l2loopback is of Linux")
    monkeypatch.setattr(
        loopback, "loopbacks", lambda: [Loopback("/dev/video77", "vtdrive", streaming=True)]
    )


@pytest.mark.usefixtures("one_camera")
def test_one_that_another_program_feeds_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "written_to", lambda path: path == "/dev/video77")
    for device in ("", "/dev/video77", "vtdrive"):
        with pytest.raises(SinkError, match="/dev/video77 is already fed by another"):
            opened(VirtualCamSink(device=device), "RGB", (64, 48), 30.0)


@pytest.mark.usefixtures("one_camera")
def test_a_wrong_name_is_told_the_right_one() -> None:
    with pytest.raises(SinkError, match="no virtual camera /dev/video78") as told:
        opened(VirtualCamSink(device="/dev/video78"), "RGB", (64, 48), 30.0)
    assert "/dev/video77 (vtdrive)" in told.value.remedy
