"""An SVG of plain groups, paths and gradients: what the avatars' format reads, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import quoteattr

from avatars.drawing.pen import Curve

__all__ = ["Sheet"]

Stop = tuple[float, str] | tuple[float, str, float]
"""Where (0..1), colour, opacity."""


class Sheet:
    """A drawing of `width` by `height` art units. What is drawn later lies on top."""

    def __init__(self, width: int, height: int) -> None:
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}">'
        )
        self._defs: list[str] = []
        self._keys: list[str] = []
        self._lines: list[str] = []
        self._deep = 1
        self.cubics: dict[str, int] = {}
        """How many cubics each outermost group holds."""
        self._open: list[str] = []

    @contextmanager
    def group(self, name: str, *, opacity: float = 1.0, hidden: bool = False) -> Iterator[None]:
        """What is drawn inside becomes the group `name`. `hidden`: other programs do not show it;
        for key drawings, which would lie over the drawing at rest."""
        hide = "none" if hidden else None
        self._put(f"<g{_words(id=name, opacity=_opaque(opacity), display=hide)}>")
        self._open.append(name)
        self._deep += 1
        yield
        self._deep -= 1
        self._open.pop()
        self._put("</g>")

    @contextmanager
    def key(self, name: str) -> Iterator[None]:
        """What is drawn inside becomes the group `name`, unseen where it stands: a key drawing that
        a part changes into."""
        lines, deep, held = self._lines, self._deep, self._open
        self._lines, self._deep, self._open = self._keys, 2, []
        self._put(f"<g{_words(id=name)}>")
        self._deep = 3
        yield
        self._deep = 2
        self._put("</g>")
        self._lines, self._deep, self._open = lines, deep, held

    def fill(self, shape: Curve | Sequence[Curve], colour: str, *, opacity: float = 1.0) -> None:
        """One path filled with a colour (`#rrggbb`) or a gradient's name. Several curves make one
        path; where they overlap it is filled too."""
        curves = [shape] if isinstance(shape, Curve) else list(shape)
        if self._open:
            first = self._open[0]
            self.cubics[first] = self.cubics.get(first, 0) + sum(c.count for c in curves)
        words = _words(
            d=" ".join(curve.d() for curve in curves),
            fill=colour if colour.startswith("#") else f"url(#{colour})",
            fill_opacity=_opaque(opacity),
        )
        self._put(f"<path{words}/>")

    def stroke(self, way: Curve, colour: str, width: float, *, opacity: float = 1.0) -> None:
        """A line of even width with round ends; `pen.line` makes better ones."""
        if self._open:
            self.cubics[self._open[0]] = self.cubics.get(self._open[0], 0) + way.count
        words = _words(
            d=way.d(),
            fill="none",
            stroke=colour,
            stroke_width=f"{width:g}",
            stroke_linecap="round",
            stroke_linejoin="round",
            stroke_opacity=_opaque(opacity),
        )
        self._put(f"<path{words}/>")

    def linear(self, name: str, start: complex, end: complex, *stops: Stop) -> str:
        """Define a gradient from one point to another; returns its name."""
        where = _words(
            id=name, x1=_n(start.real), y1=_n(start.imag), x2=_n(end.real), y2=_n(end.imag)
        )
        self._gradient("linearGradient", where, stops)
        return name

    def radial(self, name: str, centre: complex, radius: float, *stops: Stop) -> str:
        """Define a gradient from a point outwards; returns its name."""
        where = _words(id=name, cx=_n(centre.real), cy=_n(centre.imag), r=_n(radius))
        self._gradient("radialGradient", where, stops)
        return name

    def text(self) -> str:
        """The whole file."""
        unseen = [*self._defs, *self._keys]
        defs = ["  <defs>", *unseen, "  </defs>"] if unseen else []
        return "\n".join([self._head, *defs, *self._lines, "</svg>"]) + "\n"

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text(), encoding="utf-8", newline="\n")

    def _put(self, line: str) -> None:
        self._lines.append("  " * self._deep + line)

    def _gradient(self, kind: str, where: str, stops: Sequence[Stop]) -> None:
        self._defs.append(f'    <{kind}{where} gradientUnits="userSpaceOnUse">')
        for stop in stops:
            words = _words(
                offset=_n(stop[0]),
                stop_color=stop[1],
                stop_opacity=_opaque(stop[2]) if len(stop) == 3 else None,
            )
            self._defs.append(f"      <stop{words}/>")
        self._defs.append(f"    </{kind}>")


def _opaque(share: float) -> str | None:
    return None if share == 1 else _n(share)


def _n(value: float) -> str:
    return f"{round(value, 3) + 0.0:g}"


def _words(**given: str | None) -> str:
    return "".join(
        f" {name.replace('_', '-')}={quoteattr(value)}"
        for name, value in given.items()
        if value is not None
    )
