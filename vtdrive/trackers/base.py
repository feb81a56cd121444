"""The seam that face trackers implement."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vtdrive.types import Track, VideoFrame

__all__ = ["Tracker"]


@runtime_checkable
class Tracker(Protocol):
    """Finds the streamer's face in one frame after another. All calls come from one thread.

    `track` returns a Track whose `t_ns` and `seq` are the frame's; no face is `face=None`. It never
    follows a second face while the first is only briefly gone. It raises TrackerError when the
    backend itself broke, which ends the run. `close` is called exactly once, also after a failed
    `open`.
    """

    name: str

    def open(self) -> None:
        """Load models; raises TrackerError or ModelError. Costs a second or more."""

    def track(self, frame: VideoFrame) -> Track:
        """Measure the face in `frame`."""

    def close(self) -> None:
        """Free the models."""
