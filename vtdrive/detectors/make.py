"""From a name to a detector."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from vtdrive.detectors.base import FaceDetector
from vtdrive.errors import UsageError

__all__ = ["DETECTORS", "make_detector"]


def _mtcnn(min_score: float | None) -> FaceDetector:
    from vtdrive.detectors.mtcnn import Mtcnn

    return Mtcnn(min_score=min_score)


def _mediapipe(min_score: float | None) -> FaceDetector:
    from vtdrive.detectors.mediapipe import MediapipeDetector

    return MediapipeDetector(min_score=min_score)


_MAKERS: dict[str, Callable[[float | None], FaceDetector]] = {
    "mtcnn": _mtcnn,
    "mediapipe": _mediapipe,
}

DETECTORS = tuple(_MAKERS)
"""Every name that `make_detector` knows."""


def make_detector(name: str, *, min_score: float | None = None) -> FaceDetector:
    """The detector of that name, not yet opened; `min_score` in [0, 1], None for its own.

    Raises UsageError for an unknown name.
    """
    if name not in _MAKERS:
        near = difflib.get_close_matches(name, DETECTORS, n=1, cutoff=0.5)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        raise UsageError(f"unknown detector '{name}'{hint}", f"use one of: {', '.join(DETECTORS)}")
    return _MAKERS[name](min_score)
