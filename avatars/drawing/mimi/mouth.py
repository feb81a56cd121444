"""The mouth: one function of all that it does, drawn at rest and in its key poses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from avatars.drawing.mimi import palette as p
from avatars.drawing.pen import Curve, line, mix, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["FORMS", "OPENS", "Lips", "draw_mouth", "draw_mouth_keys"]

MOUTH = 500 + 645j
REST_FORM = 0.1
"""`mouth_form` when nothing is felt."""
FORMS = (-1.0, 0.0, 1.0)
OPENS = (0.0, 0.5, 1.0)
_ALONG = (-1.0, -0.7, -0.36, 0.0, 0.36, 0.7, 1.0)


@dataclass(frozen=True, slots=True)
class Lips:
    """What the mouth does; all 0 at rest."""

    form: float = 0.0
    open: float = 0.0
    wide: float = 0.0
    aside: float = 0.0
    wave: float = 0.0
    press: float = 0.0
    teeth: float = 0.0

    @property
    def half(self) -> float:
        """Half its width."""
        grin, frown = max(self.form, 0.0), max(-self.form, 0.0)
        shut = 34 + 19 * grin
        gape = 40 + 26 * grin + 4 * frown
        half = shut + (gape - shut) * min(self.open, 1.0)
        more = 0.36 if self.wide > 0 else 0.32
        return half * (1 + more * self.wide) * (1 - 0.22 * self.press)

    @property
    def height(self) -> float:
        grin, frown = max(self.form, 0.0), max(-self.form, 0.0)
        return self.open * (74 + 2 * grin - 8 * frown - 14 * max(self.wide, 0.0))

    def edges(self) -> tuple[list[complex], list[complex]]:
        """The upper and the lower lip's edge, from her right to her left; ends in common."""
        grin, frown = max(self.form, 0.0), max(-self.form, 0.0)
        top, low = [], []
        for i, u in enumerate(_ALONG):
            shut = grin * (9 - 20 * u * u) + frown * (-10 + 19 * u * u) + 5.0 * (1 - u * u) - 2.0
            sway = self.wave * (7.0 * (-1) ** i if abs(u) < 1 else 0.0)
            smirk = -self.aside * (
                11 * u + 7 * max(self.aside * u, 0.0) ** 2 * (1 if self.aside > 0 else -1)
            )
            pout = self.press * (-7 + 12 * u * u)
            y = shut + sway + smirk + pout
            lift = self.open * (-9 - 4 * frown) + self.open * grin * (-2 + 4 * u * u)
            round_ = (1 - abs(u) ** 2.2) ** 0.62
            boxy = (1 - abs(u) ** 5) ** 0.5
            under = round_ + (boxy - round_) * frown * 0.7
            arch = self.open * frown * (0.62 * self.height + 8) * abs(u) ** 2.6
            arch += self.open * (1 - grin) * (1 - frown) * (0.32 * self.height) * abs(u) ** 2.5
            if self.wide < 0:
                arch -= min(self.open * 1.6, 1.0) * self.wide * 0.3 * self.height * u * u
                lift += min(self.open * 1.6, 1.0) * self.wide * 8 * (1 - u * u)
            x = self.half * u * (1 - 0.16 * frown * self.open * (1 - abs(u)))
            x += self.aside * 9
            flat = 1 - min(self.open * 1.2, 1.0) * 0.55
            roof = y * flat + lift + arch
            floor = y * flat + lift + arch * abs(u) ** 2 + self.height * under
            top.append(complex(x, roof))
            low.append(complex(x, max(floor, roof) + 0.6 * (1 - u * u)))
        low[0], low[-1] = top[0], top[-1]
        return top, low


def inside(lips: Lips) -> list[Curve]:
    top, low = lips.edges()
    return [through(*top, *low[-2:0:-1], closed=True, corners=(0, len(top) - 1))]


def upper_line(lips: Lips) -> list[Curve]:
    top, _ = lips.edges()
    tick = max(lips.form, 0.0) * (1 - 0.4 * lips.open)
    ends = [top[0] - 3 - 3j * tick, *top[1:-1], top[-1] + 3 - 3j * tick]
    return [line(through(*ends), 7.4, taper(0.22, 0.22, blunt=0.45), count=8)]


def lower_line(lips: Lips) -> list[Curve]:
    _, low = lips.edges()
    part = through(*low).part(0.04 + 0.1 * (1 - lips.open), 0.96 - 0.1 * (1 - lips.open), 6)
    return [line(part, 6.0, taper(0.3, 0.3, blunt=0.2), count=6)]


