"""What a run reads: the source, the tracker, the emotion model. Looked at as the run would."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from vtdrive.config.schema import Config, SourceConfig, TrackerConfig
from vtdrive.errors import SourceNotFound, VtdriveError
from vtdrive.runtime.bounded import bounded
from vtdrive.runtime.build import make_classifier
from vtdrive.runtime.finding import Finding
from vtdrive.sources.diagnose import listed, unknown_camera
from vtdrive.sources.enumerate import CameraInfo, find_camera, list_cameras
from vtdrive.sources.resolve import open_source
from vtdrive.sources.uri import kind_of, shown
from vtdrive.trackers.make import make_tracker

__all__ = ["emotion_findings", "source_findings", "tracker_findings"]

_FILE_S: Final = 10.0
"""The first picture of a file on a slow disk takes less."""
_EMOTION_PAGE: Final = "docs/how-to/emotion-models.md"


def source_findings(
    config: SourceConfig, *, cameras: Callable[[], list[CameraInfo]] = list_cameras
) -> Iterator[Finding]:
    """The source: files are opened, cameras looked up in the list, streams only named."""
    uri = config.uri.strip()
    found = cameras()
    for camera in found:
        yield Finding(f"camera {camera}")
    try:
        kind = kind_of(uri) if uri else "video"
        if uri and kind == "camera":
            _find_camera(uri, found)
            return
        if kind == "none":
            yield Finding("source: none, live inputs alone")
            return
        source = open_source(config)
        if kind in ("video", "images"):
            try:
                obtained = bounded(source.open, limit_s=_FILE_S)
            finally:
                source.close()
            size = f"{obtained.width}x{obtained.height}"
            yield Finding(f"source {shown(uri)}: {kind}, {size}, {obtained.fps:.4g} fps")
        else:
            yield Finding(f"source {shown(uri)}: a {kind}; a run will tell whether it answers")
    except VtdriveError as fault:
        yield Finding(f"source: {fault.what}", fault.remedy or "name another source", True)
    except (OSError, TimeoutError) as fault:
        yield Finding(f"source {shown(uri)}: {fault}", "copy it to a disk of this machine", True)


def emotion_findings(config: Config) -> Iterator[Finding]:
    """The emotion model that the config names, loaded as a run loads it."""
    try:
        classifier = make_classifier(config)
        if classifier is None:
            return
        try:
            classifier.open()
            notes = classifier.notes
        finally:
            classifier.close()
        name = (
            "the network for shapes" if config.emotion.reads == "shapes" else config.emotion.model
        )
        yield Finding(f"emotion: {name} loads")
        for note in notes:
            yield Finding(note, "a run goes on like this; to change it: " + _EMOTION_PAGE)
    except VtdriveError as fault:
        yield Finding(f"emotion: {fault.what}", fault.remedy or "name another model", True)


def tracker_findings(config: TrackerConfig) -> Iterator[Finding]:
    """The kind of tracker; the Face Landmarker is opened, as its bundle is the user's own."""
    try:
        tracker = make_tracker(config, vertical_fov_deg=SourceConfig().vertical_fov_deg)
        if config.kind != "landmarker":
            return
        try:
            tracker.open()
        finally:
            tracker.close()
        yield Finding(f"tracker: {config.model} loads")
    except VtdriveError as fault:
        yield Finding(f"tracker: {fault.what}", fault.remedy or "use kind = 'facemesh'", True)


def _find_camera(uri: str, cameras: list[CameraInfo]) -> None:
    """Raises SourceNotFound when `uri` is none of `cameras`."""
    if not cameras:
        remedy = "plug one in and close programs that use it; or give a video: --source clip.mp4"
        if sys.platform.startswith("linux") and any(Path("/dev").glob("video*")):
            remedy = "there is a /dev/video*, but it cannot be read: sudo usermod -aG video $USER"
        raise SourceNotFound("no camera found", remedy)
    wanted = uri
    if uri.startswith("/dev/"):
        wanted = str(Path(uri).resolve()).removeprefix("/dev/video")
    if wanted.isdecimal():
        if all(camera.index != int(wanted) for camera in cameras):
            raise SourceNotFound(f"there is no camera {uri}", f"use one of: {listed(cameras)}")
        return
    fits = find_camera(cameras, wanted)
    if not fits:
        raise unknown_camera(wanted, cameras)
    if len(fits) > 1:
        raise SourceNotFound(
            f"'{wanted}' may mean several cameras",
            f"say more of the name, or a number: {listed(fits)}",
        )
