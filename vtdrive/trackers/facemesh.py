"""The bundled tracker: mediapipe's refined face mesh, our own pose and our own blendshapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vtdrive.config.schema import TrackerConfig
from vtdrive.core.pose import head_pose
from vtdrive.trackers.detector import Candidate, Detector
from vtdrive.trackers.lock import Region, Spot
from vtdrive.trackers.locked import LockedTracker, Measured
from vtdrive.trackers.mesh import Mesh
from vtdrive.trackers.quiet import quiet_stderr
from vtdrive.types import F32, U8

__all__ = ["FaceMeshTracker"]

_WARM_UP_PX = 128


class FaceMeshTracker(LockedTracker):
    """478 points, head pose and 52 shapes of one face. Works offline; a `Tracker`.

    `shapes` turns (478, 3) pixels into (52,) in [0, 1]; the shipped network when None. Its owner
    opens what it hands in.
    """

    name = "facemesh"

    def __init__(
        self,
        config: TrackerConfig,
        vertical_fov_deg: float,
        shapes: Callable[[F32], F32] | None = None,
    ) -> None:
        super().__init__(config)
        self._fov_deg = vertical_fov_deg
        self._shapes = shapes
        self._mesh: Mesh | None = None
        self._roi: Any = None
        self._confidence = 1.0

    def open(self) -> None:
        """Loads mediapipe and the models, and runs each once so that the first frame is quick."""
        if self._shapes is None:
            from vtdrive.trackers.shapes import ShapeNet

            net = ShapeNet()
            net.open()
            net(np.zeros((478, 3), np.float32))
            self._shapes = net
        with quiet_stderr():
            self._detector = Detector(min_confidence=self._config.min_confidence)
            self._mesh = Mesh(min_confidence=self._config.min_confidence)
            self._warm_up()

    def close(self) -> None:
        mesh, self._mesh = self._mesh, None
        detector, self._detector = self._detector, None
        self._roi = None
        for part in (mesh, detector):
            if part is not None:
                part.close()

    def _warm_up(self) -> None:
        assert self._mesh is not None
        assert self._detector is not None
        blank = np.zeros((_WARM_UP_PX, _WARM_UP_PX, 3), np.uint8)
        self._detector(blank, Region(0, 0, _WARM_UP_PX, _WARM_UP_PX))
        middle = Candidate(Spot(_WARM_UP_PX / 2, _WARM_UP_PX / 2, _WARM_UP_PX / 2), 0.0)
        self._mesh(blank, self._mesh.roi_at(middle, width=_WARM_UP_PX, height=_WARM_UP_PX))

    def _follow(self, image: U8, t_ns: int) -> F32 | None:
        return self._measure(image, self._roi)

    def _acquire(self, image: U8, t_ns: int, face: Candidate) -> F32 | None:
        assert self._mesh is not None
        height, width = image.shape[:2]
        return self._measure(image, self._mesh.roi_at(face, width=width, height=height))

    def _measure(self, image: U8, roi: Any) -> F32 | None:
        assert self._mesh is not None
        seen = self._mesh(image, roi)
        if seen is None:
            return None
        self._roi, self._confidence = seen.roi, seen.confidence
        return seen.landmarks_px

    def _finish(self, landmarks_px: F32, *, width: int, height: int) -> Measured:
        assert self._shapes is not None
        pose = head_pose(landmarks_px, width=width, height=height, vertical_fov_deg=self._fov_deg)
        return Measured(landmarks_px, self._shapes(landmarks_px), pose, self._confidence)

    def _drop(self) -> None:
        self._roi = None
