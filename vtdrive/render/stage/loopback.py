"""What pyvirtualcam does not tell of v4l2loopback, the virtual cameras of Linux.

Three traps of its version 0.12, which Debian 12 and Ubuntu 22.04 and 24.04 have:
- While any program holds the camera, a new size is ignored without a word, and pictures of the
  wrong size arrive as stripes.
- With `exclusive_caps=0` two programs may write at once, and the pictures alternate.
- With `exclusive_caps=1` a camera that was written to by plain `write` is never offered to a
  writer again: vtdrive could be started only once after each `modprobe`.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Loopback", "Native", "hold", "loopbacks", "native_format", "offered", "written_to"]

_QUERYCAP: Final = 0x80685600
_G_FMT: Final = 0xC0D05604
_STREAMON: Final = 0x40045612
_OUTPUT: Final = 2
"""V4L2_BUF_TYPE_VIDEO_OUTPUT, and the capability's bit, too."""
_WATCH_S: Final = 0.5


class Loopback(NamedTuple):
    """One virtual camera."""

    path: str
    """`/dev/video10`"""
    name: str
    """As other programs show it."""
    streaming: bool
    """Somebody wrote, and somebody still has it open: its size is settled until nobody has."""


class Native(NamedTuple):
    """The form in which a camera passes pictures on."""

    width: int
    height: int
    fourcc: str


def loopbacks(*, sys_root: Path = Path("/sys")) -> list[Loopback]:
    """Every v4l2loopback camera of this machine, by number; empty elsewhere."""
    found = []
    for folder in (sys_root / "class" / "video4linux").glob("video*"):
        if (folder / "max_openers").exists():  # webcams have no such thing
            streaming = bool(_read(folder / "format"))
            found.append(Loopback(f"/dev/{folder.name}", _read(folder / "name"), streaming))
    return sorted(found, key=lambda camera: (len(camera.path), camera.path))


def native_format(path: str) -> Native | None:
    """What the camera passes on now; None where it does not say."""
    asked = bytearray(struct.pack("<I", _OUTPUT).ljust(208, b"\0"))
    if not _ask(path, _G_FMT, asked):
        return None
    width, height, fourcc = struct.unpack_from("<II4s", asked, 8)
    return Native(width, height, fourcc.decode("latin-1"))


def offered(path: str) -> bool:
    """Whether the camera lets itself be written to; True also where it does not say."""
    asked = bytearray(104)
    if not _ask(path, _QUERYCAP, asked):
        return True
    (abilities,) = struct.unpack_from("<I", asked, 88)
    return bool(abilities & _OUTPUT)


def written_to(path: str, *, watch_s: float = _WATCH_S) -> bool:
    """Whether pictures arrive at the camera, watched for a moment."""
    try:
        camera = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        end = time.monotonic() + watch_s
        waiting = True
        while waiting:  # what lies there from before
            waiting = _one_read(camera)
        while time.monotonic() < end:
            time.sleep(0.02)
            if _one_read(camera):
                return True
    finally:
        os.close(camera)
    return False


def hold(path: str) -> int | None:
    """Count as a writer of version 0.12 until the descriptor is closed, by whatever.

    The camera is then offered to writers again, also after this process was killed. None where
    that is neither needed nor possible (later versions).
    """
    import fcntl

    try:
        camera = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.ioctl(camera, _STREAMON, struct.pack("<I", _OUTPUT))
    except OSError:
        os.close(camera)
        return None
    return camera


def _one_read(camera: int) -> bool:
    try:
        return bool(os.read(camera, 1))
    except OSError:
        return False


def _ask(path: str, request: int, about: bytearray) -> bool:
    if sys.maxsize < 2**32:  # other sizes, other numbers
        return False
    import fcntl

    try:
        camera = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.ioctl(camera, request, about)
    except OSError:
        return False
    finally:
        os.close(camera)
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