def upper_teeth(lips: Lips) -> list[Curve]:
    """A band under the upper lip, and one pointed tooth."""
    top, _ = lips.edges()
    much = (0.8 * max(lips.form, 0.0) + lips.teeth) * min(lips.open * 3, 1.0)
    deep = 19 * min(much, 1.2)
    low = [z + 1j * deep * (1 - 0.35 * abs(u)) for z, u in zip(top, _ALONG, strict=True)]
    high = [z - 4j for z in top]
    band = through(*high, *reversed(low), closed=True, corners=(0, 6, 7, 13))
    a, b = low[4] - 3j - 7, low[5] - 3j - 3
    tip = (a + b) / 2 + 1 + 1j * (6 + 0.75 * deep) * min(much * 2, 1.0)
    fang = through(a, tip, b, closed=True, corners=(0, 1, 2))
    return [band, fang]


def tongue(lips: Lips) -> list[Curve]:
    """Low in the open mouth."""
    _, low = lips.edges()
    floor = low[3].imag
    half = lips.half * 0.62
    high = floor - 0.42 * lips.height
    x = low[3].real - 2
    return [
        through(
            complex(x - half, floor + 8), complex(x - half * 0.6, high + 4), complex(x, high + 2),
            complex(x + half * 0.6, high + 2), complex(x + half, floor + 8), complex(x, floor + 20),
            closed=True,
        )
    ]  # fmt: skip


def tongue_out(lips: Lips) -> list[Curve]:
    """The tip of the tongue over the lower lip."""
    _, low = lips.edges()
    at = (low[3] + low[4]) / 2 - 1j * (2 + 0.25 * lips.height)
    long = 27 + 0.25 * lips.height
    edge = through(
        at - 17, at - 18 + 0.5j * long, at - 9 + 0.95j * long, at + 6 + 1j * long,
        at + 17 + 0.7j * long, at + 17,
    )  # fmt: skip
    return [
        edge.shut(),
        line(edge, 5, taper(0.15, 0.15, blunt=0.3), count=5),
        line(through(at + 1 + 4j, at + 2 + 0.6j * long), 3.8, taper(0.1, 0.7), count=2),
    ]


_INKS: dict[str, tuple[Callable[[Lips], list[Curve]], tuple[str, ...]]] = {
    "mouth": (inside, (p.MOUTH,)),
    "tongue": (tongue, (p.TONGUE,)),
    "teeth": (upper_teeth, (p.TOOTH,)),
    "lip_low": (lower_line, (p.LIPS,)),
    "lip_up": (upper_line, (p.LIPS,)),
    "tongue_out": (tongue_out, (p.TONGUE, p.LIPS, p.LIPS)),
}
_OPEN_EXTRAS = {"wide": ("wide", 1.0), "narrow": ("wide", -1.0)}
_EXTRAS = {
    "aside": ("aside", 1.0),
    "across": ("aside", -1.0),
    "wave": ("wave", 1.0),
    "pout": ("press", 1.0),
    "rolled": ("press", -1.0),
}


def _put(sheet: Sheet, part: str, curves: list[Curve]) -> None:
    colours = _INKS[part][1]
    placed = [curve.moved(MOUTH) for curve in curves]
    if len(colours) == 1:
        sheet.fill(placed, colours[0])
        return
    for curve, colour in zip(placed, colours, strict=True):
        sheet.fill(curve, colour)


def draw_mouth(sheet: Sheet) -> None:
    for part, (make, _) in _INKS.items():
        with sheet.group(part):
            _put(sheet, part, _rest(make))


def _rest(make: Callable[[Lips], list[Curve]]) -> list[Curve]:
    """Between the key drawings as far as the mouth at rest is."""
    pairs = zip(make(Lips()), make(Lips(form=1.0)), strict=True)
    return [mix(a, b, REST_FORM) for a, b in pairs]


def _changed(make: Callable[[Lips], list[Curve]], before: Lips, after: Lips) -> list[Curve]:
    """The drawing at rest, with what changes from `before` to `after` put on it."""
    drawn = zip(_rest(make), make(before), make(after), strict=True)
    return [
        Curve(
            tuple(r + b - a for r, a, b in zip(x.points, y.points, z.points, strict=True)), x.closed
        )
        for x, y, z in drawn
    ]


def draw_mouth_keys(sheet: Sheet) -> None:
    """`PART_f…_o…` (form, open); `PART_EXTRA_o…` and `PART_EXTRA`, changes put on the drawing at
    rest."""
    for part, (make, _) in _INKS.items():
        for f, o in product(FORMS, OPENS):
            with sheet.key(f"{part}_f{f:g}_o{o:g}"):
                _put(sheet, part, make(Lips(form=f, open=o)))
        for name, (field, value) in _OPEN_EXTRAS.items():
            for o in OPENS:
                with sheet.key(f"{part}_{name}_o{o:g}"):
                    after = Lips(**{"open": o, field: value})
                    _put(sheet, part, _changed(make, Lips(open=o), after))
        for name, (field, value) in _EXTRAS.items():
            with sheet.key(f"{part}_{name}"):
                _put(sheet, part, _changed(make, Lips(), Lips(**{field: value})))
        if part == "teeth":
            for o in OPENS[1:]:
                with sheet.key(f"teeth_shown_o{o:g}"):
                    _put(sheet, part, _changed(make, Lips(open=o), Lips(open=o, teeth=1.0)))
