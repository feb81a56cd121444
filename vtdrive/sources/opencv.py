"""OpenCV, loaded when a source opens, and told to keep quiet."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["fourcc_name", "opencv"]

_ENVIRONMENT = {
    # FFmpeg and OpenCV write to the terminal past Python; every failure here becomes one sentence.
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    # Media Foundation probes hardware converters for up to a minute before a camera opens.
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",
    # A camera opens off the main thread, where macOS cannot ask for permission; the system then
    # asks by itself at the first frame.
    "OPENCV_AVFOUNDATION_SKIP_AUTH": "1",
    # Seconds until a silent V4L2 device lets its reader go; 10 by default.
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "3",
}


def opencv() -> Any:
    """The `cv2` module. What the user set in the environment is kept."""
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    import cv2

    cv2.setLogLevel(0)
    return cv2


def fourcc_name(code: float) -> str:
    """`MJPG` of 1196444237.0; empty where the backend does not tell."""
    number = int(code)
    if number <= 0:
        return ""
    text = number.to_bytes(8, "little")[:4].decode("latin-1").strip("\0 ")
    return text if text.isprintable() else ""
