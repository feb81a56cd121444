"""A virtual camera."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.sinks.base import SinkTable

__all__ = ["VirtualCamSink"]


class VirtualCamSink(SinkTable):
    """The avatar as a webcam, for Discord, Zoom, OBS and every program that takes one."""

    example: ClassVar[str] = "virtualcam:"

    kind: Literal["virtualcam"] = "virtualcam"
    backend: Literal["auto", "obs", "unitycapture", "v4l2loopback"] = "auto"
    """Who provides the camera. auto: the first one that is installed."""
    device: str = ""
    """Which one, where there are several: `/dev/video10`, `Unity Video Capture`. Empty: the first
    free one."""
    fps: Annotated[float, Field(ge=0, le=120)] = 0.0
    """Pictures in a second; 0 = as `[avatar] fps`."""
    pixel_format: Literal["auto", "RGB", "BGR", "RGBA", "I420", "NV12", "YUYV", "UYVY"] = "auto"
    """What is handed to the backend. RGBA keeps transparency where the backend can
    (unitycapture)."""
