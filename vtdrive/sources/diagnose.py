"""Why a camera did not open, as one sentence with a way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vtdrive.errors import SourceNotFound
from vtdrive.sources.enumerate import CameraInfo, node_state, users_of

__all__ = ["camera_fault", "listed", "unknown_camera"]

_PLUG_IN = (
    "plug one in, or play a file instead: --source clip.mp4"
    " (a virtual machine or WSL must be given the camera first)"
)
_CLOSE_OTHERS = "close the program that uses it (a browser call, OBS, a chat app) and try again"
_PRIVACY = {
    "win32": "close other programs that use it; Settings, Privacy, Camera must allow desktop apps",
    "darwin": "close other programs that use it; System Settings, Privacy & Security, Camera must"
    " allow your terminal",
}


def listed(cameras: Iterable[CameraInfo]) -> str:
    """`0 (Integrated Webcam), 2 (C920)`."""
    return ", ".join(f"{camera.index} ({camera.name})" for camera in cameras)


def unknown_camera(wanted: str, cameras: list[CameraInfo]) -> SourceNotFound:
    """What to say when no camera, or more than one, is called `wanted`."""
    if not cameras:
        return SourceNotFound(f"no camera named '{wanted}': there is no camera at all", _PLUG_IN)
    return SourceNotFound(
        f"no camera named '{wanted}'", f"use a number or (part of) a name of: {listed(cameras)}"
    )


def camera_fault(
    index: int,
    cameras: list[CameraInfo],
    *,
    platform: str,
    state: Callable[[str], str] = node_state,
    users: Callable[[str], list[str]] = users_of,
) -> SourceNotFound:
    """What to say when camera `index` gave no picture."""
    known = next((camera for camera in cameras if camera.index == index), None)
    name = f"camera {index}" + (f" ({known.name})" if known else "")
    if platform == "linux":
        path = known.path if known and known.path else f"/dev/video{index}"
        found = state(path)
        if found == "denied":
            return SourceNotFound(
                f"{name}: you may not open {path}",
                "run: sudo usermod -aG video $USER, then log out and in again",
            )
        if found == "busy" or (found == "ok" and users(path)):
            by = ", ".join(users(path)) or "another program"
            return SourceNotFound(f"{name} is in use by {by}", _CLOSE_OTHERS)
        if found == "ok" and known is None and cameras:
            return SourceNotFound(f"{path} is not a camera", f"use one of: {listed(cameras)}")
    if not cameras:
        return SourceNotFound(f"{name}: there is no camera at all", _PLUG_IN)
    if known is None:
        return SourceNotFound(f"there is no camera {index}", f"use one of: {listed(cameras)}")
    return SourceNotFound(
        f"{name} is there but gives no picture", _PRIVACY.get(platform, _CLOSE_OTHERS)
    )
