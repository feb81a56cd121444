"""Measures the finished clip with mediapipe's face mesh and compares it with the truth.

`python demo/measure.py` prints one line a figure: it is how we know that the truth is visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vtdrive.demo import Truth, demo_clip, load_truth

__all__ = ["Figures", "compare", "landmarks"]

F64 = npt.NDArray[np.float64]

# Upper lid, lower lid, outer corner, inner corner; brow inner end, brow outer part.
_EYE = {
    "Left": ((386, 385, 387), (374, 380, 373), 263, 362),
    "Right": ((159, 158, 160), (145, 153, 144), 33, 133),
}
_BROW = {"Left": ((336, 296), (334, 293)), "Right": ((107, 66), (105, 63))}


@dataclass(frozen=True, slots=True)
class Figures:
    """How well what is seen follows what was animated."""

    found: int
    frames: int
    correlation: Mapping[str, float]
    """Of a landmark measure with its channel, within the channel's passage."""
    wink_lead: Mapping[str, float]
    """Mean closure of the winking eye less that of the other while the truth is above 0.9."""
    yaw_rms_deg: float
    """Over every frame, from the mesh's own depth, relative to the rest passage."""


def landmarks(clip: Path) -> tuple[F64, npt.NDArray[np.bool_]]:
    """(N, 478, 3) in pixels, and which frames had a face (the others are NaN)."""
    import mediapipe as mp

    film = cv2.VideoCapture(str(clip))
    rows: list[F64] = []
    with mp.solutions.face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=1) as mesh:
        while True:
            ok, picture = film.read()
            if not ok:
                break
            h, w = picture.shape[:2]
            faces = mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            if faces:
                points = [(p.x * w, p.y * h, p.z * w) for p in faces[0].landmark]
                rows.append(np.array(points))
            else:
                rows.append(np.full((478, 3), np.nan))
    film.release()
    points_all = np.stack(rows)
    return points_all, ~np.isnan(points_all[:, 0, 0])


def _gap(p: F64, a: int, b: int) -> F64:
    out: F64 = np.linalg.norm(p[:, a] - p[:, b], axis=1)
    return out


def _measures(p: F64) -> dict[str, F64]:
    """Signals in units of the face, each rising with its channel."""
    unit = _gap(p, 33, 263)
    out: dict[str, F64] = {}
    for side, (upper, lower, outer, inner) in _EYE.items():
        opening = np.mean([_gap(p, a, b) for a, b in zip(upper, lower, strict=True)], axis=0)
        out[f"closed{side}"] = -opening / _gap(p, outer, inner)
        corners = (p[:, outer] + p[:, inner]) / 2
        for part, points in zip(("Inner", "Outer"), _BROW[side], strict=True):
            brow = p[:, points].mean(1)
            out[f"brow{part}{side}"] = np.linalg.norm(brow - corners, axis=1) / unit
    out["lips"] = _gap(p, 13, 14) / unit
    out["width"] = -_gap(p, 61, 291) / unit
    nose = p[:, 2]
    down = p[:, 152] - p[:, 168]
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    for side, corner in (("Left", 291), ("Right", 61)):
        out[f"corner{side}"] = np.sum((p[:, corner] - nose) * down, axis=1) / unit
    return out


def _yaw_rad(p: F64) -> F64:
    """The angle of the line between the eyes' outer corners and cheeks, seen from above."""
    across = p[:, [263, 454, 362]].mean(1) - p[:, [33, 234, 133]].mean(1)
    out: F64 = np.arctan2(across[:, 2], across[:, 0])
    return out


# Channel -> (passage, measures whose mean follows it, channels whose mean is the truth).
_FOLLOWS = {
    "eyeBlinkLeft": ("blinks", ("closedLeft",)),
    "eyeBlinkRight": ("blinks", ("closedRight",)),
    "jawOpen": ("jaw", ("lips",)),
    "browInnerUp": ("brows", ("browInnerLeft", "browInnerRight")),
    "browOuterUpLeft": ("brows", ("browOuterLeft",)),
    "browOuterUpRight": ("brows", ("browOuterRight",)),
    "mouthFrownLeft": ("frown", ("cornerLeft",)),
    "mouthFrownRight": ("frown", ("cornerRight",)),
    "mouthPucker": ("lips", ("width",)),
}


def compare(points: F64, found: npt.NDArray[np.bool_], truth: Truth) -> Figures:
    """Landmarks of every frame against the truth of every frame."""
    seen = _measures(points)
    correlation = {}
    for channel, (passage, measures) in _FOLLOWS.items():
        at = truth.during(passage)
        measured = np.mean([seen[m][at] for m in measures], axis=0)
        correlation[channel] = float(np.corrcoef(measured, truth.column(channel)[at])[0, 1])
    rest = truth.during("rest")
    shut = truth.column("eyeBlinkLeft")[truth.during("blinks")] > 0.9
    closure = {}
    for side in ("Left", "Right"):
        signal = seen[f"closed{side}"]
        lo = float(signal[rest].mean())
        hi = float(signal[truth.during("blinks")][shut].mean())
        closure[side] = (signal - lo) / (hi - lo)
    lead = {}
    for side, other in (("Left", "Right"), ("Right", "Left")):
        at = truth.during(f"wink_{side.lower()}")
        winking = truth.column(f"eyeBlink{side}")[at] > 0.9
        lead[side] = float((closure[side] - closure[other])[at][winking].mean())
    yaw = _yaw_rad(points)
    error = (yaw - yaw[rest].mean()) - truth.column("head_yaw_rad")
    rms = float(np.degrees(np.sqrt(np.mean(error**2))))
    return Figures(int(found.sum()), len(found), correlation, lead, rms)


def main() -> None:
    truth = load_truth()
    figures = compare(*landmarks(demo_clip()), truth)
    print(f"face found in {figures.found} of {figures.frames} frames")
    for name, value in figures.correlation.items():
        print(f"{name:18} correlation {value:.3f}")
    for side, value in figures.wink_lead.items():
        print(f"wink {side:13} leads by {value:.2f}")
    print(f"yaw                {figures.yaw_rms_deg:.2f} deg RMS")


if __name__ == "__main__":
    main()
