"""What all trackers share: follow one face, and when it is lost take back only that face."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from vtdrive.config.schema import TrackerConfig
from vtdrive.errors import TrackerError
from vtdrive.trackers.detector import Candidate, Detector
from vtdrive.trackers.lock import Lock, Spot
from vtdrive.types import F32, U8, Face, Track, VideoFrame, frozen

__all__ = ["LockedTracker", "Measured", "spot_of"]

_MIN_SIDE_PX = 16
"""Smaller pictures show no face that could be measured."""
_MIN_FACE_PX = 8.0
_MAX_FACE = 4.0
"""In longer sides of the picture; also how far outside it a landmark may lie."""
_SEARCHED = 1.5
"""Side of the square that the networks look at, in face sizes."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A face as a backend measured it. All f32."""

    landmarks_px: F32
    """(478, 3)."""
    shapes: F32
    """(52,)."""
    camera_from_head: F32
    """(4, 4) rigid, metres."""
    confidence: float


def spot_of(landmarks_px: F32, *, width: int, height: int) -> Spot | None:
    """Where a mesh lies, or None when it is no plausible face in a picture of that size."""
    x0, y0, z0 = landmarks_px.min(axis=0).tolist()
    x1, y1, z1 = landmarks_px.max(axis=0).tolist()
    # NaN and infinity reach these six, and fail every comparison below.
    x, y, size = (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0)
    limit = _MAX_FACE * max(width, height)
    plausible = (
        _MIN_FACE_PX <= x1 - x0 <= limit
        and _MIN_FACE_PX <= y1 - y0 <= limit
        and 0 <= x <= width
        and 0 <= y <= height
        and -limit <= z0 <= z1 <= limit
    )
    if not plausible:
        return None
    return Spot(x, y, size)


class LockedTracker(ABC):
    """A Tracker that stays with one face (`lock.py`); backends fill in the four hooks.

    Landmarks that are not finite, or that make no plausible face, count as no face, as do shapes
    that are not finite. So do pictures smaller than 16 pixels. A change of the picture's size
    forgets the face, since its place means nothing any more.
    """

    def __init__(self, config: TrackerConfig) -> None:
        self._config = config
        self._lock = Lock(choose=config.choose, forget_s=config.forget_s)
        self._detector: Detector | None = None
        self._last: Spot | None = None
        self._shape: tuple[int, ...] = ()

    @abstractmethod
    def _follow(self, image: U8, t_ns: int) -> F32 | None:
        """Landmarks of the face that the last call measured, moved on to this image."""

    @abstractmethod
    def _acquire(self, image: U8, t_ns: int, face: Candidate) -> F32 | None:
        """Landmarks of the face at `face`. Nothing was followed before."""

    @abstractmethod
    def _finish(self, landmarks_px: F32, *, width: int, height: int) -> Measured:
        """The rest of what the backend knows about landmarks it just returned.

        Raises ValueError when the landmarks make no face after all.
        """

    @abstractmethod
    def _drop(self) -> None:
        """Follow nothing any more."""

    def track(self, frame: VideoFrame) -> Track:
        """Measure the followed face; see `Tracker`."""
        if self._detector is None:
            raise TrackerError("the tracker is used before open()", "call open() first")
        return Track(frame.seq, frame.t_ns, self._find(_checked(frame.image), frame.t_ns))

    def _find(self, image: U8, t_ns: int) -> Face | None:
        height, width = image.shape[:2]
        if min(height, width) < _MIN_SIDE_PX:
            return None
        if image.shape != self._shape:
            self._shape = image.shape
            self._lock.reset()
            self._forget()
        if self._last is not None:
            before = self._last
            face = self._accept(self._follow(image, t_ns), t_ns, before, image)
            if face is not None:
                return self._unless_carried_away(face, image, t_ns)
            self._forget()
        return self._search(image, t_ns)

    def _unless_carried_away(self, face: Face, image: U8, t_ns: int) -> Face | None:
        """`face`, or the streamer's where `face` turns out to be somebody who passed in front."""
        assert self._detector is not None
        height, width = image.shape[:2]
        region = self._lock.left_behind(t_ns, width=width, height=height)
        if region is None:
            return face
        found = self._detector(image, region)
        chosen = self._lock.back(t_ns, [candidate.spot for candidate in found])
        if chosen is None:
            return face
        self._forget()
        return self._take(found[chosen], image, t_ns)

    def _search(self, image: U8, t_ns: int) -> Face | None:
        assert self._detector is not None
        height, width = image.shape[:2]
        found = self._detector(image, self._lock.region(t_ns, width=width, height=height))
        chosen = self._lock.pick(t_ns, [face.spot for face in found], width=width)
        return None if chosen is None else self._take(found[chosen], image, t_ns)

    def _take(self, found: Candidate, image: U8, t_ns: int) -> Face | None:
        face = self._accept(self._acquire(image, t_ns, found), t_ns, found.spot, image)
        if face is None:
            self._forget()
        return face

    def _accept(self, landmarks_px: F32 | None, t_ns: int, near: Spot, image: U8) -> Face | None:
        """The face behind `landmarks_px` if it is the followed one, whose place was `near`."""
        if landmarks_px is None:
            return None
        height, width = image.shape[:2]
        spot = spot_of(landmarks_px, width=width, height=height)
        if spot is None or not spot.alike(near) or near.apart(spot) > 1.0:
            return None
        try:
            measured = self._finish(landmarks_px, width=width, height=height)
        except ValueError:
            return None
        if not np.isfinite(measured.shapes).all() or not self._lock.keep(t_ns, spot):
            return None
        self._last = spot
        side = near.size * _SEARCHED
        return Face(
            landmarks_px=frozen(measured.landmarks_px),
            shapes=frozen(measured.shapes),
            camera_from_head=frozen(measured.camera_from_head),
            crop_px=frozen([near.x - side / 2, near.y - side / 2, side, side]),
            confidence=measured.confidence,
        )

    def _forget(self) -> None:
        self._last = None
        self._drop()


def _checked(image: U8) -> U8:
    """`image`, contiguous. Raises TrackerError when it is no RGB picture."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise TrackerError(
            f"the source handed over {image.dtype} {image.shape} instead of 8-bit RGB",
            "report this: it is a fault of the source",
        )
    return np.ascontiguousarray(image)
