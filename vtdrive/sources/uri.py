"""What a source's address means, before anything is opened."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

__all__ = [
    "Kind",
    "is_live",
    "is_no_camera",
    "is_recording",
    "kind_of",
    "local_path",
    "near_names",
    "shown",
]

Kind = Literal["camera", "video", "images", "stream", "recording", "plugin", "none"]

_STREAMS = frozenset(
    {"http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srt", "tcp", "udp"}
)
_IMAGES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jp2", ".webp", ".avif", ".gif"),
    *(".bmp", ".dib", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm"),
)
_FILE_SUFFIX = re.compile(r"\.(?=[a-z0-9]*[a-z])[a-z0-9]{2,4}", re.IGNORECASE)
_DEVICE = re.compile(r"/dev/(video\d+|v4l/.+)")


def is_no_camera(uri: str) -> bool:
    """Whether `uri` says that there is none: live inputs drive the avatar alone."""
    return uri.strip().lower() == "none"


def is_recording(uri: str) -> bool:
    """Whether `uri` is a recording of ours (.mcap), which `vtdrive replay` plays."""
    return uri.strip().lower().endswith(".mcap")


def is_image_name(path: Path) -> bool:
    """Whether a file's name says that it is a picture."""
    return path.suffix.lower() in _IMAGES and not path.name.startswith(".")


def local_path(uri: str) -> Path:
    """The path that `uri` names: `file://` and `~` are understood."""
    if uri.lower().startswith("file://"):
        return Path(url2pathname(urlsplit(uri).path))
    return Path(uri).expanduser()


def kind_of(uri: str) -> Kind:
    """Which source serves `uri`. Looks at the disk, opens nothing.

    Whatever is neither an address nor a file, nor looks like the name of one, is (part of) the
    name of a camera.
    """
    if is_no_camera(uri):
        return "none"
    scheme = uri.split("://", 1)[0].lower() if "://" in uri else ""
    if scheme and scheme != "file":
        return "stream" if scheme in _STREAMS else "plugin"
    if not scheme and (uri.isdecimal() or _DEVICE.fullmatch(uri)):
        return "camera"
    if is_recording(uri):
        return "recording"
    path = local_path(uri)
    if path.is_dir():
        return "images"
    if path.exists() or scheme or _names_a_file(uri):
        return "images" if is_image_name(path) else "video"
    return "camera"


def is_live(uri: str) -> bool:
    """Whether a loss of `uri` is worth a retry: cameras and network streams."""
    return kind_of(uri) in ("camera", "stream")


def shown(uri: str) -> str:
    """`uri` fit to print: without user, password or query, which often holds a key."""
    if "://" not in uri:
        return uri
    parts = urlsplit(uri)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}{'?…' if parts.query else ''}"


def near_names(path: Path) -> list[str]:
    """Names in the folder of a missing file that resemble its own, best first."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return []
    lower = {name.lower(): name for name in sorted(names)}
    found = difflib.get_close_matches(path.name.lower(), lower, n=3, cutoff=0.6)
    return [lower[name] for name in found]


def _names_a_file(uri: str) -> bool:
    if uri.startswith(("~", ".")) or "/" in uri or "\\" in uri:
        return True
    return _FILE_SUFFIX.fullmatch(Path(uri).suffix) is not None
