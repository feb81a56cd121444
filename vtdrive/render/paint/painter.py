"""A pose to one picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
import skia

from vtdrive.render.format.avatar import Part
from vtdrive.render.paint.brush import BLENDS, Brush, canvas_on
from vtdrive.render.paint.puppet import Piece, Puppet
from vtdrive.render.paint.raster import Stamp
from vtdrive.render.picture_files import RasterArt
from vtdrive.render.rig import Rig
from vtdrive.render.tree import ancestors
from vtdrive.types import F32, U8

__all__ = ["Painter", "Place"]

_UNSEEN: Final = 1 / 512


class Place:
    """Where art units come to lie in a picture."""

    def __init__(
        self,
        rig: Rig,
        width: int,
        height: int,
        *,
        zoom: float = 1.0,
        x: float = 0.0,
        y: float = 0.0,
    ) -> None:
        """`x` -1..1: from the left edge of the picture to the right; `y`: half heights upwards."""
        frame = rig.avatar.frame or (0.0, 0.0, *rig.avatar.canvas)
        left, top, wide, high = frame
        self.scale = min(width / wide, height / high) * zoom
        # The lower edge stays where it is, so that a half body never floats.
        middle = width / 2 + x * (width / 2)
        bottom = height - y * (height / 2)
        self.offset = (
            middle - (left + wide / 2) * self.scale,
            bottom - (top + high) * self.scale,
        )


class Painter:
    """Paints into one picture, which it keeps."""

    def __init__(
        self, rig: Rig, params: Sequence[str], width: int, height: int, place: Place | None = None
    ) -> None:
        """`params` are the names of the vectors that `paint` is given."""
        self.puppet = Puppet(rig, params)
        self.picture: U8 = np.zeros((height, width, 4), np.uint8)
        self._surface = canvas_on(self.picture)
        self._parts = rig.avatar.part
        clips = {part.name: part.clip for part in self._parts}
        self._masks = {
            part.clip: (part.clip, *ancestors(part.clip, clips))
            for part in self._parts
            if part.clip
        }
        self.place_at(rig, place or Place(rig, width, height))

    def place_at(self, rig: Rig, place: Place) -> None:
        """Move the avatar in the picture; costs about as much as loading it."""
        self._place = place
        self._brushes: dict[int, list[Brush]] = {}
        self._stamps: dict[int, Stamp] = {}
        for part in rig.avatar.part:
            for piece in self.puppet.pieces.get(part.name, ()):
                if isinstance(piece.art, RasterArt):
                    self._stamps[piece.start] = Stamp(piece.art, piece.grid, place.scale)
                else:
                    self._brushes[piece.start] = [
                        Brush(shape, part.blend, place.scale) for shape in piece.art
                    ]

    def paint(self, params: F32, under: U8 | None = None) -> U8:
        """(height, width, 4) premultiplied RGBA, painted over `under` (same shape) or nothing; the
        same array each time."""
        if under is None:
            self.picture[:] = 0
        else:
            np.copyto(self.picture, under)
        pose = self.puppet.pose(params)
        values: list[float] = params.tolist()
        pixels = (pose.points * self._place.scale + self._place.offset).astype(np.float32)
        canvas = self._surface.getCanvas()
        shown = [
            (part, opacity)
            for part, opacity in zip(self._parts, pose.opacity, strict=True)
            if opacity > _UNSEEN and part.name in self.puppet.pieces
        ]
        # What follows one another inside one outline shares it: it costs more than many a part.
        for clip, run in groupby(shown, key=lambda one: one[0].clip):
            self._run(canvas, clip, list(run), pixels, values)
        return self.picture

    def _run(
        self,
        canvas: Any,
        clip: str,
        run: Sequence[tuple[Part, float]],
        pixels: F32,
        values: Sequence[float],
    ) -> None:
        """Paint parts that are all seen inside the part `clip`; empty: inside none."""
        masks = [self.puppet.chosen(name, values) for name in self._masks.get(clip, ())]
        outlines: list[Piece] = []
        pictures: list[Piece] = []
        for mask in masks:
            if mask is None:
                return
            (outlines if mask.start in self._brushes else pictures).append(mask)
        if outlines:
            canvas.save()
        for mask in outlines:
            canvas.clipPath(self._outline(mask, pixels), skia.ClipOp.kIntersect, True)
        for part, opacity in run:
            piece = self.puppet.chosen(part.name, values)
            if piece is not None and pictures:
                self._masked(canvas, piece, pictures, pixels, opacity, part)
            elif piece is not None:
                self._draw(canvas, piece, pixels, opacity, part)
        if outlines:
            canvas.restore()

    def _masked(
        self,
        canvas: Any,
        piece: Piece,
        masks: Sequence[Piece],
        pixels: F32,
        opacity: float,
        part: Part,
    ) -> None:
        """Paint inside the opaque pixels of pictures."""
        found = [self._warped(mask, pixels) for mask in masks]
        seen = [one for one in found if one is not None]
        if len(seen) < len(masks):
            return
        canvas.save()
        for image, x, y in seen:
            high, wide = image.shape[:2]
            canvas.clipRect(skia.Rect.MakeXYWH(x, y, wide, high))
        canvas.saveLayer(None, None)
        self._draw(canvas, piece, pixels, opacity, part)
        for image, x, y in seen:
            _lay(canvas, image, x, y, skia.Paint(BlendMode=skia.BlendMode.kDstIn))
        canvas.restore()
        canvas.restore()

    def _draw(self, canvas: Any, piece: Piece, pixels: F32, opacity: float, part: Part) -> None:
        if piece.start in self._brushes:
            for brush, start in zip(self._brushes[piece.start], piece.starts, strict=True):
                points = pixels[start : start + brush.count]
                brush.paint(canvas, brush.path(points), points, opacity)
            return
        found = self._warped(piece, pixels)
        if found is not None:
            paint = skia.Paint(BlendMode=BLENDS[part.blend])
            paint.setAlphaf(opacity)
            _lay(canvas, *found, paint)

    def _outline(self, piece: Piece, pixels: F32) -> Any:
        """All that any of a drawing's shapes covers, as one path."""
        brushes = self._brushes[piece.start]
        whole = skia.Path()
        for brush, start in zip(brushes, piece.starts, strict=True):
            path = brush.path(pixels[start : start + brush.count])
            if len(brushes) == 1:
                return path
            if brush.even_odd:  # its holes are holes of it alone; costs more
                whole = skia.Op(whole, path, skia.PathOp.kUnion_PathOp)
            elif brush.leftwards:  # else it would be cut out of the others
                whole.reverseAddPath(path)
            else:
                whole.addPath(path)
        return whole

    def _warped(self, piece: Piece, pixels: F32) -> tuple[U8, int, int] | None:
        stamp = self._stamps[piece.start]
        if stamp.empty:
            return None
        columns, rows = piece.grid
        height, width = self.picture.shape[:2]
        mesh = pixels[piece.start : piece.start + columns * rows].astype(np.float64)
        return stamp.warped(mesh, width, height)


def _lay(canvas: Any, rgba: U8, x: int, y: int, paint: Any) -> None:
    """Lay premultiplied `rgba` down with its left upper pixel at x, y."""
    image = skia.Image.fromarray(
        rgba,
        colorType=skia.ColorType.kRGBA_8888_ColorType,
        alphaType=skia.AlphaType.kPremul_AlphaType,
        copy=False,
    )
    canvas.drawImage(image, x, y, skia.SamplingOptions(), paint)
