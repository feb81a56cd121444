"""The outline of one SVG shape as cubic Béziers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from vtdrive.render.drawing_numbers import FARTHEST, NUMBER

__all__ = ["Contour", "contours_of"]

F64 = npt.NDArray[np.float64]
MOST_POINTS: Final = 60_000
_ROUND: Final = 0.5522847498
"""Length of the handles that make a quarter of a circle out of a cubic."""


_PLAIN: Final = re.compile(rf"\s*({NUMBER})(?:px)?\s*")
_LENGTHS: Final = frozenset(
    {"x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "x1", "y1", "x2", "y2"}
)


class Contour(NamedTuple):
    """Where one contour lies in the points of its shape."""

    start: int
    segments: int
    """Cubic ones; the contour has 1 + 3 · segments points."""
    closed: bool


class _Tracer:
    """Gathers the points of a path, contour by contour."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self.contours: list[Contour] = []
        self._begin = 0

    def move(self, segment: Any) -> None:
        self.end(closed=False)
        self.points.append(_xy(segment.end))

    def close(self, _: Any) -> None:
        if self._begin >= len(self.points):
            return
        start = self.points[self._begin]
        if _apart(self.points[-1], start):
            self.points += _line(self.points[-1], start)
        self.end(closed=True)
        # What follows without a move of its own begins there.
        self.points.append(start)

    def line(self, segment: Any) -> None:
        self.points += _line(self.points[-1], _xy(segment.end))

    def quadratic(self, segment: Any) -> None:
        a, c, b = self.points[-1], _xy(segment.control), _xy(segment.end)
        self.points += [_between(a, c, 2 / 3), _between(b, c, 2 / 3), b]

    def cubic(self, segment: Any) -> None:
        self.points += [_xy(segment.control1), _xy(segment.control2), _xy(segment.end)]

    def end(self, *, closed: bool) -> None:
        segments = (len(self.points) - self._begin - 1) // 3
        if segments > 0:
            self.contours.append(Contour(self._begin, segments, closed))
        else:
            del self.points[self._begin :]
        self._begin = len(self.points)


_TRACED: Final = {
    "Move": _Tracer.move,
    "Close": _Tracer.close,
    "Line": _Tracer.line,
    "QuadraticBezier": _Tracer.quadratic,
    "CubicBezier": _Tracer.cubic,
}


def contours_of(tag: str, given: Mapping[str, str], matrix: Any) -> tuple[F64, tuple[Contour, ...]]:
    """(N, 2) points and the contours of an element, moved by `matrix`.

    Raises ValueError where it makes no sense.
    """
    import svgelements

    try:
        return _traced(svgelements, tag, given, matrix)
    except ValueError as fault:
        raise ValueError(str(fault) or "its numbers or letters make no sense") from None
    except Exception as fault:  # the library's parser fails in many ways on broken text
        raise ValueError(
            f"its numbers or letters make no sense ({type(fault).__name__})"
        ) from fault


def _traced(
    svgelements: Any, tag: str, given: Mapping[str, str], matrix: Any
) -> tuple[F64, tuple[Contour, ...]]:
    path = abs(svgelements.Path(_element(tag, given)) * matrix)
    path.approximate_arcs_with_cubics()
    tracer = _Tracer()
    for segment in path:
        _TRACED[type(segment).__name__](tracer, segment)
    tracer.end(closed=False)
    if len(tracer.points) > MOST_POINTS:
        raise ValueError(f"it has more than {MOST_POINTS} points")
    array = np.array(tracer.points, float).reshape(-1, 2)
    if not (np.abs(array) <= FARTHEST).all():
        raise ValueError(f"it has points more than {FARTHEST:g} units away")
    return array, tuple(tracer.contours)


def _element(tag: str, given: Mapping[str, str]) -> Any:
    import svgelements

    plain = {k: v for k, v in given.items() if k not in ("transform", "id", "style")}
    if tag != "path":
        plain |= {k: _length(k, v) for k, v in plain.items() if k in _LENGTHS and v != "auto"}
    if tag in ("polygon", "polyline"):
        numbers = re.split(r"[\s,]+", plain.get("points", "").strip(" \t\r\n,"))
        if numbers != [""] and (
            len(numbers) % 2 or not all(re.fullmatch(NUMBER, number) for number in numbers)
        ):
            raise ValueError("its points are no pairs of numbers")
    if tag == "path":
        return plain.get("d", "")
    if tag in ("circle", "ellipse"):
        return _oval(plain)
    made = {
        "rect": svgelements.Rect,
        "polygon": svgelements.Polygon,
        "polyline": svgelements.Polyline,
        "line": svgelements.SimpleLine,
    }[tag]
    return made(plain)


def _length(key: str, text: str) -> str:
    found = _PLAIN.fullmatch(text)
    if found is None:
        raise ValueError(f"{key} {text[:30]!r} is no plain number; write it without mm or %")
    return found[1]


def _oval(given: Mapping[str, str]) -> str:
    """A circle or ellipse as four cubics, where arcs would become twelve."""
    import svgelements

    x, y, rx, ry = (
        float(svgelements.Length(given.get(name, given.get("r", "0") if name[0] == "r" else "0")))
        for name in ("cx", "cy", "rx", "ry")
    )
    if rx <= 0 or ry <= 0:
        return ""
    a, b = rx * _ROUND, ry * _ROUND
    return (
        f"M{x + rx} {y}C{x + rx} {y + b} {x + a} {y + ry} {x} {y + ry}"
        f"C{x - a} {y + ry} {x - rx} {y + b} {x - rx} {y}"
        f"C{x - rx} {y - b} {x - a} {y - ry} {x} {y - ry}"
        f"C{x + a} {y - ry} {x + rx} {y - b} {x + rx} {y}Z"
    )


def _xy(point: Any) -> tuple[float, float]:
    return float(point.x), float(point.y)


def _between(a: tuple[float, float], b: tuple[float, float], share: float) -> tuple[float, float]:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _line(a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
    return [_between(a, b, 1 / 3), _between(a, b, 2 / 3), b]


def _apart(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return abs(a[0] - b[0]) + abs(a[1] - b[1]) > 1e-9
