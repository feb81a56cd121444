"""What comic drawings put round a face: tears, sweat, an angry vein, gloom, rays, a star pin."""

from __future__ import annotations

from avatars.drawing.mimi import palette as p
from avatars.drawing.mimi.face import FACE
from avatars.drawing.pen import Curve, egg, line, lock, star, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["draw_low_marks", "draw_pin", "draw_top_marks"]


def _drop(at: complex, size: float) -> Curve:
    return through(
        at - 1j * size, at + (0.36 - 0.3j) * size, at + (0.56 + 0.25j) * size,
        at + 0.8j * size, at + (-0.56 + 0.25j) * size, at + (-0.36 - 0.3j) * size,
        closed=True, corners=(0,),
    )  # fmt: skip


def _bead(sheet: Sheet, at: complex, size: float) -> None:
    drop = _drop(at, size)
    sheet.fill(drop, "#8fdcff")
    sheet.fill(_drop(at + (0.12 + 0.2j) * size, size * 0.5), "#c9f1ff")
    sheet.fill(egg(at + (-0.24 + 0.22j) * size, size * 0.13, size * 0.2, tilt=15), "#ffffff")
    sheet.fill(line(drop.part(0, 1, 8), 6, taper(0.1, 0.1, blunt=0.4), count=9), "#2f6fae")


def draw_low_marks(sheet: Sheet) -> None:
    """Those that lie on the face under the hair: disgust's tint, fear's gloom, tears."""
    with sheet.group("tint"):
        colour = sheet.linear(
            "tint_colour", 500 + 420j, 500 + 700j, (0, "#6fce8f", 0.0), (1, "#3fb070", 0.66)
        )
        sheet.fill(FACE, colour)
    with sheet.group("gloom"):
        colour = sheet.linear(
            "gloom_colour", 500 + 400j, 500 + 585j, (0, "#4a55c4", 0.9), (1, "#7a86e0", 0.0)
        )
        sheet.fill(FACE, colour)
    with sheet.group("gloom_lines"):
        lines = [
            line(through(complex(x, 400), complex(x - 2, y)), 6.5, taper(0.05, 0.6), count=2)
            for x, y in (
                (462, 486), (480, 530), (497, 578), (514, 546), (531, 512), (547, 480),
            )
        ]  # fmt: skip
        sheet.fill(lines, "#3d3f9c")
    for side, way in (
        ("l", through(626 + 578j, 634 + 610j, 630 + 652j)),
        ("r", through(366 + 576j, 358 + 606j, 362 + 640j)),
    ):
        with sheet.group(f"tear_{side}"):
            stream = line(way, 17, taper(0.5, 0.15, blunt=0.35), count=5)
            sheet.fill(stream, "#8fdcff")
            sheet.fill(line(way.moved(-3 + 0j), 5, taper(0.4, 0.4), count=3), "#ffffff")
            sheet.fill(
                line(stream.part(0.02, 0.98, 9), 4.5, taper(0.2, 0.2, blunt=0.3), count=10),
                "#2f6fae",
            )
            _bead(sheet, way.at(2) + 12j, 22)


def draw_top_marks(sheet: Sheet) -> None:
    """Those that lie over the hair."""
    with sheet.group("sweat"):
        _bead(sheet, 300 + 420j, 58)
    with sheet.group("vein"):
        at = 318 + 326j
        bows = [
            through(at + 20 - 66j, at + 23 - 23j, at + 66 - 20j).turned(90 * k + 8, at)
            for k in range(4)
        ]
        profile = taper(0.3, 0.3, blunt=0.2)
        sheet.fill([line(bow, 27, profile, count=4) for bow in bows], "#7a0f35")
        sheet.fill([line(bow.part(0.06, 0.94), 15, profile, count=4) for bow in bows], "#ff3d4f")
    with sheet.group("burst"):
        ways = [
            through(b, (a + b) / 2, a)
            for a, b in (
                (770 + 250j, 846 + 178j), (796 + 318j, 892 + 286j), (800 + 388j, 876 + 396j),
            )
        ]  # fmt: skip
        rims = [lock(w.scaled(1.12, about=w.at(1)), 40, belly=0.2, root=0.6, count=3) for w in ways]
        sheet.fill(rims, "#8a4a12")
        sheet.fill([lock(w, 25, belly=0.2, root=0.6, count=3) for w in ways], "#ffe27a")
    with sheet.group("puff"):
        spots = (690 + 640j, 726 + 622j, 752 + 646j, 782 + 640j, 790 + 672j, 764 + 690j, 742 + 686j,
                 712 + 694j, 694 + 672j)  # fmt: skip
        cloud = through(*spots, closed=True)
        sheet.fill(cloud, "#f3f0fb")
        sheet.fill(line(cloud.part(0, 1, 9), 6, taper(0.1, 0.1, blunt=0.4), count=10), p.LINEN_LINE)
    with sheet.group("twinkle"):
        places = ((236 + 330j, 46.0), (186 + 412j, 26.0), (786 + 268j, 38.0))
        stars = [star(at, size, points=4, depth=0.22) for at, size in places]
        rims = [star(at, size + 13, points=4, depth=0.3) for at, size in places]
        sheet.fill(rims, "#c9781f")
        sheet.fill(stars, "#fff0a0")


def draw_pin(sheet: Sheet) -> None:
    """A star on her left: it tells the mirrored picture from the other."""
    at = 680 + 374j
    body = star(at, 32, points=5, depth=0.52, turn=-78)
    low = [body.points[3 * i] for i in (2, 3, 4, 5)]
    with sheet.group("pin"):
        sheet.fill(star(at, 41, points=5, depth=0.56, turn=-78), p.GOLD_LINE)
        sheet.fill(body, p.GOLD)
        sheet.fill(through(at, *low, closed=True, corners=tuple(range(5))), p.GOLD_SHADE)
        sheet.fill(egg(at - 9 - 9j, 4.5, 6.5, tilt=35), "#fff6d0")
