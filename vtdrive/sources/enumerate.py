"""Which cameras there are. OpenCV alone knows no names."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["BACKENDS", "CameraInfo", "find_camera", "list_cameras", "node_state", "users_of"]

BACKENDS = {"dshow": 700, "msmf": 1400, "v4l2": 200, "avfoundation": 1200}
"""Numbers of OpenCV's capture backends."""
_OURS = {
    # DirectShow first: it opens in a fraction of the time, and virtual cameras (OBS, phone apps)
    # register there; Media Foundation also numbers the same cameras differently.
    "win32": ("dshow", "msmf"),
    "darwin": ("avfoundation",),
}


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera as one backend numbers it."""

    index: int
    name: str
    backend: str
    path: str = ""
    busy: bool | None = None
    """Whether a program uses it now; None where the system does not tell."""

    def __str__(self) -> str:
        where = f"{self.backend}, {self.path}" if self.path else self.backend
        return f"{self.index}: {self.name} ({where}){', in use' if self.busy else ''}"


def backends_of(platform: str) -> tuple[str, ...]:
    """The backends that work on `platform` (as `sys.platform` names it), best first."""
    return _OURS.get(platform, ("v4l2",))


def list_cameras(backend: str = "auto", *, platform: str = sys.platform) -> list[CameraInfo]:
    """The cameras of `backend`, or of the first backend here that knows any, by index."""
    for name in backends_of(platform) if backend == "auto" else (backend,):
        found = [_described(info, name) for info in _enumerated(BACKENDS[name])]
        if found:
            return sorted(found, key=lambda camera: camera.index)
    return []


def find_camera(cameras: Iterable[CameraInfo], wanted: str) -> list[CameraInfo]:
    """Cameras that `wanted` (part of a name, in any case) may mean: one name, or the choice.

    An exact name wins over a part of one; of several cameras with one name the first is meant.
    """
    text = wanted.casefold().strip()
    fits = [camera for camera in cameras if text in camera.name.casefold()]
    exact = [camera for camera in fits if camera.name.casefold() == text]
    chosen = exact or fits
    return chosen[:1] if len({camera.name for camera in chosen}) == 1 else chosen


def node_state(path: str) -> str:
    """`ok`, `missing`, `denied` or `busy`, by opening the device node (Linux)."""
    try:
        os.close(os.open(path, os.O_RDWR | getattr(os, "O_NONBLOCK", 0)))
    except PermissionError:
        return "denied"
    except OSError as fault:
        return "busy" if fault.errno == errno.EBUSY else "missing"
    return "ok"


def users_of(path: str, *, proc: Path = Path("/proc")) -> list[str]:
    """Programs that hold the device node open, as `obs (process 123)`; ours too (Linux).

    V4L2 lets everybody open a camera and refuses only the second one to stream, so this is the way
    to tell who has it. Processes of other users cannot be looked into and are left out.
    """
    node = Path(path).resolve()
    found = []
    for folder in sorted(proc.glob("[0-9]*")):
        try:
            held = any(link.readlink() == node for link in (folder / "fd").iterdir())
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
        if held:
            found.append(f"{name} (process {folder.name})")
    return found


def _enumerated(backend: int) -> list[Any]:
    import cv2_enumerate_cameras

    if backend not in cv2_enumerate_cameras.supported_backends:
        return []
    return list(cv2_enumerate_cameras.enumerate_cameras(backend))


def _described(info: Any, backend: str) -> CameraInfo:
    path = info.path or ""
    busy = None
    if backend == "v4l2":
        busy = node_state(path) == "busy" or bool(users_of(path))
    return CameraInfo(info.index, info.name or f"camera {info.index}", backend, path, busy)
