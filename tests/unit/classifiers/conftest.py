"""A real, public-domain face and its mesh, as a tracker would hand it over."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import skimage.data

from vtdrive.types import Face, VideoFrame


@pytest.fixture(scope="session")
def astronaut() -> tuple[VideoFrame, Face]:
    """scikit-image's portrait, smiling, with the landmarks that face mesh finds in it."""
    with warnings.catch_warnings():
        # What mediapipe's own imports deprecate is not ours to mend.
        warnings.simplefilter("ignore")
        import mediapipe as mp

        image = np.ascontiguousarray(skimage.data.astronaut())
        with mp.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
            found = mesh.process(image).multi_face_landmarks
    height, width = image.shape[:2]
    points = np.array([(p.x, p.y, p.z) for p in found[0].landmark], np.float32)
    points *= (width, height, width)
    image.setflags(write=False)
    points.setflags(write=False)
    face = Face(
        landmarks_px=points,
        shapes=np.zeros(52, np.float32),
        camera_from_head=np.eye(4, dtype=np.float32),
        crop_px=np.array([0, 0, width, height], np.float32),
        confidence=1.0,
    )
    return VideoFrame(seq=7, t_ns=1_234_567_890, image=image), face
