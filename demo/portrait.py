"""The still that the clip moves: canvas, matte, backdrop and depth of the portrait.

Coordinates are pixels of the 512 x 512 portrait ("source px") unless a name says canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["CROP", "OUT", "SCALE", "Portrait", "load", "smoothstep", "to_canvas"]

F32 = npt.NDArray[np.float32]

CROP = (82, 0, 288, 216)
"""x, y, width, height of what the film shows: 4:3."""
SCALE = 3
"""Canvas px per source px: the working resolution."""
OUT = (640, 480)

# Traced by eye. Generous over the plain backdrop, where it cannot show, and tight along the cheek
# and neck, where the collar ring lies behind.
_HEAD = [
    (186, 236), (184, 214), (184, 195), (186.5, 180), (186.2, 165), (186, 156), (184.6, 149),
    (183, 141), (182, 135), (175, 134), (168, 128), (156, 117), (147, 96), (147, 64), (162, 34),
    (185, 15), (225, 8), (266, 12), (292, 34), (306, 62), (307, 95), (299, 116), (289, 131),
    (281, 140), (270, 144), (265.5, 152), (260, 161), (256.5, 170), (255.5, 178), (254, 187),
    (258, 200), (262, 236),
]  # fmt: skip
_TIGHT_BELOW = 128.0
_RING_BAND = [(176, 148.5), (190, 148.8), (222, 155), (246, 165), (262, 177.5), (262, 184.5),
              (246, 172.5), (222, 161), (190, 153.8), (176, 153.5)]  # fmt: skip
_RING_INSIDE = [(176, 153), (190, 153.5), (222, 160.5), (246, 172), (262, 184), (266, 215),
                (176, 215)]  # fmt: skip
_RING_RGB = (134, 122, 150)
# The depth of what the face mesh does not cover: hair, crown, neck (x, y, z; nearer is smaller).
_MORE_DEPTH = [
    (226, 14, 42), (190, 20, 44), (262, 20, 44), (226, 45, 10), (190, 50, 22), (264, 52, 22),
    (153, 80, 46), (300, 85, 46), (160, 45, 46), (292, 50, 46), (172, 118, 44), (279, 128, 44),
    (220, 192, 24), (190, 186, 38), (253, 186, 38), (220, 216, 26), (185, 216, 36), (258, 216, 36),
    (100, 60, 48), (350, 60, 48), (100, 216, 48), (350, 216, 48), (226, -20, 48),
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """Everything that is computed once from the still."""

    canvas: F32
    """(H, W, 4) RGBA 0..255 at `SCALE`, the person cut out by alpha (0..1)."""
    plate: F32
    """(480, 640, 3) the backdrop and suit without head and neck."""
    depth: F32
    """(216, 288) in source px, nearer is smaller, one value per source px of the crop."""


def smoothstep(x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(np.asarray(x, float), 0.0, 1.0)
    out: npt.NDArray[np.float64] = t * t * (3.0 - 2.0 * t)
    return out


def to_canvas(points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(N, 2) source px to canvas px; pixel centres are whole numbers in both."""
    out: npt.NDArray[np.float64] = np.asarray(points, float) - np.array(CROP[:2]) + 0.5
    return out * SCALE - 0.5


def _polygon(points: Sequence[tuple[float, float]], *, feather_px: float) -> F32:
    """(H, W) 0..1 canvas mask of a polygon in source px; the feather is a sigma in source px."""
    mask = np.zeros((CROP[3] * SCALE, CROP[2] * SCALE), np.uint8)
    fixed = np.round(to_canvas(points) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), feather_px * SCALE)
    return np.asarray(soft, np.float32)


def _matte() -> F32:
    soft, tight = _polygon(_HEAD, feather_px=2.2), _polygon(_HEAD, feather_px=0.45)
    y = (np.arange(soft.shape[0]) + 0.5) / SCALE - 0.5 + CROP[1]
    share = smoothstep((y - _TIGHT_BELOW + 4) / 8)[:, None]
    return np.asarray(soft * (1 - share) + tight * share, np.float32)


