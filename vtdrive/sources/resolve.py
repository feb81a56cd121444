"""Which source serves an address."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.schema import SourceConfig
from vtdrive.errors import SourceNotFound, UsageError
from vtdrive.sources.base import Source
from vtdrive.sources.images import Images
from vtdrive.sources.pumped import Pumped
from vtdrive.sources.stream import OPEN_S, StreamDevice
from vtdrive.sources.uri import is_live, is_recording, kind_of, local_path, near_names, shown
from vtdrive.sources.video import Video
from vtdrive.sources.webcam import WebcamDevice

__all__ = ["is_live", "is_recording", "open_source"]

_CAMERA_OPEN_S = 20.0
"""Media Foundation may take this long; DirectShow and V4L2 take under a second."""


def open_source(
    config: SourceConfig,
    *,
    clock: Clock = SYSTEM_CLOCK,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Source:
    """The source of `config.uri`, made but not yet opened: call `open`, `read`, `close`.

    `tell` hears, in the reader's thread, what the user should know and no exception says.
    Raises UsageError for an address of no known kind and for a recording, which has no pictures;
    SourceNotFound for a file that is not there.
    """
    uri = config.uri.strip()
    config = config.model_copy(update={"uri": uri})
    if not uri:
        raise UsageError("the source is empty", "name a camera (0), a file or an address")
    kind = kind_of(uri)
    if kind == "none":
        raise UsageError("there is no camera to look through", "name one instead of none")
    if kind == "camera":
        return Pumped(
            WebcamDevice(config, clock=clock),
            name=f"camera {uri}",
            stall_s=config.stall_s,
            open_s=_CAMERA_OPEN_S,
            clock=clock,
        )
    if kind == "stream":
        return Pumped(
            StreamDevice(config, clock=clock),
            name=shown(uri),
            stall_s=config.stall_s,
            # The device's own limits, the second one being its first picture, and the probe.
            open_s=OPEN_S + config.stall_s + 5.0,
            clock=clock,
        )
    if kind == "recording":
        raise UsageError(
            f"{uri} is a recording, which holds no video", f"run: vtdrive replay {uri}"
        )
    if kind == "plugin":
        return _plugin(config)
    path = local_path(uri)
    if not path.exists():
        near = near_names(path)
        raise SourceNotFound(
            f"no such file: {path}",
            f"did you mean {' or '.join(near)}?" if near else f"look into {path.parent.resolve()}",
        )
    if not (path.is_file() or path.is_dir()):
        raise SourceNotFound(
            f"{path} is not a file that can be played",
            "name a camera (0), a video, a folder of images or an address",
        )
    if kind == "images":
        return Images(config, clock=clock, tell=tell)
    return Video(config, clock=clock)


def _plugin(config: SourceConfig) -> Source:
    """A source of another package: entry point `vtdrive.sources`, named like the scheme."""
    scheme = config.uri.split("://", 1)[0].lower()
    for point in entry_points(group="vtdrive.sources", name=scheme):
        source = point.load()(config)
        if not isinstance(source, Source):
            raise UsageError(f"{point.value} makes no source", "report it to its author")
        return source
    raise UsageError(
        f"{shown(config.uri)}: nothing here serves '{scheme}://'",
        "use a camera number or name, a file, a folder, http:// or rtsp://",
    )
