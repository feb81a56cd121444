"""An .svg file as points and paints, group by group.

Only what the painter draws is understood, and all else is refused rather than silently left out:
shapes and groups with presentation attributes (or a `style` attribute), plain fills and strokes,
linear and radial gradients. Every outline becomes cubic Béziers, so that warps can bend it.
"""

from __future__ import annotations

import io
import xml.sax
import xml.sax.handler
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vtdrive.render.drawing_numbers import DrawingError, matrix_of
from vtdrive.render.drawing_paint import (
    Gradient,
    Stroke,
    gradient_of,
    rgba_of,
    stroke_of,
)
from vtdrive.render.drawing_path import Contour, contours_of

__all__ = ["Drawing", "DrawingError", "Shape", "parse_drawing", "read_drawing"]

F64 = npt.NDArray[np.float64]
MAX_BYTES: Final = 8_000_000
_SHAPES: Final = frozenset({"path", "circle", "ellipse", "rect", "polygon", "polyline", "line"})
_GROUPS: Final = frozenset({"g", "a", "svg", "defs"})
_SILENT: Final = frozenset({"title", "desc", "metadata"})
_INHERITED: Final = frozenset(
    {
        "fill", "fill-rule", "fill-opacity", "stroke", "stroke-width", "stroke-linecap",
        "stroke-linejoin", "stroke-opacity", "color",
    }
)  # fmt: skip
_REFUSED: Final = {
    "style": "a style sheet is not drawn; use attributes (fill=, stroke=) on each shape",
    "text": "text is not drawn; turn it into a path",
    "filter": "filters (blur, shadow) are not drawn",
    "mask": "masks are not drawn; use `clip` in avatar.toml",
    "clipPath": "clip paths are not drawn; use `clip` in avatar.toml",
    "use": "copies (use) are not drawn; write the shape itself",
    "image": "pictures inside an .svg are not drawn; name a .png as the part's art",
    "pattern": "patterns are not drawn",
}
_NO_EFFECT: Final = {
    "filter": "none", "mask": "none", "clip-path": "none", "class": "none", "marker-start": "none",
    "marker-end": "none", "stroke-dasharray": "none", "mix-blend-mode": "normal",
}  # fmt: skip
"""Attributes that are refused, unless they have this value."""
_HIDES: Final = {"display": ("none",), "visibility": ("hidden", "collapse")}


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One filled and/or stroked outline."""

    points: F64
    """(N, 2) Bézier points of all contours, in art units: a start, then three for each segment."""
    contours: tuple[Contour, ...]
    fill: tuple[float, float, float, float] | Gradient | None
    """Straight RGBA in [0, 1]."""
    stroke: Stroke | None
    even_odd: bool
    line: int


@dataclass(slots=True, eq=False)
class Drawing:
    """All groups of a file that have an id."""

    groups: dict[str, tuple[Shape, ...]]
    lines: dict[str, int]
    """Where each group begins."""
    whole: tuple[Shape, ...] = ()
    """Everything in the file, whether it has an id or not."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.groups)


@dataclass(slots=True)
class _Level:
    style: dict[str, str]
    matrix: Any
    opacity: float
    shapes: list[Shape]
    name: str
    hidden: bool = False
    """Its shapes belong to it alone, not to what is around it."""