def _backdrop(rgb: F32) -> F32:
    """The crop at canvas size with head and neck painted out."""
    grown = cv2.dilate(_polygon(_HEAD, feather_px=0.5), np.ones((19, 19), np.uint8))
    y = (np.arange(rgb.shape[0]) + 0.5) / SCALE - 0.5 + CROP[1]
    x = (np.arange(rgb.shape[1]) + 0.5) / SCALE - 0.5 + CROP[0]
    # Only the plain cloth may flow behind the head: not the suit, which begins near y 146.
    cloth = (grown < 0.02) & (y[:, None] < 146) & (x[None] > 112) & (x[None] < 350)
    behind = _flow_in(rgb, cloth)
    for points, colour in ((_RING_INSIDE, (9, 7, 8)), (_RING_BAND, _RING_RGB)):
        part = _polygon(points, feather_px=0.5)[..., None]
        paint = np.array(colour, np.float32)
        behind = np.asarray(behind + (paint - behind) * part, np.float32)
    tight = cv2.dilate(_polygon(_HEAD, feather_px=0.3), np.ones((15, 15), np.uint8))
    tight = cv2.GaussianBlur(tight, (0, 0), 0.6 * SCALE)
    loose = cv2.GaussianBlur(cv2.dilate(tight, np.ones((9, 9), np.uint8)), (0, 0), 1.5 * SCALE)
    share = smoothstep((y - _TIGHT_BELOW + 4) / 8)[:, None]
    hole = (loose * (1 - share) + tight * share)[..., None]
    return np.asarray(rgb * (1 - hole) + behind * hole, np.float32)


def _flow_in(rgb: F32, known: npt.NDArray[np.bool_]) -> F32:
    """`rgb` where known; elsewhere the known surroundings carried on, smoothly."""
    small = (CROP[2] // 2, CROP[3] // 2)
    weight = cv2.resize(known.astype(np.float32), small, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(rgb * known[..., None], small, interpolation=cv2.INTER_AREA)
    mean = np.clip(mean / np.maximum(weight, 1e-3)[..., None], 0, 255).astype(np.uint8)
    hole = ((weight < 0.9) * 255).astype(np.uint8)
    filled = cv2.inpaint(mean, hole, 6, cv2.INPAINT_NS).astype(np.float32)
    filled = cv2.GaussianBlur(filled, (0, 0), 1.5)
    size = (rgb.shape[1], rgb.shape[0])
    return np.asarray(cv2.resize(filled, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _depth(landmarks: npt.NDArray[np.float64]) -> F32:
    from scipy.interpolate import RBFInterpolator

    # Irises repeat the lids' places; every second point is plenty and keeps the surface calm.
    known = np.concatenate([landmarks[:468:2], np.array(_MORE_DEPTH, float)])
    surface = RBFInterpolator(known[:, :2], known[:, 2], kernel="thin_plate_spline", smoothing=30.0)
    x, y = np.meshgrid(np.arange(CROP[2]) + CROP[0], np.arange(CROP[3]) + CROP[1])
    z = surface(np.stack([x.ravel(), y.ravel()], 1)).reshape(x.shape)
    return np.asarray(cv2.GaussianBlur(np.clip(z, -30, 50), (0, 0), 3.0), np.float32)


def _landmarks(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(478, 3) in source px, found on an enlarged cut-out since the face is small."""
    import mediapipe as mp

    x0, y0, w, h, zoom = 150, 60, 150, 140, 6
    cut = cv2.resize(image[y0 : y0 + h, x0 : x0 + w], None, fx=zoom, fy=zoom,
                     interpolation=cv2.INTER_CUBIC)  # fmt: skip
    with mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True, max_num_faces=1
    ) as mesh:
        (found,) = mesh.process(cut).multi_face_landmarks
    points = [(p.x * w + x0 - 0.5, p.y * h + y0 - 0.5, p.z * w) for p in found.landmark]
    return np.array(points, float)


def load() -> Portrait:
    """The portrait that scikit-image ships, prepared."""
    from skimage import data

    image = np.ascontiguousarray(data.astronaut())
    x0, y0, w, h = CROP
    size = (w * SCALE, h * SCALE)
    rgb = cv2.resize(image[y0 : y0 + h, x0 : x0 + w], size, interpolation=cv2.INTER_CUBIC)
    rgb = rgb.astype(np.float32)
    # The face is about a hundred pixels wide in the original: enlarged, it wants a little edge.
    rgb = np.clip(rgb + 0.5 * (rgb - cv2.GaussianBlur(rgb, (0, 0), 0.8 * SCALE)), 0, 255)
    plate = cv2.resize(_backdrop(rgb), OUT, interpolation=cv2.INTER_AREA)
    canvas = np.dstack([rgb, _matte()]).astype(np.float32)
    return Portrait(canvas, np.asarray(plate, np.float32), _depth(_landmarks(image)))
