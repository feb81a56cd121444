"""Numbers in an SVG, and what is said where they make no sense."""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["FARTHEST", "NUMBER", "DrawingError", "matrix_of"]

FARTHEST: Final = 1e6
"""Art units from the origin beyond which nothing can be meant."""
NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_MOVE: Final = re.compile(r"\s*([A-Za-z]+)\s*\(([^()]*)\)\s*,?")
_MOVES: Final = {
    "matrix": (6,), "translate": (1, 2), "scale": (1, 2), "rotate": (1, 3), "skewX": (1,),
    "skewY": (1,),
}  # fmt: skip
"""Transforms, and how many numbers they take."""


class DrawingError(Exception):
    """Why a drawing cannot be used, and the line of the file (0 where it has none)."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


def matrix_of(text: str, line: int) -> Any:
    """The matrix of a `transform`; raises DrawingError."""
    import svgelements

    at = 0
    while at < len(text.rstrip()):
        found = _MOVE.match(text, at)
        numbers = re.split(r"[\s,]+", found[2].strip()) if found else []
        if (
            found is None
            or len(numbers) not in _MOVES.get(found[1], ())
            or not all(re.fullmatch(NUMBER, number) for number in numbers)
        ):
            raise DrawingError(f"the transform {text[:60]!r} cannot be understood", line)
        at = found.end()
    return svgelements.Matrix(text)
