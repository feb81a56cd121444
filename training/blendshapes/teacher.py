"""The two MediaPipe trackers that a pair comes from, on one picture.

Input side: `solutions.face_mesh`, refined, which vtdrive runs. Teacher: the Tasks Face Landmarker,
whose 52 blendshapes are the labels. Both see the same RGB picture.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

__all__ = ["Pair", "Teacher"]


@dataclass(frozen=True, slots=True)
class Pair:
    """What both trackers said about one picture."""

    landmarks_px: npt.NDArray[np.float32]
    """(478, 3) face mesh; pixels, z in the scale of x."""
    teacher_px: npt.NDArray[np.float32]
    """(478, 3) the Face Landmarker's own points, same unit."""
    blendshapes: npt.NDArray[np.float32]
    """(52,) in the order of `Teacher.names`."""
    camera_from_face_cm: npt.NDArray[np.float32]
    """(4, 4)."""


class Teacher:
    """Runs both trackers on pictures, either apart (`video=False`) or as frames of one video."""

    names: tuple[str, ...] = ()
    """The teacher's own 52 names; known after the first pair."""

    def __init__(self, task: Path, *, video: bool) -> None:
        self._video = video
        self._task = task
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        import mediapipe as mp
        from mediapipe.tasks.python import BaseOptions, vision

        self._mp = mp
        self._mesh = self._stack.enter_context(
            mp.solutions.face_mesh.FaceMesh(
                static_image_mode=not self._video, refine_landmarks=True, max_num_faces=1
            )
        )
        mode = vision.RunningMode.VIDEO if self._video else vision.RunningMode.IMAGE
        self._landmarker = self._stack.enter_context(
            vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    base_options=BaseOptions(model_asset_path=str(self._task)),
                    running_mode=mode,
                    output_face_blendshapes=True,
                    output_facial_transformation_matrixes=True,
                )
            )
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def __call__(self, rgb: npt.NDArray[np.uint8], *, t_ms: int = 0) -> Pair | None:
        """Both answers about `rgb` (H, W, 3), or None where either found no face.

        `t_ms` must grow from frame to frame in video mode and is not read otherwise.
        """
        mesh = self._mesh.process(rgb).multi_face_landmarks
        picture = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=rgb)
        found = (
            self._landmarker.detect_for_video(picture, t_ms)
            if self._video
            else self._landmarker.detect(picture)
        )
        if not mesh or not found.face_landmarks:
            return None
        shapes = sorted(found.face_blendshapes[0], key=lambda category: category.index)
        self.names = tuple(category.category_name for category in shapes)
        return Pair(
            _pixels(mesh[0].landmark, rgb),
            _pixels(found.face_landmarks[0], rgb),
            np.array([category.score for category in shapes], np.float32),
            np.asarray(found.facial_transformation_matrixes[0], np.float32),
        )


def _pixels(points: Any, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    height, width = rgb.shape[:2]
    shares = np.array([(p.x, p.y, p.z) for p in points], np.float32)
    return shares * np.array([width, height, width], np.float32)
