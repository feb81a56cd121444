"""Outlines by skia: one shape's paints, made once, and its path, made anew for each picture."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import skia

from vtdrive.render.drawing import Shape
from vtdrive.render.drawing_paint import Gradient
from vtdrive.types import F32

__all__ = ["BLENDS", "Brush", "Outline", "canvas_on"]

BLENDS: Final = {
    "normal": skia.BlendMode.kSrcOver,
    "multiply": skia.BlendMode.kMultiply,
    "screen": skia.BlendMode.kScreen,
    "overlay": skia.BlendMode.kOverlay,
    "add": skia.BlendMode.kPlus,
}
_CAPS: Final = {
    "butt": skia.Paint.kButt_Cap, "round": skia.Paint.kRound_Cap, "square": skia.Paint.kSquare_Cap,
}  # fmt: skip
_JOINS: Final = {
    "miter": skia.Paint.kMiter_Join, "round": skia.Paint.kRound_Join,
    "bevel": skia.Paint.kBevel_Join,
}  # fmt: skip


def canvas_on(rgba: npt.NDArray[np.uint8]) -> Any:
    """A surface that paints into `rgba` (h, w, 4), premultiplied; keep it while painting."""
    height, width = rgba.shape[:2]
    info = skia.ImageInfo.Make(
        width, height, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType
    )
    return skia.Surface.MakeRasterDirect(info, rgba, rgba.strides[0])


class Outline:
    """Makes the path of one shape, again and again, from points that have moved.

    A path is written out once; then only its points are exchanged and it is read back, which takes
    a fifth of the time of adding curve after curve. Skia promises nothing about that form, so it is
    tried first, and curves are added where it is another one.
    """

    def __init__(self, shape: Shape) -> None:
        self._contours = shape.contours
        self._even_odd = shape.even_odd
        points = shape.points.astype(np.float32)
        self._bytes = bytearray(bytes(self._added(points).serialize()))
        self._at = bytes(self._bytes).find(points.tobytes())
        self._end = self._at + points.nbytes
        if self._at >= 0 and not self._works(points + np.float32(1.0)):
            self._at = -1

    def __call__(self, points: F32) -> Any:
        """The path at (n, 2) points, which lie side by side."""
        if self._at < 0:
            return self._added(points)
        self._bytes[self._at : self._end] = points.data.cast("B")
        path = skia.Path()
        path.readFromMemory(self._bytes)
        return path

    def _works(self, points: F32) -> bool:
        path, wanted = self(points), self._added(points)
        return bool(path.isValid() and path == wanted)

    def _added(self, points: F32) -> Any:
        path = skia.Path()
        flat = points.ravel().tolist()
        cubic = path.cubicTo
        for start, segments, closed in self._contours:
            at = 2 * start
            path.moveTo(flat[at], flat[at + 1])
            for i in range(at + 2, at + 2 + 6 * segments, 6):
                cubic(*flat[i : i + 6])
            if closed:
                path.close()
        if self._even_odd:
            path.setFillType(skia.PathFillType.kEvenOdd)
        return path


class Brush:
    """Paints one shape."""

    def __init__(self, shape: Shape, blend: str, scale: float) -> None:
        """`scale`: pixels of one art unit, for the width of strokes."""
        self._outline = Outline(shape)
        self._count = len(shape.points)
        self.count = self._count + (2 if isinstance(shape.fill, Gradient) else 0)
        """How many of the points it takes: the outline's, then a gradient's two ends."""
        self.even_odd = shape.even_odd
        """Whether contours within contours are holes."""
        self.leftwards = _area(shape) < 0.0
        """Whether its outline runs against the clock."""
        self._gradient = shape.fill if isinstance(shape.fill, Gradient) else None
        self._fill, self._fill_alpha = None, 1.0
        if shape.fill is not None:
            self._fill = skia.Paint(AntiAlias=True)
            self._fill.setBlendMode(BLENDS[blend])
            if isinstance(shape.fill, Gradient):
                self._fill.setDither(True)  # no bands, and skia takes 0.4 of the time
            else:
                self._fill.setColor4f(skia.Color4f(*shape.fill))
                self._fill_alpha = shape.fill[3]
        if self._gradient is not None:
            self._places = [place for place, _ in self._gradient.stops]
            self._colours = [skia.Color4f(*rgba).toColor() for _, rgba in self._gradient.stops]
        self._line, self._line_alpha = None, 1.0
        if shape.stroke is not None:
            stroke = shape.stroke
            self._line = skia.Paint(AntiAlias=True)
            self._line.setBlendMode(BLENDS[blend])
            self._line.setStyle(skia.Paint.kStroke_Style)
            self._line.setStrokeWidth(stroke.width * scale)
            self._line.setStrokeCap(_CAPS[stroke.cap])
            self._line.setStrokeJoin(_JOINS[stroke.join])
            self._line.setColor4f(skia.Color4f(*stroke.rgba))
            self._line_alpha = stroke.rgba[3]
        self._opacity = 1.0

    def path(self, points: F32) -> Any:
        """The outline at `points` (count, 2), in pixels."""
        return self._outline(points[: self._count])

    def paint(self, canvas: Any, path: Any, points: F32, opacity: float) -> None:
        """Paint `path`, which `path(points)` made."""
        if opacity != self._opacity:
            self._thin(opacity)
        if self._fill is not None:
            if self._gradient is not None:
                self._fill.setShader(self._shader(points[self._count :].tolist()))
            canvas.drawPath(path, self._fill)
        if self._line is not None:
            canvas.drawPath(path, self._line)

    def _thin(self, opacity: float) -> None:
        self._opacity = opacity
        if self._fill is not None:
            self._fill.setAlphaf(self._fill_alpha * opacity)
        if self._line is not None:
            self._line.setAlphaf(self._line_alpha * opacity)

    def _shader(self, ends: list[list[float]]) -> Any:
        assert self._gradient is not None
        (x0, y0), (x1, y1) = ends
        if self._gradient.kind == "linear":
            return skia.GradientShader.MakeLinear(
                [skia.Point(x0, y0), skia.Point(x1, y1)], self._colours, self._places
            )
        radius = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-3)
        return skia.GradientShader.MakeRadial(
            skia.Point(x0, y0), radius, self._colours, self._places
        )


def _area(shape: Shape) -> float:
    """Of all contours of a shape at rest, as polygons; below 0 where they run against the clock."""
    area = 0.0
    for start, segments, _ in shape.contours:
        x, y = shape.points[start : start + 1 + 3 * segments : 3].T
        area += float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    return area
