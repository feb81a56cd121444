"""The optional tracker: MediaPipe's Face Landmarker, from a bundle that the user downloads.

VIDEO mode, synchronous: LIVE_STREAM hides a queue. Points, pose and shapes are all its own; which
face it may see is ours: whenever it holds none, it is shown only the neighbourhood of the face that
`lock.py` chose, the rest of the picture being grey.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from vtdrive.config.schema import TrackerConfig
from vtdrive.core.pose import rigid_from_matrix
from vtdrive.errors import ModelError, TrackerError
from vtdrive.trackers.detector import Candidate, Detector
from vtdrive.trackers.lock import Region
from vtdrive.trackers.locked import LockedTracker, Measured
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.trackers.quiet import quiet_stderr
from vtdrive.types import F32, U8
from vtdrive.vocab import SHAPE_INDEX, SHAPES, UNSUPPORTED_SHAPES

__all__ = ["FaceLandmarkerTracker", "RisingMs"]

_DOWNLOAD = (
    "download the 'Face Landmarker' task bundle (face_landmarker.task) from the MediaPipe models"
    " page and name the file in the config: [tracker] model = 'face_landmarker.task';"
    " or use kind = 'facemesh', which is bundled"
)
_TASK_FOV_DEG = 63.0
"""The vertical field of view that the bundle's pose assumes."""
_VISIBLE = 1.0
"""Half side, in face sizes, of what is left visible around a chosen face."""
_GREY = 128
_LANDMARKS = 478
_WARM_UP_PX = 128


class RisingMs:
    """Capture times as milliseconds that always rise, which VIDEO mode demands.

    Two calls in one millisecond come out 1 ms apart; a clock that jumps back goes on from where it
    was, with its true steps.
    """

    def __init__(self) -> None:
        self._offset = 0
        self._given: int | None = None
        self._last = -1

    def __call__(self, t_ns: int) -> int:
        given = t_ns // 1_000_000
        if self._given is None or given < self._given:
            self._offset = self._last + 1 - given
        self._given = given
        self._last = max(self._last + 1, given + self._offset)
        return self._last


class FaceLandmarkerTracker(LockedTracker):
    """478 points, pose and 52 shapes from a `.task` file; a `Tracker`. Takes about 3x the time.

    What MediaPipe does not see (`vocab.UNSUPPORTED_SHAPES`) is 0, whatever the bundle says.
    """

    name = "landmarker"

    def __init__(self, config: TrackerConfig, vertical_fov_deg: float) -> None:
        super().__init__(config)
        # A point's sideways place does not depend on the lens, its distance does.
        self._depth = math.tan(math.radians(_TASK_FOV_DEG) / 2) / math.tan(
            math.radians(vertical_fov_deg) / 2
        )
        self._rising = RisingMs()
        self._task: Any = None
        self._image: Any = None
        self._result: Any = None

    def open(self) -> None:
        """Loads the bundle and a detector. Raises ModelError when it is no such bundle."""
        data = _bundle(self._config.model)
        with quiet_stderr():
            mp, base, vision, mode = import_mediapipe(
                "mediapipe",
                "mediapipe.tasks.python.core.base_options",
                "mediapipe.tasks.python.vision.face_landmarker",
                "mediapipe.tasks.python.vision.core.vision_task_running_mode",
            )
            confidence = self._config.min_confidence
            self._detector = Detector(min_confidence=confidence)
            options = vision.FaceLandmarkerOptions(
                base_options=base.BaseOptions(model_asset_buffer=data),
                running_mode=mode.VisionTaskRunningMode.VIDEO,
                num_faces=1,
                min_face_detection_confidence=confidence,
                min_face_presence_confidence=confidence,
                min_tracking_confidence=confidence,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
            try:
                self._task = vision.FaceLandmarker.create_from_options(options)
            except (RuntimeError, ValueError) as fault:
                raise ModelError(
                    f"{self._config.model} is no Face Landmarker bundle: {_first_line(fault)}",
                    _DOWNLOAD,
                ) from fault
            self._image = lambda pixels: mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels)
            blank = np.zeros((_WARM_UP_PX, _WARM_UP_PX, 3), np.uint8)
            self._detector(blank, Region(0, 0, _WARM_UP_PX, _WARM_UP_PX))
            self._measure(blank, 0)

    def close(self) -> None:
        task, self._task = self._task, None
        detector, self._detector = self._detector, None
        self._result = None
        for part in (task, detector):
            if part is not None:
                part.close()

    def _follow(self, image: U8, t_ns: int) -> F32 | None:
        return self._measure(image, t_ns)

    def _acquire(self, image: U8, t_ns: int, face: Candidate) -> F32 | None:
        half = _VISIBLE * face.spot.size
        x0, y0 = max(0, int(face.spot.x - half)), max(0, int(face.spot.y - half))
        x1, y1 = int(face.spot.x + half), int(face.spot.y + half)
        masked = np.full_like(image, _GREY)
        masked[y0:y1, x0:x1] = image[y0:y1, x0:x1]
        return self._measure(masked, t_ns)

    def _measure(self, image: U8, t_ns: int) -> F32 | None:
        try:
            result = self._task.detect_for_video(self._image(image), self._rising(t_ns))
        except RuntimeError as fault:
            raise TrackerError(
                f"the Face Landmarker failed: {_first_line(fault)}", "start vtdrive again"
            ) from fault
        if not result.face_landmarks or len(result.face_landmarks[0]) != _LANDMARKS:
            return None
        self._result = result
        height, width = image.shape[:2]
        points = np.array([(p.x, p.y, p.z) for p in result.face_landmarks[0]], np.float32)
        # z has the scale of x.
        points *= np.array([width, height, width], np.float32)
        return points

    def _finish(self, landmarks_px: F32, *, width: int, height: int) -> Measured:
        shapes = np.zeros(len(SHAPES), np.float32)
        for category in self._result.face_blendshapes[0]:
            i = SHAPE_INDEX.get(category.category_name)
            if i is not None and category.category_name not in UNSUPPORTED_SHAPES:
                shapes[i] = category.score
        # Centimetres end here, and so does the scale that the bundle's matrix may carry.
        pose = rigid_from_matrix(
            self._result.facial_transformation_matrixes[0], metres_per_unit=0.01
        ).copy()
        pose[2, 3] *= self._depth
        return Measured(landmarks_px, np.clip(shapes, 0.0, 1.0), pose, 1.0)

    def _drop(self) -> None:
        self._result = None


def _bundle(model: str) -> bytes:
    if not model:
        raise ModelError("tracker 'landmarker' has no model file", _DOWNLOAD)
    try:
        return Path(model).expanduser().read_bytes()
    except OSError as fault:
        reason = fault.strerror or "cannot be read"
        raise ModelError(f"tracker model {model}: {reason}", _DOWNLOAD) from fault


def _first_line(fault: Exception) -> str:
    return str(fault).partition("\n")[0]
