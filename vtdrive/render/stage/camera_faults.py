"""What pyvirtualcam's errors mean, and what to install, for each system."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Final

from vtdrive.errors import SinkError, SinkUnusable

__all__ = ["MODPROBE", "explained", "how_to_install"]

MODPROBE: Final = (
    "sudo modprobe v4l2loopback devices=1 video_nr=10 card_label=vtdrive exclusive_caps=1"
)
_PACKAGES: Final = (
    ({"debian", "ubuntu"}, "sudo apt install v4l2loopback-dkms"),
    ({"arch"}, "sudo pacman -S v4l2loopback-dkms"),
    ({"fedora", "rhel"}, "sudo dnf install akmod-v4l2loopback (from RPM Fusion)"),
    ({"suse", "opensuse"}, "sudo zypper install v4l2loopback-kmp-default"),
)
"""How families of Linux, as `ID` and `ID_LIKE` of os-release name them, install the module."""
_OBS: Final = {
    "Windows": "install OBS Studio (obsproject.com), which brings the OBS Virtual Camera, and start"
    " this again; OBS itself need not run",
    "Darwin": "install OBS Studio 30 or newer (obsproject.com), press Start Virtual Camera in it"
    " once, allow it in System Settings, General, Login Items & Extensions, Camera Extensions,"
    " press Stop Virtual Camera, and start this again",
}
_UNITY: Final = (
    "install UnityCapture (github.com/schellingb/UnityCapture: download it and run Install.bat)"
)
_DOCS: Final = "docs/how-to/virtual-camera.md"


def how_to_install(system: str, *, root: Path = Path("/")) -> str:
    """What has to be done on this machine (`platform.system()`) before there is a camera."""
    if system != "Linux":
        return _OBS.get(system, f"see {_DOCS}")
    if (root / "sys/module/v4l2loopback").exists():
        return f"run: sudo modprobe -r v4l2loopback && {MODPROBE}"
    if _module_is_installed(root):
        return f"run: {MODPROBE}"
    kin = _kin_of(root)
    for family, install in _PACKAGES:
        if kin & family:
            return f"run: {install}, then: {MODPROBE}"
    return f"install v4l2loopback with your package manager, then run: {MODPROBE}"


def _module_is_installed(root: Path) -> bool:
    try:
        modules = (root / "lib/modules" / platform.release() / "modules.dep").read_text("utf-8")
    except OSError:
        return False
    return "/v4l2loopback.ko" in modules


def _kin_of(root: Path) -> set[str]:
    try:
        told = (root / "etc/os-release").read_text("utf-8")
    except OSError:
        return set()
    values = re.findall(r'^ID(?:_LIKE)?="?([^"\n]*)', told, re.MULTILINE)
    return {re.split("[-.]", word)[0] for value in values for word in value.split()}


def explained(
    said: str, *, backend: str, device: str, pixel_format: str, system: str, size: tuple[int, int]
) -> SinkError:
    """The error for the user, from what one backend of pyvirtualcam `said` when it was opened."""
    camera = device or {"v4l2loopback": "v4l2loopback", "unitycapture": "UnityCapture"}.get(
        backend, "the OBS Virtual Camera"
    )
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            kind, what, remedy = meaning
            words = {
                "camera": camera,
                "device": device,
                "format": pixel_format,
                "size": f"{size[0]}x{size[1]}",
                "install": _UNITY if backend == "unitycapture" else how_to_install(system),
                "said": said,
            }
            return kind(what.format(**words), remedy.format(**words))
    return SinkError(
        f"{camera} cannot be opened: {said.strip().rstrip('.')}",
        f"close other programs that feed it; {_DOCS} tells how it is set up",
    )


_IN_USE: Final = (
    SinkError,
    "{camera} is already fed by another program",
    "stop that one (in OBS: Stop Virtual Camera), or choose another camera with `device`",
)
_MEANINGS: Final[tuple[tuple[str, tuple[type[SinkError], str, str]], ...]] = (
    (
        "missing permissions",
        (
            SinkError,
            "you may not write to {camera}",
            "run: sudo usermod -aG video $USER, then log out and in again",
        ),
    ),
    ("does not exist", (SinkError, "there is no {camera}", "{install}, or correct `device`")),
    ("is already in use|resource busy", _IN_USE),
    (
        "is not a video output device|is not a V4L2 device|capabilities of .* could not be queried",
        (
            SinkUnusable,
            "{camera} is no virtual camera",
            "leave `device` empty to take the first one, or name one of v4l2loopback",
        ),
    ),
    ("no v4l2 loopback device found", (SinkError, "there is no virtual camera", "{install}")),
    (
        "not found|is not installed|no camera registered\\. ",
        (SinkError, "{camera} is not installed", "{install}"),
    ),
    ("could not be started|couldn't start stream|multiple cameras", _IN_USE),
    (
        "no camera registered with this name",
        (
            SinkUnusable,
            "UnityCapture has no camera of the name '{device}'",
            "leave `device` empty to take the first one; the usual name is Unity Video Capture",
        ),
    ),
    (
        "supports only the",
        (
            SinkUnusable,
            "'{device}' is no virtual camera of this backend",
            "leave `device` empty: there is only the OBS Virtual Camera",
        ),
    ),
    (
        "unsupported image format|format is currently not supported",
        (
            SinkUnusable,
            "{camera} does not take pictures as {format}",
            'use pixel_format = "auto"; only UnityCapture (Windows) takes RGBA',
        ),
    ),
    (
        "could not be configured|unexpected frame|resolution|width|height",
        (
            SinkUnusable,
            "{camera} refuses pictures of {size}: {said}",
            "try 1280x720 (`width` and `height` in [avatar])",
        ),
    ),
)
"""What to look for in the message, and its meaning. The first that fits counts."""
