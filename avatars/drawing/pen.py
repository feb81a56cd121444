"""Pen and ink for drawing in code: curves, tapered lines, locks of hair, and an SVG of them.

Points are complex numbers: x to the right, y (the imaginary part) down, in art units. Everything is
made of cubic curves only, and a function given other numbers returns as many of them as before: key
drawings made by one function can be blended.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = [
    "Curve",
    "Profile",
    "bent",
    "blob",
    "circle",
    "egg",
    "line",
    "lock",
    "mirrored",
    "mix",
    "ring",
    "star",
    "straight",
    "taper",
    "through",
]

Profile = Callable[[float], float]
"""Width as a share of the widest, at a share of a line's length from 0 to 1."""

_KAPPA = 0.5522847498
_FINE = 24


@dataclass(frozen=True, slots=True)
class Curve:
    """A chain of n cubics: 3 n + 1 points, of which every third lies on the curve."""

    points: tuple[complex, ...]
    closed: bool = False

    @property
    def count(self) -> int:
        return (len(self.points) - 1) // 3

    def at(self, t: float) -> complex:
        """The point at t in 0..count; the whole part of t counts the cubics."""
        a, b, c, d, u = self._cubic(t)
        v = 1 - u
        return v * v * v * a + 3 * v * v * u * b + 3 * v * u * u * c + u * u * u * d

    def slope(self, t: float) -> complex:
        """The direction at t, of length 1."""
        a, b, c, d, u = self._cubic(t)
        v = 1 - u
        way = v * v * (b - a) + 2 * v * u * (c - b) + u * u * (d - c)
        if abs(way) < 1e-9:
            way = self.at(min(t + 1e-3, self.count)) - self.at(max(t - 1e-3, 0.0))
        return way / abs(way) if way else 1 + 0j

    def _cubic(self, t: float) -> tuple[complex, complex, complex, complex, float]:
        i = min(max(int(t), 0), self.count - 1)
        a, b, c, d = self.points[3 * i : 3 * i + 4]
        return a, b, c, d, t - i

    def stations(self, shares: Iterable[float]) -> list[float]:
        """The t of places given as shares of the length, which must rise."""
        ts = [i / _FINE for i in range(self.count * _FINE + 1)]
        spots = [self.at(t) for t in ts]
        run = [0.0]
        for a, b in pairwise(spots):
            run.append(run[-1] + abs(b - a))
        found, i = [], 0
        for share in shares:
            goal = min(max(share, 0.0), 1.0) * run[-1]
            while i < len(run) - 2 and run[i + 1] < goal:
                i += 1
            step = run[i + 1] - run[i]
            found.append(ts[i] + (ts[i + 1] - ts[i]) * ((goal - run[i]) / step if step else 0.0))
        return found

    def part(self, start: float, end: float, count: int = 4) -> Curve:
        """The stretch between two shares of the length, as `count` cubics. Of a closed curve, the
        stretch may run over its seam: from 0.8 to 1.2."""
        shares = [start + (end - start) * i / count for i in range(count + 1)]
        turned = [share % 1.0 if self.closed else share for share in shares]
        order = sorted(range(len(turned)), key=lambda i: turned[i])
        found = self.stations(turned[i] for i in order)
        ts = [0.0] * len(turned)
        for i, t in zip(order, found, strict=True):
            ts[i] = t
        spots = [self.at(t) for t in ts]
        ways = [self.slope(t) for t in ts]
        points = [spots[0]]
        for i in range(count):
            reach = _reach(spots[i], spots[i + 1], ways[i], ways[i + 1])
            points += [spots[i] + ways[i] * reach, spots[i + 1] - ways[i + 1] * reach, spots[i + 1]]
        return Curve(tuple(points))

    def between(self, start: int, end: int) -> Curve:
        """The cubics from number `start` up to, not including, number `end`."""
        return Curve(self.points[3 * start : 3 * end + 1])

    def pieces(self, corners: Sequence[int]) -> list[Curve]:
        """A closed curve cut at these of its joints, which rise; the last piece runs over the
        seam."""
        ring = Curve(self.points + self.points[1:])
        ends = [*corners[1:], corners[0] + self.count]
        return [ring.between(a, b) for a, b in zip(corners, ends, strict=True)]

    def mapped(self, how: Callable[[complex], complex]) -> Curve:
        return Curve(tuple(how(z) for z in self.points), self.closed)

    def moved(self, by: complex) -> Curve:
        return self.mapped(lambda z: z + by)

    def turned(self, deg: float, about: complex = 0j) -> Curve:
        spin = cmath.rect(1.0, math.radians(deg))
        return self.mapped(lambda z: about + (z - about) * spin)

    def scaled(self, x: float, y: float | None = None, about: complex = 0j) -> Curve:
        high = x if y is None else y
        return self.mapped(lambda z: about + complex((z - about).real * x, (z - about).imag * high))

    def backwards(self) -> Curve:
        return Curve(self.points[::-1], self.closed)

    def then(self, *others: Curve, close: bool = False) -> Curve:
        """This curve, then others; gaps between them become straight cubics."""
        points = list(self.points)
        for other in others:
            if abs(other.points[0] - points[-1]) > 1e-6:
                points += straight(points[-1], other.points[0]).points[1:]
            points += other.points[1:]
        if close and abs(points[0] - points[-1]) > 1e-6:
            points += straight(points[-1], points[0]).points[1:]
        return Curve(tuple(points), close)

    def shut(self) -> Curve:
        """Closed by a straight cubic where it is open."""
        return self.then(close=True)

    def d(self) -> str:
        """The value of a path's `d`, to a tenth of a unit."""
        words = [f"M{_number(self.points[0])}"]
        for i in range(self.count):
            words.append("C" + " ".join(_number(z) for z in self.points[3 * i + 1 : 3 * i + 4]))
        return " ".join([*words, "Z"] if self.closed else words)


