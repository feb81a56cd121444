"""Fills, strokes and gradients of an SVG shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from vtdrive.render.drawing_numbers import FARTHEST, DrawingError, matrix_of

__all__ = ["Gradient", "Stroke", "gradient_of", "rgba_of", "stroke_of"]

F64 = npt.NDArray[np.float64]
RGBA = tuple[float, float, float, float]
_WELL_FORMED: Final = re.compile(
    r"black|#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})"
    r"|(?:rgb|hsl)a?\(\s*[\d.]+(?:%|deg)?(?:[\s,/]+[\d.]+%?){2,3}\s*\)"
)


@dataclass(frozen=True, slots=True, eq=False)
class Gradient:
    """Colours along a line, or around a point."""

    kind: Literal["linear", "radial"]
    ends: F64
    """(2, 2) in art units: from and to, or the centre and a point on the rim. They are moved with
    the shape."""
    stops: tuple[tuple[float, RGBA], ...]
    """(place in [0, 1], straight RGBA), places rising."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line of constant width along the outline."""

    rgba: RGBA
    width: float
    """In art units."""
    cap: Literal["butt", "round", "square"]
    join: Literal["miter", "round", "bevel"]


def rgba_of(text: str, opacity: float, line: int) -> RGBA | None:
    """Straight RGBA in [0, 1]; None for `none`. Raises DrawingError."""
    import svgelements

    if text in ("none", "transparent"):
        return None
    try:
        colour = svgelements.Color(text)
        rgba = (colour.red, colour.green, colour.blue, colour.alpha)
    except (ValueError, TypeError, AttributeError):
        rgba = (None,) * 4
    # What the library does not know, it takes for black.
    known = _WELL_FORMED.fullmatch(text.lower()) or (text.isalpha() and any(rgba[:3]))
    if not known or any(part is None for part in rgba):
        raise DrawingError(f"{text!r} is no colour", line)
    red, green, blue, alpha = (float(part) / 255 for part in rgba)
    return red, green, blue, alpha * opacity


def stroke_of(style: Mapping[str, str], opacity: float, matrix: Any, line: int) -> Stroke | None:
    """The stroke, widened as `matrix` widens; raises DrawingError."""
    text = style.get("stroke", "none").strip()
    if text.startswith("url("):
        raise DrawingError("a stroke with a gradient is not drawn; give it a colour", line)
    written = style.get("stroke-width", "1")
    if written.strip().endswith("%"):
        raise DrawingError("a stroke's width in percent is not drawn; write units", line)
    width = _share(written, line)
    opacity *= min(1.0, max(0.0, _share(style.get("stroke-opacity", "1"), line)))
    rgba = rgba_of(text, opacity, line)
    if rgba is None or width <= 0:
        return None
    width *= float(abs(matrix.a * matrix.d - matrix.b * matrix.c)) ** 0.5
    cap, join = style.get("stroke-linecap", "butt"), style.get("stroke-linejoin", "miter")
    return Stroke(
        rgba,
        width,
        cap if cap in ("round", "square") else "butt",  # type: ignore[arg-type]
        join if join in ("round", "bevel") else "miter",  # type: ignore[arg-type]
    )


def gradient_of(
    given: Mapping[str, str],
    stops: Sequence[Mapping[str, str]],
    opacity: float,
    points: F64,
    matrix: Any,
    line: int,
) -> Gradient | RGBA | None:
    """A gradient as it lies on a shape with these `points`; raises DrawingError.

    One stop is a plain colour. A radial gradient's focus is taken for its centre.
    """
    if given.get("href") or given.get("xlink:href"):
        raise DrawingError("a gradient that refers to another is not drawn; write its stops", line)
    colours: list[tuple[float, RGBA]] = []
    for stop in stops:
        place = _share(stop.get("offset", "0"), line)
        shade = rgba_of(
            stop.get("stop-color", "black"),
            opacity * min(1.0, max(0.0, _share(stop.get("stop-opacity", "1"), line))),
            line,
        )
        place = min(1.0, max(place, colours[-1][0] if colours else 0.0))
        colours.append((place, shade or (0, 0, 0, 0)))
    if not colours:
        return None
    if len(colours) == 1:
        return colours[0][1]
    linear = given[""] == "linearGradient"
    if linear:
        names, usual = ("x1", "y1", "x2", "y2"), ("0%", "0%", "100%", "0%")
    else:
        names, usual = ("cx", "cy", "r", "r"), ("50%", "50%", "50%", "50%")
    own = given.get("gradientUnits") == "userSpaceOnUse"
    a, b, c, d = (_share(given.get(n, u), line) for n, u in zip(names, usual, strict=True))
    ends = np.array([[a, b], [c, d]]) if linear else np.array([[a, b], [a + c, b]])
    if own and any(given.get(name, "").strip().endswith("%") for name in names):
        raise DrawingError("a gradient in percent of the page is not drawn; write units", line)
    ends = _moved(ends, given, matrix if own else None, points, line)
    if not (np.abs(ends) <= FARTHEST).all():
        raise DrawingError(f"a gradient reaches more than {FARTHEST:g} units away", line)
    return Gradient("linear" if linear else "radial", ends, tuple(colours))


def _moved(ends: F64, given: Mapping[str, str], matrix: Any, points: F64, line: int) -> F64:
    if "gradientTransform" in given:
        ends = _by(matrix_of(given["gradientTransform"], line), ends)
    if matrix is None:
        low, high = points.min(0), points.max(0)
        inside: F64 = low + ends * (high - low)
        return inside
    return _by(matrix, ends)


def _by(matrix: Any, xy: F64) -> F64:
    turn = np.array([[matrix.a, matrix.c], [matrix.b, matrix.d]], float)
    moved: F64 = xy @ turn.T + np.array([matrix.e, matrix.f], float)
    return moved


def _share(text: str, line: int) -> float:
    text = text.strip()
    try:
        found = float(text[:-1]) / 100 if text.endswith("%") else float(text.removesuffix("px"))
    except ValueError:
        raise DrawingError(f"{text[:30]!r} is no plain number", line) from None
    if not abs(found) <= FARTHEST:
        raise DrawingError(f"{text[:30]!r} is no number that can be meant", line)
    return found
