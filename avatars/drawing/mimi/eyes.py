"""Eyes and brows, for her left (on the right of the picture) and mirrored for her right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from avatars.drawing.mimi import palette as p
from avatars.drawing.pen import Curve, egg, line, lock, mirrored, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["BROW_FORMS", "OPEN_KEYS", "Lids", "draw_brow", "draw_eye", "draw_eye_keys"]

EYE = 605 + 524j
"""The middle of her left eye."""
OPEN_KEYS = (0.0, 0.5, 1.0, 1.3)
BROW_FORMS = (-1.0, 1.0)

_INNER, _OUTER = -52 + 8j, 59 - 8j
_UPPER = (-45 - 23j, -23 - 47j, 9 - 57j, 41 - 43j)
_LOWER = (54 + 22j, 36 + 48j, 4 + 57j, -27 + 50j, -45 + 33j)
_SHUT = (-54 + 16j, -38 + 28j, -16 + 36j, 10 + 38j, 37 + 29j, 60 + 8j)
_ARCH = (-52 + 31j, -42 + 12j, -20 - 5j, 8 - 11j, 36 + 2j, 57 + 28j)


@dataclass(frozen=True, slots=True)
class Lids:
    """Where the lids are. 0 for all but `open` at rest."""

    open: float = 1.0
    smile: float = 0.0
    low: float = 0.0
    """The lower lid raised."""
    stern: float = 0.0
    """The upper lid straight, low at its inner end."""
    sad: float = 0.0
    """The upper lid low at its outer end."""
    flat: float = 0.0
    """The upper lid a level line."""

    def upper(self) -> list[complex]:
        """Six points of the upper lid's edge, from the inner corner to the outer."""
        shut = [a + (b - a) * self.smile for a, b in zip(_SHUT, _ARCH, strict=True)]
        wide = [_INNER, *_UPPER, _OUTER]
        o = min(self.open, 1.0)
        lids = [a + (b - a) * o for a, b in zip(shut, wide, strict=True)]
        lift = max(self.open - 1.0, 0.0)
        rise = (0.0, 20.0, 32.0, 34.0, 28.0, 8.0)
        lids = [z - 1j * lift * r for z, r in zip(lids, rise, strict=True)]
        drops = (
            (self.stern, (2.0, 30.0, 32.0, 20.0, 2.0, -6.0)),
            (self.sad, (-6.0, -4.0, 2.0, 14.0, 26.0, 20.0)),
            (self.flat, (0.0, 12.0, 26.0, 30.0, 22.0, 4.0)),
        )
        for much, by in drops:
            lids = [z + 1j * much * o * d for z, d in zip(lids, by, strict=True)]
        return lids

    def lower(self) -> list[complex]:
        """Five points of the lower lid's edge, from the outer side to the inner."""
        o = min(max(self.open, 0.0), 1.0)
        lids = self.upper()
        shut = [lids[i] + 0.5j for i in (4, 4, 3, 2, 1)]
        shut[0] = (lids[4] + 2 * lids[5]) / 3 + 0.5j
        up = (self.smile * 22 + self.low * 30) * 1j
        raised = [z - up * r for z, r in zip(_LOWER, (0.7, 1.0, 1.0, 0.9, 0.6), strict=True)]
        drop = max(self.open - 1.0, 0.0) * 18j
        return [a + (b + drop - a) * (o**0.5) for a, b in zip(shut, raised, strict=True)]


def white(lids: Lids) -> Curve:
    upper = lids.upper()
    return through(*upper, *lids.lower(), closed=True, corners=(0, 5))


def lash(lids: Lids) -> list[Curve]:
    """The upper lash with its wing, and two small ones on it."""
    upper = lids.upper()
    closing = 1 - min(lids.open, 1.0)
    up = closing * lids.smile
    start = upper[0] + (-3 + 4j) * (1 - closing)
    end = upper[5] + (9 + 8j) * (1 - closing) + (6 - 3j) * (closing - up) + (4 + 6j) * up
    way = through(start, *upper[1:5], (upper[4] + 2 * upper[5]) / 3 + (3 - 3j) * (1 - closing), end)
    main = line(way, 20.5 * (1 - 0.16 * closing), _lash_profile(closing), count=8, left=0.72)
    wings = []
    for share, reach, wide, shut in ((0.8, 32.0, -0.42, 0.9), (0.92, 27.0, -0.06, 0.55)):
        foot = way.at(way.stations([share])[0]) + (3 - 5j) * (1 - closing)
        level = wide + (shut - wide) * closing + 0.6 * up
        out = reach * (1 - 0.3 * closing - 0.62 * up) * complex(1, level) / abs(complex(1, level))
        side = out * -1j * 0.12
        thick = 12 * (1 - 0.25 * closing - 0.45 * up)
        bow = through(foot, foot + out * 0.5 - side, foot + out + side)
        wings.append(lock(bow, thick, root=1, belly=0.1, power=1.2, count=2))
    return [main, *wings]


def _lash_profile(closing: float) -> Callable[[float], float]:
    thin = taper(0.55, 0.34)
    even = taper(0.3, 0.25)

    def width(t: float) -> float:
        a = 0.12 * (1 - t) + 0.88 * thin(t)
        return a + (even(t) * 0.92 - a) * closing

    return width


def lower_lash(lids: Lids) -> list[Curve]:
    lower = lids.lower()
    way = through(lids.upper()[5] + 1 + 2j, *lower)
    return [line(way.part(0.06, 1.0, 6), 6.4, taper(0.3, 0.85, blunt=0.1), count=6, left=0.2)]