def _number(z: complex) -> str:
    return f"{round(z.real, 1) + 0.0:g},{round(z.imag, 1) + 0.0:g}"


def _reach(a: complex, b: complex, from_a: complex, to_b: complex) -> float:
    """The length of the handles of a cubic that is nearly an arc."""
    bend = abs(cmath.phase(to_b / from_a)) if from_a and to_b else 0.0
    return abs(b - a) / (3 * max(math.cos(min(bend, 2.6) / 4) ** 2, 0.2))


def straight(a: complex, b: complex) -> Curve:
    return Curve((a, a + (b - a) / 3, a + (b - a) * 2 / 3, b))


def bent(a: complex, b: complex, bulge: float, lean: float = 0.5) -> Curve:
    """One cubic from a to b that stands off the straight line by `bulge` of its length, to the left
    of the way there where positive; `lean` says where it is fullest (0.5: in the middle)."""
    way = b - a
    off = way * -1j * bulge * 4 / 3
    return Curve((a, a + way * (lean * 0.66) + off, b - way * ((1 - lean) * 0.66) + off, b))


def through(
    *spots: complex,
    closed: bool = False,
    corners: Sequence[int] = (),
    tension: float = 1.0,
) -> Curve:
    """A smooth curve through points, sharp at those numbered in `corners`. `tension` below 1 pulls
    it towards straight lines."""
    n = len(spots)
    last = n if closed else n - 1

    def leg(i: int) -> complex:
        return spots[(i + 1) % n] - spots[i % n]

    def way(i: int, out: bool) -> complex:
        i %= n
        alone = not closed and i in (0, n - 1)
        if alone or i in corners:
            near, far = (i, i + 1) if out else (i - 1, i - 1)
            other = (far % n in corners) or (not closed and far % n in (0, n - 1))
            if other:
                return leg(near)
            turn = way(far, not out)
            return 1.5 * leg(near) - 0.5 * turn * abs(leg(near)) / max(abs(turn), 1e-9)
        a, b = leg(i - 1), leg(i)
        la, lb = max(abs(a), 1e-9), max(abs(b), 1e-9)
        return (a / la * lb + b / lb * la) / (la + lb)

    points = [spots[0]]
    for i in range(last):
        a, b = spots[i], spots[(i + 1) % n]
        size = abs(b - a) * tension / 3
        go, come = way(i, True), way(i + 1, False)
        points += [
            a + (go / max(abs(go), 1e-9)) * size,
            b - (come / max(abs(come), 1e-9)) * size,
            b,
        ]
    return Curve(tuple(points), closed)


def circle(centre: complex, radius: float) -> Curve:
    return egg(centre, radius, radius)


def egg(
    centre: complex, wide: float, high: float, *, low: float | None = None, tilt: float = 0.0
) -> Curve:
    """An ellipse of four cubics from its rightmost point on, clockwise on the screen. `wide` and
    `high` are radii; `low` is another radius for the lower half; `tilt` in degrees."""
    down = high if low is None else low
    k = _KAPPA
    shape = Curve(
        (
            wide + 0j, complex(wide, k * down), complex(k * wide, down), complex(0, down),
            complex(-k * wide, down), complex(-wide, k * down), complex(-wide, 0),
            complex(-wide, -k * high), complex(-k * wide, -high), complex(0, -high),
            complex(k * wide, -high), complex(wide, -k * high), wide + 0j,
        ),
        True,
    )  # fmt: skip
    return shape.turned(tilt).moved(centre)


