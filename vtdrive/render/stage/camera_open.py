"""From the config to an open virtual camera."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from vtdrive.config.sinks.virtualcam import VirtualCamSink
from vtdrive.errors import MissingExtra, SinkError, SinkUnusable
from vtdrive.render.stage import loopback
from vtdrive.render.stage.camera_faults import explained, how_to_install

__all__ = ["opened"]

_LOOPBACK: Final = "v4l2loopback"
_NATIVE: Final = {"NV12": "NV12", "YUYV": "YUYV", "UYVY": "UYVY"}
"""V4L2's names where it is handed what we hand over; all else arrives as YU12."""


def opened(
    table: VirtualCamSink, pixel_format: str, size: tuple[int, int], rate_hz: float
) -> tuple[Any, int | None]:
    """An open `pyvirtualcam.Camera` of the first backend that has one, and a descriptor to be
    closed after it."""
    library = _library()
    backends = list(library.camera.BACKENDS)
    if table.backend != "auto":
        if table.backend not in backends:
            raise SinkUnusable(
                f'there is no backend = "{table.backend}" on this system',
                f"use one of auto, {', '.join(backends)}",
            )
        backends = [table.backend]
    faults = []
    for backend in backends:
        try:
            return _opened_by(library, backend, table.device, pixel_format, size, rate_hz)
        except SinkError as fault:
            faults.append(fault)
    if not faults:
        raise SinkUnusable("this system knows no virtual cameras", "use the sink window: or page:")
    raise _worst(faults)


def _library() -> ModuleType:
    try:
        import pyvirtualcam
        import pyvirtualcam.camera
    except ModuleNotFoundError as fault:
        raise MissingExtra("virtualcam:", 'pip install "vtdrive[virtualcam]"') from fault
    except ImportError as fault:
        raise SinkUnusable(
            f"pyvirtualcam cannot be loaded: {fault}", "install it anew, or use the sink page:"
        ) from fault
    library: ModuleType = pyvirtualcam
    return library


def _worst(faults: list[SinkError]) -> SinkError:
    """Of several backends, the one that is there and refuses matters more than one that is not."""
    there = [fault for fault in faults if "not installed" not in fault.what]
    if len(faults) == 1 or there:
        return (there or faults)[0]
    return SinkError(
        "no virtual camera is installed: " + "; ".join(fault.what for fault in faults),
        how_to_install(platform.system()),
    )


def _opened_by(
    library: ModuleType,
    backend: str,
    device: str,
    pixel_format: str,
    size: tuple[int, int],
    rate_hz: float,
) -> tuple[Any, int | None]:
    if backend == _LOOPBACK:
        device = _free_loopback(device, size)
    try:
        camera = library.Camera(
            width=size[0],
            height=size[1],
            fps=rate_hz,
            fmt=library.PixelFormat[pixel_format],
            device=device or None,
            backend=backend,
        )
    except Exception as fault:  # pybind11 turns each C++ exception into another type
        said = str(fault).removeprefix(f"'{backend}' backend: ")
        if backend == _LOOPBACK and device in {c.path for c in loopback.loopbacks()}:
            # One that is fed says that it takes nothing, as a webcam does.
            said = said.replace("is not a video output device", "is already in use")
        raise explained(
            said,
            backend=backend,
            device=device,
            pixel_format=pixel_format,
            system=platform.system(),
            size=size,
        ) from fault
    if backend != _LOOPBACK:
        return camera, None
    held = loopback.hold(camera.device)
    native = loopback.native_format(camera.device)
    wanted = loopback.Native(*size, _NATIVE.get(pixel_format, "YU12"))
    if native is not None and native != wanted:
        settled = _settled(camera.device, native)
        camera.close()
        if held is not None:
            os.close(held)
        raise settled
    return camera, held


def _free_loopback(device: str, size: tuple[int, int]) -> str:
    """The path of the camera to open: the wanted one, else the first that nobody feeds.

    Empty where there is none at all: the library says that itself.
    """
    every = loopback.loopbacks()
    cameras = [c for c in every if device in ("", c.path, c.name)]
    if not cameras:
        if every and device and not Path(device).exists():
            there = ", ".join(f"{c.path} ({c.name})" for c in every)
            raise SinkError(
                f"there is no virtual camera {device}", f"set `device` to one that is: {there}"
            )
        return device
    for camera in cameras:
        if camera.streaming and loopback.written_to(camera.path):
            continue
        if not loopback.offered(camera.path):
            # Nobody feeds it, and yet it is not offered: whoever did left without saying so.
            freed = loopback.hold(camera.path)
            if freed is not None:
                os.close(freed)
        return camera.path
    raise explained(
        "is already in use",
        backend=_LOOPBACK,
        device=", ".join(camera.path for camera in cameras),
        pixel_format="",
        system="Linux",
        size=size,
    )


def _settled(path: str, native: loopback.Native) -> SinkError:
    return SinkError(
        f"{path} is held by a program that looks at it as {native.width}x{native.height}"
        f" {native.fourcc}, and cannot change",
        "close the programs that use the camera for a moment, or set `width` and `height` in"
        " [avatar] to that size",
    )
