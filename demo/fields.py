"""One smooth displacement field per channel, for the upper and the lower layer of skin.

Source px throughout; u runs along the face to image right, v down it (the portrait's head is
tilted by a few degrees). Amplitudes are for a channel at 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from portrait import smoothstep
from scipy.interpolate import PchipInterpolator
from traces import BROW, EYE_LOWER, EYE_UPPER, MOUTH_LOWER, MOUTH_UPPER

__all__ = ["GRID_PER_PX", "JAW_PX", "ROI", "Fields", "Slit"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

ROI = (166, 64, 290, 214)
"""x0, y0, x1, y1: all that an expression may move."""
GRID_PER_PX = 2
JAW_PX = 21.0
"""How far jawOpen = 1 drops the chin."""
_TILT_RAD = np.arctan2(3.4, 60.0)
_E_U = np.array([np.cos(_TILT_RAD), np.sin(_TILT_RAD)])
_E_V = np.array([-np.sin(_TILT_RAD), np.cos(_TILT_RAD)])
_NOSE_V = 14.0
"""Rows above this many px below the eyes belong to the eyes, the others to the mouth."""


class Slit:
    """An opening between two traced contours, in its own axes from corner to corner."""

    def __init__(self, upper: F64, lower: F64) -> None:
        first, last = upper[0], upper[-1]
        self._origin = (first + last) / 2
        axis = (last - first) / np.linalg.norm(last - first)
        self.e_u, self.e_v = axis, np.array([-axis[1], axis[0]])
        self.half = float(np.linalg.norm(last - first)) / 2
        self._upper = self._curve(upper)
        self._lower = self._curve(lower)

    def _curve(self, points: F64) -> PchipInterpolator:
        rel = points - self._origin
        u, v = rel @ self.e_u, rel @ self.e_v
        # Beyond the corners both contours are the axis itself.
        return PchipInterpolator([u[0] - 200, *u, u[-1] + 200], [0, *v, 0])

    def axes(
        self, x: npt.NDArray[np.floating[Any]], y: npt.NDArray[np.floating[Any]]
    ) -> tuple[F64, F64]:
        dx, dy = x - self._origin[0], y - self._origin[1]
        return dx * self.e_u[0] + dy * self.e_u[1], dx * self.e_v[0] + dy * self.e_v[1]

    def point(self, u: float, v: float) -> F64:
        out: F64 = self._origin + u * self.e_u + v * self.e_v
        return out

    def upper(self, u: F64) -> F64:
        out: F64 = np.where(np.abs(u) < self.half, self._upper(u), 0.0)
        return out

    def lower(self, u: F64) -> F64:
        out: F64 = np.where(np.abs(u) < self.half, self._lower(u), 0.0)
        return out


EYES = {side: Slit(EYE_UPPER[side], EYE_LOWER[side]) for side in ("Left", "Right")}
MOUTH = Slit(MOUTH_UPPER, MOUTH_LOWER)


class Fields:
    """Every channel's field on the grid."""

    def __init__(self) -> None:
        x0, y0, x1, y1 = ROI
        x, y = np.meshgrid(
            np.arange((x1 - x0) * GRID_PER_PX + 1) / GRID_PER_PX + x0,
            np.arange((y1 - y0) * GRID_PER_PX + 1) / GRID_PER_PX + y0,
        )
        self._x, self._y = x, y
        # Nothing may move at the rim of the region, or it would show as a step.
        edge = np.minimum.reduce([x - x0, x1 - x, y - y0, y1 - y])
        self._inside = smoothstep(edge / 8.0)[..., None]
        self._upper: dict[str, F32] = {}
        self._lower: dict[str, F32] = {}
        self._brows()
        for side in ("Left", "Right"):
            self._lids(side)
            self._cheek(side)
        self._lips()

    def combine(self, values: Mapping[str, float]) -> tuple[F32, F32]:
        """The displacement of the upper and of the lower layer, (h, w, 2) each."""
        upper = np.zeros((*self._x.shape, 2), np.float32)
        lower = np.zeros_like(upper)
        for name, value in values.items():
            if value and name in self._upper:
                upper += np.float32(value) * self._upper[name]
                lower += np.float32(value) * self._lower[name]
        return upper, lower

    @staticmethod
    def masks(x: F32, y: F32) -> tuple[F32, F32]:
        """Which of these points the upper layer shows, and which the lower: 0..1 each."""
        upper, lower = np.zeros(x.shape), np.zeros(x.shape)
        rows = (y - 104.0) * _E_V[1] + (x - 225.5) * _E_V[0]
        of_mouth, of_left = rows >= _NOSE_V, x >= 225.5
        for slit, mine in (
            (MOUTH, of_mouth),
            (EYES["Left"], ~of_mouth & of_left),
            (EYES["Right"], ~of_mouth & ~of_left),
        ):
            u, v = slit.axes(x, y)
            # Beyond the corners the layers agree: there they overlap, lest a crack show between.
            overlap = 3.0 * smoothstep((np.abs(u) - slit.half + 0.6) / 1.5)
            upper[mine] = smoothstep((slit.upper(u) - v + overlap) / 0.9 + 0.5)[mine]
            lower[mine] = smoothstep((v - slit.lower(u) + overlap) / 0.9 + 0.5)[mine]
        return upper.astype(np.float32), lower.astype(np.float32)

    def _bump(self, at: npt.ArrayLike, *, wide: float, above: float, below: float) -> F64:
        """1 at a point, falling off as a Gaussian: `wide` along u, its own sigma up and down."""
        px, py = np.asarray(at, float)
        dx, dy = self._x - px, self._y - py
        u, v = dx * _E_U[0] + dy * _E_U[1], dx * _E_V[0] + dy * _E_V[1]
        tall = np.where(v < 0, above, below)
        out: F64 = np.exp(-0.5 * ((u / wide) ** 2 + (v / tall) ** 2))
        return out

    def _put(self, name: str, upper: F64, lower: F64 | None = None) -> None:
        """Adds (h, w, 2) fields; one given serves both layers."""
        for store, field in (
            (self._upper, upper),
            (self._lower, upper if lower is None else lower),
        ):
            add = np.asarray(field * self._inside, np.float32)
            store[name] = store[name] + add if name in store else add

    def _push(self, name: str, share: F64, *, u: float = 0.0, v: float = 0.0) -> None:
        self._put(name, share[..., None] * (u * _E_U + v * _E_V))

    def _brows(self) -> None:
        for side, sign in (("Left", 1), ("Right", -1)):
            inner, arch, outer = BROW[side]
            shape = dict(above=5.5, below=3.2)
            self._push("browInnerUp", self._bump(inner, wide=8, **shape), v=-4.2)
            self._push(
                f"browOuterUp{side}", self._bump((arch + outer) / 2, wide=8.5, **shape), v=-4.2
            )
            low = dict(above=6.0, below=3.6)
            self._push(f"browDown{side}", self._bump(inner, wide=9, **low), u=-1.8 * sign, v=3.0)
            self._push(f"browDown{side}", self._bump((arch + outer) / 2, wide=8, **low), v=2.0)

    def _lids(self, side: str) -> None:
        slit = EYES[side]
        u, v = slit.axes(self._x, self._y)
        top, bottom = slit.upper(u), slit.lower(u)
        gap = bottom - top
        # Lashes ride on the lid's edge unstretched; the skin up to the brow gives.
        upper = np.where(
            v < top, smoothstep((v - top + 7.5) / 5.7), 1 - smoothstep((v - top - 8) / 14)
        )
        lower = np.where(
            v > bottom, 1 - smoothstep((v - bottom - 1.2) / 7), smoothstep((v - bottom + 22) / 14)
        )
        down = slit.e_v
        bow = np.clip(1 - (u / slit.half) ** 2, 0, 1) ** 0.75
        self._put(
            f"eyeBlink{side}",
            (upper * (1.0 * gap + 0.7 * bow))[..., None] * down,
            (lower * 0.2 * bow)[..., None] * down,
        )
        wide_upper, wide_lower = (upper * -2.0 * bow), (lower * 0.7 * bow)
        self._put(f"eyeWide{side}", wide_upper[..., None] * down, wide_lower[..., None] * down)
        squint = lower * (-0.3 * gap)
        self._put(
            f"eyeSquint{side}", (upper * 0.18 * gap)[..., None] * down, squint[..., None] * down
        )
        # Lids follow the gaze.
        self._put(
            f"eyeLookDown{side}",
            (upper * 0.42 * gap)[..., None] * down, (lower * 0.7 * bow)[..., None] * down,
        )  # fmt: skip
        self._put(
            f"eyeLookUp{side}",
            (upper * -1.3 * bow)[..., None] * down, (lower * -0.5 * bow)[..., None] * down,
        )  # fmt: skip

    def _cheek(self, side: str) -> None:
        sign = 1 if side == "Left" else -1
        eye = EYES[side].point(0.0, 0.0)
        cheek = eye + 17 * _E_V + sign * 3 * _E_U
        wing = np.array([225.5, 104.0]) + 23.5 * _E_V + sign * 10.0 * _E_U
        self._push(f"cheekSquint{side}", self._bump(cheek, wide=11, above=7, below=12), v=-3.4)
        self._push(f"noseSneer{side}", self._bump(wing, wide=7, above=10, below=8), v=-3.8)
        inner = BROW[side][0]
        self._push(f"noseSneer{side}", self._bump(inner, wide=8, above=6, below=4), v=1.4)

    def _lips(self) -> None:
        u, v = MOUTH.axes(self._x, self._y)
        top, bottom = MOUTH.upper(u), MOUTH.lower(u)
        gap = bottom - top
        middle = np.where(np.abs(u) < MOUTH.half, (top + bottom) / 2, 0.0)
        inside = np.clip(1 - (u / (MOUTH.half + 1)) ** 2, 0, 1) ** 1.1
        soft = 7.0

        def upperness(side: float) -> F64:
            out: F64 = 1 / (1 + np.exp(-((middle - v) + side * 2.4 * soft * inside) * 1.9 / soft))
            return out

        in_upper, in_lower = upperness(+1.0), upperness(-1.0)
        down = MOUTH.e_v

        def part(name: str, upper: F64, lower: F64) -> None:
            """Upper-lip and lower-jaw fields (scalar, along v), shared out to both layers."""
            self._put(
                name,
                (in_upper * upper + (1 - in_upper) * lower)[..., None] * down,
                (in_lower * upper + (1 - in_lower) * lower)[..., None] * down,
            )

        none = np.zeros_like(u)
        jaw = self._jaw(u, v)
        part("jawOpen", none, JAW_PX * jaw)
        # Lips meet: each gives half the gap.
        near_top = np.where(v < top, np.exp(-0.5 * ((v - top) / 7) ** 2), 1.0)
        near_bottom = np.where(v > bottom, np.exp(-0.5 * ((v - bottom - 2) / 9) ** 2), 1.0)
        near_bottom = np.where(v > bottom + 2, near_bottom, 1.0)
        close_top, close_bottom = 0.55 * gap * near_top, -0.5 * gap * near_bottom
        for name, size in (("smile_release", 0.93), ("mouthPucker", 1.0)):
            part(name, size * close_top, size * close_bottom)
        broad = np.exp(-0.5 * (u / 13) ** 2)
        # Rounded lips come forward, which from the front is: they grow thick.
        thick_top = -1.6 * broad * np.exp(-0.5 * ((v - top + 5) / 3.5) ** 2)
        thick_bottom = 2.0 * broad * np.exp(-0.5 * ((v - bottom - 7) / 4.5) ** 2)
        part("mouthPucker", thick_top, thick_bottom)
        round_jaw = 4.5 * jaw * np.exp(-0.5 * (u / 20) ** 2)
        part("mouthFunnel", 0.6 * close_top + 0.7 * thick_top, round_jaw + 0.7 * thick_bottom)
        part("noseSneerLeft", -0.8 * broad * near_top, none)
        part("noseSneerRight", -0.8 * broad * near_top, none)
        self._corners(u, v)

    @staticmethod
    def _jaw(u: F64, v: F64) -> F64:
        """How far a point follows the chin: 1 at lower lip and chin, 0 at the ears and collar."""
        sides = np.exp(-0.5 * (np.maximum(np.abs(u) - 6, 0) / 22) ** 2)
        down = 1 - smoothstep((v - 38) / 36)
        up = smoothstep((v + 26) / 30)
        out: F64 = sides * down * up
        return out

    def _corners(self, u: F64, v: F64) -> None:
        for sign, side in ((1, "Left"), (-1, "Right")):
            corner = MOUTH.point(sign * MOUTH.half, 0.0)
            share = self._bump(corner, wide=11, above=10, below=10)
            lips = self._bump(corner, wide=11.5, above=7, below=10)
            cheek = self._bump(corner + sign * 5 * _E_U - 8 * _E_V, wide=8, above=10, below=8)
            inwards = -sign
            self._push("smile_release", share, u=3.6 * inwards, v=3.4)
            self._push("smile_release", cheek, u=0.5 * inwards, v=1.6)
            out = sign * u / MOUTH.half
            arc = np.where(
                out > 1, np.exp(-0.5 * ((out - 1) / 0.45) ** 2), np.clip(out, 0, 1) ** 1.7
            )
            arc = arc * np.exp(-0.5 * (np.maximum(np.abs(v - 3) - 3, 0) / 9) ** 2)
            self._push(f"mouthFrown{side}", arc, u=-0.6 * inwards, v=6.2)
            self._push(f"mouthFrown{side}", cheek, v=1.6)
            self._push("mouthPucker", lips, u=8.6 * inwards, v=4.0)
            self._push("mouthPucker", cheek, u=1.5 * inwards, v=1.0)
            self._push("mouthFunnel", lips, u=4.6 * inwards, v=3.4)
            self._push("mouthFunnel", cheek, u=1.2 * inwards, v=1.0)
            self._push("jawOpen", share, u=2.6 * inwards, v=1.5)
            self._push(f"mouthStretch{side}", share, u=-2.6 * inwards, v=2.6)
        chin = MOUTH.point(0.0, 22.0)
        for side in ("Left", "Right"):
            self._push(f"mouthFrown{side}", self._bump(chin, wide=14, above=9, below=8), v=-1.1)
