"""The Tasks Face Landmarker as a yardstick: what most programs of this kind run for each frame."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from typing import Any, cast

from vtdrive.errors import ModelError
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.trackers.quiet import quiet_stderr
from vtdrive.types import VideoFrame

__all__ = ["LandmarkerPeer"]

_GIVE = "give the path of a face_landmarker.task bundle"


class LandmarkerPeer:
    """Runs the Face Landmarker, blendshapes and matrix on, VIDEO mode, on frames as they come."""

    def __init__(self, model: Path) -> None:
        """Raises ModelError for a file that cannot be a bundle; `open` for others."""
        if not model.is_file():
            raise ModelError(f"no such file: {model}", _GIVE)
        if not zipfile.is_zipfile(model):
            raise ModelError(f"{model} is no Face Landmarker bundle: it is no zip archive", _GIVE)
        self._model = model
        self._task: Any = None
        self._mp: Any = None
        self._last_ms = -1
        self.wall_ms: list[float] = []
        """Each frame's time from pixels to result."""
        self.cpu_ms: list[float] = []
        """The whole process's CPU time meanwhile; meaningful when nothing else runs."""

    def open(self) -> None:
        """Load the bundle. Raises ModelError when it is none."""
        modules = import_mediapipe(
            "mediapipe", "mediapipe.tasks.python", "mediapipe.tasks.python.vision"
        )
        self._mp, tasks, vision = (cast(Any, module) for module in modules)
        options = vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(self._model)),
            running_mode=vision.RunningMode.VIDEO,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
            num_faces=1,
        )
        try:
            with quiet_stderr():
                self._task = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as fault:
            reason = str(fault).partition("\n")[0]
            raise ModelError(
                f"{self._model} is no Face Landmarker bundle: {reason}",
                _GIVE,
            ) from fault

    def run(self, frame: VideoFrame) -> None:
        """One frame, timed."""
        stamp = max(frame.t_ns // 1_000_000, self._last_ms + 1)
        cpu, start = time.process_time(), time.perf_counter()
        image = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=frame.image)
        self._task.detect_for_video(image, stamp)
        self.wall_ms.append((time.perf_counter() - start) * 1e3)
        self.cpu_ms.append((time.process_time() - cpu) * 1e3)
        self._last_ms = stamp

    def close(self) -> None:
        if self._task is not None:
            self._task.close()
            self._task = None