def crease(lids: Lids) -> list[Curve]:
    upper = lids.upper()
    o = min(lids.open, 1.3)
    gap = -(15 + 7 * o)
    spots = [upper[1] + 2 + 1j * gap, *(upper[i] + 1j * (gap - 2) for i in (2, 3, 4))]
    return [line(through(*spots), 4.2, taper(0.5, 0.4), count=4)]


def shade(lids: Lids) -> Curve:
    """The shadow of the upper lash on the white."""
    upper = lids.upper()
    deep = 17 * min(max(lids.open, 0.05), 1.0)
    low = [upper[5] + 1j * deep * 0.3, *(z + 1j * deep for z in upper[4:0:-1])]
    high = [z - 6j for z in upper]
    return through(*high, *low, closed=True, corners=(0, 5, 6))


_PARTS: dict[str, tuple[Callable[[Lids], Curve | list[Curve]], str]] = {
    "white": (white, p.WHITE),
    "lid_shade": (shade, p.WHITE_SHADE),
    "lower_lash": (lower_lash, p.LASH),
    "crease": (crease, p.CREASE),
    "lash": (lash, p.LASH),
}
REST = Lids()
_EXTRA = ("low", "stern", "sad", "flat")


def _curves(drawn: Curve | list[Curve]) -> list[Curve]:
    return [drawn] if isinstance(drawn, Curve) else drawn


def _placed(curve: Curve, side: str) -> Curve:
    put = curve.moved(EYE)
    return put if side == "l" else mirrored(put, 500)


def _lid(sheet: Sheet, part: str, side: str, lids: Lids) -> None:
    make, colour = _PARTS[part]
    sheet.fill([_placed(c, side) for c in _curves(make(lids))], colour)


def draw_eye(sheet: Sheet, side: str) -> None:
    """The parts of one eye (`side` l or r), in painting order."""
    for part in ("white",):
        with sheet.group(f"{part}_{side}"):
            _lid(sheet, part, side, REST)
    _iris(sheet, side)
    with sheet.group(f"wet_{side}"):
        pool = line(through(-46 + 34j, -24 + 44j, 4 + 50j, 34 + 42j, 54 + 22j), 17, count=5)
        sheet.fill(_placed(pool, side), "#dffaff", opacity=0.9)
    for part in ("lid_shade", "lower_lash", "crease", "lash"):
        with sheet.group(f"{part}_{side}"):
            _lid(sheet, part, side, REST)


def _iris(sheet: Sheet, side: str) -> None:
    eye = EYE if side == "l" else complex(1000 - EYE.real, EYE.imag)
    at = eye + (-1 if side == "l" else 1) - 1j
    with sheet.group(f"iris_{side}"):
        sheet.fill(egg(at, 43.5, 56), p.RIM)
        colour = sheet.linear(
            f"iris_colour_{side}",
            at - 48j,
            at + 53j,
            (0.08, p.IRIS_TOP),
            (0.48, p.IRIS),
            (1, p.IRIS_LOW),
        )
        sheet.fill(egg(at + 1j, 38.5, 50.5), colour)
        glow = egg(at + 30j, 26, 15, low=17)
        sheet.fill(glow, "#c9fff0", opacity=0.75)
        sheet.fill(egg(at + 1j, 17.5, 26), p.PUPIL)
        top = through(
            at - 39 - 10j, at - 32 - 40j, at - 55j, at + 32 - 40j, at + 39 - 10j, at - 20j,
            closed=True, corners=(0, 4),
        )  # fmt: skip
        sheet.fill(top, p.RIM, opacity=0.75)
    with sheet.group(f"spark_{side}"):
        sheet.fill(egg(at - 15 - 20j, 14, 17, tilt=18), p.SPARK)
        sheet.fill([egg(at + 17 + 26j, 8, 9.5), egg(at - 20 + 12j, 4, 5)], p.SPARK)


def draw_eye_keys(sheet: Sheet, side: str) -> None:
    """Key drawings `PART_SIDE_o…_s…` (open, smile), and `PART_SIDE_EXTRA`, of the open eye."""
    for part, (make, colour) in _PARTS.items():
        for o, s in product(OPEN_KEYS, (0, 1)):
            with sheet.key(f"{part}_{side}_o{o:g}_s{s}"):
                drawn = _curves(make(Lids(open=o, smile=s)))
                sheet.fill([_placed(c, side) for c in drawn], colour)
        for extra in _EXTRA:
            with sheet.key(f"{part}_{side}_{extra}"):
                drawn = _curves(make(Lids(**{extra: 1.0})))
                sheet.fill([_placed(c, side) for c in drawn], colour)


_BROW = (551 + 424j, 578 + 409j, 616 + 404j, 659 + 420j)
_BROW_LOW = (549 + 411j, 580 + 409j, 618 + 413j, 659 + 423j)
_BROW_HIGH = (551 + 428j, 578 + 402j, 618 + 393j, 658 + 418j)


def brow(form: float) -> Curve:
    """-1: straight and heavy, 1: a high arch."""
    other = _BROW_HIGH if form > 0 else _BROW_LOW
    spots = [a + (b - a) * abs(form) for a, b in zip(_BROW, other, strict=True)]
    return line(through(*spots), 15.5, taper(0.22, 0.75, blunt=0.12), count=5)


def draw_brow(sheet: Sheet, side: str) -> None:
    def put(form: float) -> Curve:
        return brow(form) if side == "l" else mirrored(brow(form), 500)

    with sheet.group(f"brow_{side}"):
        sheet.fill(put(0.0), p.BROW)
    for form in BROW_FORMS:
        with sheet.key(f"brow_{side}_f{form:g}"):
            sheet.fill(put(form), p.BROW)
