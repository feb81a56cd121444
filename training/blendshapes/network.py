"""The teacher's shape network alone: labels for faces of which no picture exists.

The Face Landmarker bundle holds it as `face_blendshapes.tflite`: 146 points, x and y in pixels, to
52 values. Run by itself it gives the very numbers the Landmarker gives for the same points, so that
a face turned, morphed or half swapped in landmark space still gets the teacher's own label.
Needs `ai-edge-litert`; used only to train.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from points import TEACHER

__all__ = ["TeacherNetwork"]


class TeacherNetwork:
    """`face_landmarker.task`'s blendshape network on one thread."""

    def __init__(self, task: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with zipfile.ZipFile(task) as bundle:
            content = bundle.read("face_blendshapes.tflite")
        self._net = Interpreter(model_content=content, num_threads=1)
        self._net.allocate_tensors()
        self._in = self._net.get_input_details()[0]["index"]
        self._out = self._net.get_output_details()[0]["index"]

    def __call__(self, landmarks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, 478, 2 or 3), any scale, x right, y down → (N, 52) in the teacher's order."""
        points = np.ascontiguousarray(landmarks[:, TEACHER, :2], np.float32)
        labels = np.empty((len(points), 52), np.float32)
        for row, face in enumerate(points):
            self._net.set_tensor(self._in, face[None])
            self._net.invoke()
            labels[row] = self._net.get_tensor(self._out)
        return labels
