"""The chart of fairness by brightness, as SVG text: false anger and accuracy in each bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["chart"]

_WIDTH, _HEIGHT = 760, 300
_PANEL = (290, 180)
_TOP, _LEFT, _GAP = 60, 60, 90
_INK, _FAINT = "#222222", "#cccccc"
_LINES = (("#0b62a4", ""), ("#c1440e", "6 4"))
"""Colour and dashes of the shipped model, then of the other; told apart without colour, too."""

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Panel:
    """One diagram: where it lies, and what its ends mean."""

    x0: float
    lo: float
    hi: float
    first: float
    last: float

    def x(self, skin: float) -> float:
        return self.x0 + _PANEL[0] * (skin - self.first) / (self.last - self.first)

    def y(self, share: float) -> float:
        return _TOP + _PANEL[1] * (1 - (share - self.lo) / (self.hi - self.lo))


def chart(found: Figures) -> str:
    """The figures of `vtdrive eval fairness` drawn; a whole SVG file."""
    ways = [("as shipped", found["shipped"])]
    if found["without_normalisation"] is not None:
        ways.append(("one mean and spread for all faces", found["without_normalisation"]))
    skins = [row["skin"] for row in found["shipped"]["bins"]]
    highest = max(row["false_anger_interval"][1] for _, way in ways for row in way["bins"])
    lowest = min(row["accuracy"] for _, way in ways for row in way["bins"])
    anger = _Panel(_LEFT, 0.0, _up(highest), skins[0], skins[-1])
    right = _Panel(_LEFT + _PANEL[0] + _GAP, _down(lowest), 1.0, skins[0], skins[-1])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12"'
        f' fill="{_INK}" role="img">',
        "<title>False anger and accuracy by mean grey of the skin</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        *_axes(anger, "false anger (bars: 95 % interval)", skins),
        *_axes(right, "accuracy", skins),
    ]
    for number, (name, way) in enumerate(ways):
        colour, dashes = _LINES[number]
        parts += _line(anger, way, "false_anger", colour=colour, dashes=dashes, shift=3 * number)
        parts += _line(right, way, "accuracy", colour=colour, dashes=dashes, shift=0)
        x = _LEFT + 170 * number
        parts.append(
            f'<path d="M{x} 20h30" stroke="{colour}" stroke-width="2"'
            f' stroke-dasharray="{dashes or "none"}"/>'
        )
        parts.append(f'<text x="{x + 36}" y="24">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(panel: _Panel, title: str, skins: Sequence[float]) -> list[str]:
    end, foot = panel.x0 + _PANEL[0], _TOP + _PANEL[1]
    out = [f'<text x="{panel.x0}" y="{_TOP - 10}" font-weight="bold">{escape(title)}</text>']
    for k in range(5):
        share = panel.lo + (panel.hi - panel.lo) * k / 4
        y = panel.y(share)
        out.append(f'<path d="M{panel.x0} {y:.1f}H{end}" stroke="{_FAINT}"/>')
        out.append(
            f'<text x="{panel.x0 - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.3g} %</text>'
        )
    out += [
        f'<text x="{panel.x(skin):.1f}" y="{foot + 18}" text-anchor="middle">{skin:.0f}</text>'
        for skin in skins
    ]
    middle = panel.x0 + _PANEL[0] / 2
    out.append(
        f'<text x="{middle}" y="{foot + 38}" text-anchor="middle">'
        "mean grey of the skin, of 255</text>"
    )
    return out


def _line(
    panel: _Panel, way: Figures, key: str, *, colour: str, dashes: str, shift: float
) -> list[str]:
    points = [(panel.x(row["skin"]) + shift, panel.y(row[key])) for row in way["bins"]]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    out = [
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"'
        f' stroke-dasharray="{dashes or "none"}"/>'
    ]
    out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    for (x, _), row in zip(points, way["bins"], strict=True):
        if key == "false_anger":
            lo, hi = (panel.y(share) for share in row["false_anger_interval"])
            out.append(f'<path d="M{x:.1f} {lo:.1f}V{hi:.1f}" stroke="{colour}"/>')
    return out


def _up(share: float) -> float:
    """The end of an axis from 0: the next of a few round numbers."""
    return next((end for end in (0.02, 0.04, 0.08, 0.12, 0.2, 0.4) if end >= share), 1.0)


def _down(share: float) -> float:
    """The start of an axis to 1."""
    return next((start for start in (0.8, 0.6, 0.4, 0.2) if start <= share), 0.0)
