from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import pytest

from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.render.stage.camera_faults import MODPROBE, explained, how_to_install


def machine(
    root: Path, release: str = "", *, installed: bool = False, loaded: bool = False
) -> Path:
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text(release)
    if installed:
        folder = root / "lib/modules" / platform.release()
        folder.mkdir(parents=True)
        (folder / "modules.dep").write_text("updates/dkms/v4l2loopback.ko.xz: kernel/a.ko\n")
    if loaded:
        (root / "sys/module/v4l2loopback").mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ('NAME="Debian"\nID=debian\n', "sudo apt install v4l2loopback-dkms"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "sudo apt install v4l2loopback-dkms"),
        ('ID=fedora\nVERSION_ID="41"\n', "sudo dnf install akmod-v4l2loopback"),
        ("ID=manjaro\nID_LIKE=arch\n", "sudo pacman -S v4l2loopback-dkms"),
        ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "sudo zypper install"),
        ("ID=mine\n", "install v4l2loopback with your package manager"),
    ],
)
def test_each_linux_is_told_its_own_command(tmp_path: Path, release: str, command: str) -> None:
    told = how_to_install("Linux", root=machine(tmp_path, release))
    assert command in told
    assert told.endswith(MODPROBE)


def test_what_is_installed_is_only_loaded(tmp_path: Path) -> None:
    root = machine(tmp_path, "ID=debian\n", installed=True)
    assert how_to_install("Linux", root=root) == f"run: {MODPROBE}"


def test_what_is_loaded_without_a_camera_is_loaded_anew(tmp_path: Path) -> None:
    root = machine(tmp_path, "ID=debian\n", installed=True, loaded=True)
    assert "modprobe -r v4l2loopback && " in how_to_install("Linux", root=root)


def test_windows_and_macos_are_told_of_obs() -> None:
    assert how_to_install("Windows").startswith("install OBS Studio (obsproject.com)")
    assert "Start Virtual Camera" in how_to_install("Darwin")
    assert "Camera Extensions" in how_to_install("Darwin")


SAID: list[tuple[dict[str, Any], type[SinkError], str, str]] = [
    (
        {"said": "OBS Virtual Camera device not found! Did you install OBS?", "system": "Windows"},
        SinkError, "the OBS Virtual Camera is not installed", "install OBS Studio",
    ),
    (
        {"said": "OBS Virtual Camera is not installed in your system. Use", "system": "Darwin"},
        SinkError, "the OBS Virtual Camera is not installed", "OBS Studio 30",
    ),
    (
        {"said": "virtual camera output could not be started", "system": "Windows"},
        SinkError, "the OBS Virtual Camera is already fed", "Stop Virtual Camera",
    ),
    (
        {"said": "No camera registered. Did you install any camera?", "backend": "unitycapture",
         "system": "Windows"},
        SinkError, "UnityCapture is not installed", "Install.bat",
    ),
    (
        {"said": "No camera registered with this name.", "backend": "unitycapture",
         "device": "Cam 2", "system": "Windows"},
        SinkUnusable, "no camera of the name 'Cam 2'", "Unity Video Capture",
    ),
    (
        {"said": "This backend supports only the 'OBS Virtual Camera' device.", "device": "X"},
        SinkUnusable, "'X' is no virtual camera", "leave `device` empty",
    ),
    (
        {"said": "Unsupported image format.", "pixel_format": "RGBA", "device": "/dev/video3"},
        SinkUnusable, "/dev/video3 does not take pictures as RGBA", 'pixel_format = "auto"',
    ),
    (
        {"said": "No v4l2 loopback device found at /dev/video[0-99]. Did you run"},
        SinkError, "there is no virtual camera", "modprobe v4l2loopback devices=1",
    ),
    (
        {"said": "Device /dev/video3 does not exist.", "device": "/dev/video3"},
        SinkError, "there is no /dev/video3", "or correct `device`",
    ),
    (
        {"said": "Could not access /dev/video3 due to missing permissions.",
         "device": "/dev/video3"},
        SinkError, "you may not write to /dev/video3", "usermod -aG video",
    ),
    (
        {"said": "Device /dev/video3 is not a video output device.", "device": "/dev/video3"},
        SinkUnusable, "/dev/video3 is no virtual camera", "leave `device` empty",
    ),
    (
        {"said": "Virtual camera device /dev/video3 could not be configured: Device or resource"
         " busy", "device": "/dev/video3"},
        SinkError, "/dev/video3 is already fed", "choose another camera",
    ),
    (
        {"said": "Virtual camera device /dev/video3 could not be configured: Invalid argument",
         "device": "/dev/video3"},
        SinkUnusable, "/dev/video3 refuses pictures of 1280x720", "in [avatar]",
    ),
    (
        {"said": "Something {new}.", "device": "/dev/video3"},
        SinkError, "/dev/video3 cannot be opened: Something {new}", "virtual-camera.md",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "kind", "what", "remedy"), SAID)
def test_each_refusal_has_a_sentence_and_a_remedy(
    given: dict[str, Any], kind: type[SinkError], what: str, remedy: str
) -> None:
    base = {"backend": "obs", "device": "", "pixel_format": "RGB", "system": "Linux"}
    if str(given.get("device", "")).startswith("/dev") or "v4l2" in given["said"]:
        base["backend"] = "v4l2loopback"
    fault = explained(**{**base, **given}, size=(1280, 720))
    assert type(fault) is kind
    assert what in fault.what
    assert remedy in fault.remedy