def blob(*spots: complex, tension: float = 1.0) -> Curve:
    """A smooth closed curve through points."""
    return through(*spots, closed=True, tension=tension)


def ring(outer: Curve, inner: Curve) -> Curve:
    """The band between two closed curves, as one shape with a seam."""
    return outer.then(inner.backwards(), close=True)


def star(
    centre: complex, radius: float, *, points: int, depth: float, turn: float = -90.0
) -> Curve:
    """A star whose sides curve inwards; `depth` is the inner radius as a share."""
    spots = [
        centre
        + cmath.rect(radius * (depth if i % 2 else 1.0), math.radians(turn + 180 * i / points))
        for i in range(2 * points)
    ]
    return through(*spots, closed=True, corners=range(0, 2 * points, 2))


def taper(start: float = 0.3, end: float = 0.3, *, blunt: float = 0.0) -> Profile:
    """Grows over the first share `start`, shrinks over the last share `end`, down to `blunt`."""

    def width(t: float) -> float:
        grown = min(t / start, 1.0) if start > 0 else 1.0
        left = min((1 - t) / end, 1.0) if end > 0 else 1.0
        return blunt + (1 - blunt) * math.sin(math.pi / 2 * grown) * math.sin(math.pi / 2 * left)

    return width


def line(
    way: Curve,
    width: float,
    profile: Profile | None = None,
    *,
    count: int = 6,
    left: float = 0.5,
    squeeze: float = 1.0,
) -> Curve:
    """A line that swells and tapers, as a closed shape of 2 `count` cubics and two ends.

    `left`: the share of the width that lies left of the way (on the screen: above it where the way
    runs to the right). `squeeze` above 1 puts more of the points near the ends.
    """
    wide = profile or taper()

    def share(i: int) -> float:
        u = i / count
        return u if squeeze == 1 else (1 - math.cos(math.pi * u)) / 2

    shares = [share(i) for i in range(count + 1)]
    eps = 1e-3
    near = [max(s - eps, 0.0) for s in shares]
    far = [min(s + eps, 1.0) for s in shares]
    here, back, ahead = (way.stations(s) for s in (shares, near, far))

    def side(sign: float, part: float) -> list[tuple[complex, complex]]:
        def spot(t: float, s: float) -> complex:
            return way.at(t) + way.slope(t) * 1j * sign * width * part * wide(s)

        return [
            (spot(t, s), (spot(b, y) - spot(a, x)) / (y - x))
            for t, s, a, x, b, y in zip(here, shares, back, near, ahead, far, strict=True)
        ]

    up, down = side(-1.0, left), side(1.0, 1.0 - left)
    steps = [b - a for a, b in pairwise(shares)]
    points = [up[0][0]]
    for i, step in enumerate(steps):
        (a, va), (b, vb) = up[i], up[i + 1]
        points += [a + va * step / 3, b - vb * step / 3, b]
    points += _cap(up[-1][0], down[-1][0], way.slope(way.count))
    for i in range(count - 1, -1, -1):
        (a, va), (b, vb) = down[i + 1], down[i]
        points += [a - va * steps[i] / 3, b + vb * steps[i] / 3, b]
    points += _cap(down[0][0], up[0][0], -way.slope(0.0))
    return Curve(tuple(points), True)


def _cap(a: complex, b: complex, out: complex) -> list[complex]:
    """A round end."""
    reach = out * abs(b - a) * 2 / 3
    return [a + reach, b + reach, b]


def lock(
    way: Curve,
    width: float,
    *,
    bias: float = 0.15,
    belly: float = 0.25,
    power: float = 1.6,
    root: float = 0.75,
    count: int = 4,
) -> Curve:
    """A lock of hair along its middle line, `width` wide where it is fullest, pointed at the tip.

    `bias`: how much more of it lies right of the way (negative: left). `belly`: where it is
    fullest, as a share of its length. `root`: its width at the root, as a share of the fullest.
    """

    def profile(t: float) -> float:
        if t < belly:
            u = t / belly
            return root + (1 - root) * math.sin(math.pi / 2 * u)
        u = (t - belly) / (1 - belly)
        return max(1.0 - math.pow(u, power), 0.0)

    return line(way, width, profile, count=count, left=(1 - bias) / 2)


def mirrored(shape: Curve, about: float) -> Curve:
    """The mirror picture of a shape about a vertical line."""
    return shape.mapped(lambda z: complex(2 * about - z.real, z.imag))


def mix(a: Curve, b: Curve, share: float) -> Curve:
    """Between two curves of the same make: a at 0, b at 1."""
    pairs: Iterator[tuple[complex, complex]] = zip(a.points, b.points, strict=True)
    return Curve(tuple(p + (q - p) * share for p, q in pairs), a.closed)