def read_drawing(path: Path) -> Drawing:
    """The drawing in `path`; raises DrawingError."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise DrawingError(f"cannot be read: {fault.strerror or fault}") from fault
    if len(raw) > MAX_BYTES:
        raise DrawingError(f"is larger than {MAX_BYTES // 1_000_000} MB")
    return parse_drawing(raw)


def parse_drawing(raw: bytes) -> Drawing:
    """The drawing in the text `raw`; raises DrawingError."""
    if b"<!ENTITY" in raw:  # with which a small file can become a huge one
        raise DrawingError("entities of one's own are refused; save it as plain SVG")
    reader = _Reader()
    parser = xml.sax.make_parser()
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setFeature(xml.sax.handler.feature_namespaces, False)
    parser.setContentHandler(reader)
    try:
        parser.parse(io.BytesIO(raw))
    except xml.sax.SAXParseException as fault:
        raise DrawingError(f"is no SVG: {fault.getMessage()}", fault.getLineNumber() or 0) from None
    except (LookupError, ValueError) as fault:  # a text encoding that there is not
        raise DrawingError(f"is no SVG: {fault}; save it as UTF-8", 1) from None
    if not reader.is_svg:
        raise DrawingError("is no SVG: its first element is not <svg>", 1)
    return Drawing(reader.groups, reader.lines, tuple(reader.whole))


class _Reader(xml.sax.handler.ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[str, tuple[Shape, ...]] = {}
        self.lines: dict[str, int] = {}
        self.is_svg = False
        self.whole: list[Shape] = []
        self._levels: list[_Level] = []
        self._gradients: dict[str, tuple[dict[str, str], list[dict[str, str]]]] = {}
        self._stops: list[dict[str, str]] | None = None
        self._silent = 0
        self._where: Any = None

    def setDocumentLocator(self, locator: Any) -> None:
        self._where = locator

    @property
    def _line(self) -> int:
        return int(self._where.getLineNumber() or 0) if self._where else 0

    def startElement(self, name: str, attrs: Any) -> None:
        tag = name.removeprefix("svg:")
        if self._silent or ":" in tag or tag in _SILENT:
            self._silent += 1
            return
        given = _attributes(attrs)
        if not self._levels:
            self._begin(tag, given)
        elif tag in ("linearGradient", "radialGradient"):
            self._stops = []
            self._gradients[given.get("id", "")] = ({"": tag, **given}, self._stops)
        elif tag == "stop" and self._stops is not None:
            self._stops.append(given)
        elif tag in _GROUPS:
            self._group(tag, given)
        elif tag in _SHAPES:
            self._shape(tag, given)
        else:
            raise DrawingError(_REFUSED.get(tag, f"<{tag}> is not drawn"), self._line)

    def endElement(self, name: str) -> None:
        tag = name.removeprefix("svg:")
        if self._silent:
            self._silent -= 1
        elif tag in ("linearGradient", "radialGradient"):
            self._stops = None
        elif tag in _GROUPS:
            self._end_group()

    def _begin(self, tag: str, given: dict[str, str]) -> None:
        import svgelements

        if tag != "svg":
            raise DrawingError("is no SVG: its first element is not <svg>", self._line)
        self.is_svg = True
        given.pop("class", None)
        outside = _Level({}, svgelements.Matrix(), 1.0, [], "")
        self._levels.append(_Level(*self._inherited(given, outside), [], ""))

    def _group(self, tag: str, given: dict[str, str]) -> None:
        if tag == "svg":
            raise DrawingError("an <svg> inside another is not drawn; make it a group", self._line)
        above = self._levels[-1]
        name = given.get("id", "")
        if name and name in self.lines:
            raise DrawingError(f"the id {name!r} is there twice", self._line)
        if name:
            self.lines[name] = self._line
        style, matrix, opacity = self._inherited(given, above)
        hidden = tag == "defs" or _hidden(given)
        self._levels.append(_Level(style, matrix, opacity, [], name, hidden))

    def _inherited(self, given: dict[str, str], above: _Level) -> tuple[dict[str, str], Any, float]:
        for key, harmless in _NO_EFFECT.items():
            if given.get(key, harmless) != harmless:
                raise DrawingError(f"the attribute {key} is not drawn", self._line)
        style = above.style | {k: v for k, v in given.items() if k in _INHERITED}
        matrix = above.matrix
        if "transform" in given:
            matrix = matrix_of(given["transform"], self._line) * matrix
        return style, matrix, above.opacity * _number(given.get("opacity", "1"), self._line)

    def _end_group(self) -> None:
        level = self._levels.pop()
        if level.name:
            self.groups[level.name] = tuple(level.shapes)
        if self._levels:
            if not level.hidden:
                self._levels[-1].shapes += level.shapes
        else:
            self.whole = level.shapes

    def _shape(self, tag: str, given: dict[str, str]) -> None:
        style, matrix, opacity = self._inherited(given, self._levels[-1])
        if _hidden(given):
            return
        try:
            points, contours = contours_of(tag, given, matrix)
        except ValueError as fault:
            raise DrawingError(f"<{tag}> cannot be understood: {fault}", self._line) from None
        if not len(points):
            return
        shape = Shape(
            points,
            contours,
            self._fill(style, opacity, points, matrix),
            stroke_of(style, opacity, matrix, self._line),
            style.get("fill-rule") == "evenodd",
            self._line,
        )
        if shape.fill is None and shape.stroke is None:
            return
        self._levels[-1].shapes.append(shape)
        name = given.get("id", "")
        if name:
            if name in self.lines:
                raise DrawingError(f"the id {name!r} is there twice", self._line)
            self.groups[name], self.lines[name] = (shape,), self._line

    def _fill(
        self, style: Mapping[str, str], opacity: float, points: F64, matrix: Any
    ) -> tuple[float, float, float, float] | Gradient | None:
        text = style.get("fill", "black").strip()
        opacity *= _number(style.get("fill-opacity", "1"), self._line)
        if text.startswith("url("):
            name = text[4:].partition(")")[0].strip("\"' #")
            if name not in self._gradients:
                raise DrawingError(
                    f"there is no gradient {name!r} (it must stand before its use)", self._line
                )
            given, stops = self._gradients[name]
            return gradient_of(given, stops, opacity, points, matrix, self._line)
        return rgba_of(text, opacity, self._line)


def _attributes(attrs: Any) -> dict[str, str]:
    given = {str(k): str(v) for k, v in attrs.items()}
    for part in given.pop("style", "").split(";"):
        key, _, value = part.partition(":")
        if value:
            given[key.strip()] = value.strip()
    return given


def _hidden(given: Mapping[str, str]) -> bool:
    return any(given.get(key) in values for key, values in _HIDES.items())


def _number(text: str, line: int) -> float:
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise DrawingError(f"{text!r} is no number", line) from None
    return min(1.0, max(0.0, value))
