"""Hair: the back, the cap, the fringe, the side locks."""

from __future__ import annotations

from avatars.drawing.mimi import palette as p
from avatars.drawing.mimi.ink import hull, strand
from avatars.drawing.pen import Curve, line, mirrored, taper, through
from avatars.drawing.sheet import Sheet

__all__ = ["draw_back", "draw_cap", "draw_fringe", "draw_fringe_shadow", "draw_sides"]


def _mass(spots: list[complex], tips: tuple[int, ...]) -> Curve:
    return through(*spots, closed=True, corners=tips)


_BACK_L = [
    446 + 240j, 600 + 226j, 700 + 290j, 752 + 420j, 766 + 560j, 790 + 690j, 842 + 790j,
    786 + 772j, 800 + 850j, 822 + 906j,
    752 + 868j, 742 + 930j, 748 + 970j,
    690 + 900j, 668 + 956j, 648 + 990j,
    622 + 900j, 560 + 900j, 446 + 880j,
]  # fmt: skip
_BACK_R = [
    554 + 240j, 400 + 226j, 302 + 290j, 250 + 420j, 232 + 560j, 214 + 680j, 160 + 770j,
    220 + 758j, 196 + 850j, 160 + 912j,
    244 + 874j, 248 + 940j, 236 + 984j,
    306 + 908j, 326 + 950j, 340 + 996j,
    376 + 900j, 440 + 900j, 554 + 880j,
]  # fmt: skip
_TIPS = (0, 6, 7, 9, 10, 12, 13, 15, 16, 18)


def draw_back(sheet: Sheet) -> None:
    """Two halves that overlap behind the neck."""
    for side, spots in (("l", _BACK_L), ("r", _BACK_R)):
        shape = _mass(spots, _TIPS)
        inner = 1 if side == "l" else -1
        with sheet.group(f"hair_back_{side}"):
            sheet.fill(hull(shape, 7.5, corners=_TIPS, skip=(8, 9)), p.HAIR_LINE)
            sheet.fill(shape, p.HAIR)
            sheet.fill(_shade(inner), p.HAIR_SHADE)
            sheet.fill(_deep(inner), p.HAIR_DEEP)
            lines = []
            for a, b, c in (
                (735 + 560j, 742 + 670j, 764 + 740j),
                (712 + 640j, 724 + 780j, 775 + 868j),
                (690 + 700j, 694 + 800j, 716 + 890j),
            ):
                way = through(a, b, c)
                way = way if side == "l" else mirrored(way, 500).moved(-3 + 8j)
                lines.append(line(way, 4.5, taper(0.7, 0.3), count=4))
            sheet.fill(lines, p.HAIR_LINE)


def _side(spots: list[complex], inner: int) -> list[complex]:
    return spots if inner > 0 else [complex(1000 - z.real, z.imag) for z in spots]


def _shade(inner: int) -> Curve:
    spots = [
        438 + 520j, 690 + 420j, 716 + 560j, 730 + 690j, 764 + 800j, 722 + 780j, 730 + 880j,
        690 + 820j, 672 + 900j, 640 + 850j, 560 + 890j, 438 + 870j,
    ]  # fmt: skip
    return through(*_side(spots, inner), closed=True, corners=(0, 4, 5, 6, 7, 8, 9, 11))


def _deep(inner: int) -> Curve:
    spots = [
        424 + 560j, 664 + 500j, 680 + 580j, 682 + 700j, 700 + 800j, 662 + 770j, 640 + 850j,
        424 + 860j,
    ]  # fmt: skip
    return through(*_side(spots, inner), closed=True, corners=(0, 4, 5, 6, 7))


_CAP = [
    276 + 520j, 268 + 430j, 296 + 320j, 366 + 244j, 452 + 210j, 536 + 204j, 622 + 228j,
    694 + 300j, 730 + 410j, 728 + 520j,
    704 + 470j, 660 + 400j, 600 + 352j, 540 + 338j, 470 + 350j, 400 + 384j, 340 + 420j,
    300 + 470j,
]  # fmt: skip


def draw_cap(sheet: Sheet) -> None:
    cap = through(*_CAP, closed=True, corners=(0, 9))
    with sheet.group("hair_cap"):
        swell = {0: taper(0.25, 0.25)}
        sheet.fill(hull(cap, 7.5, corners=(0, 9), skip=(1,), profiles=swell), p.HAIR_LINE)
        sheet.fill(cap, p.HAIR)


_NO_LIGHT = (0.0, 0.0)
_Light = tuple[float, float]
_FRINGE: tuple[tuple[str, Curve, float, float, _Light], ...] = (
    ("a", through(566 + 238j, 650 + 272j, 708 + 352j, 712 + 450j, 726 + 546j), 92, 0.1, (0.3, 0.4)),
    ("f", through(506 + 238j, 404 + 272j, 318 + 352j, 300 + 450j, 280 + 560j), 98, 0, (0.26, 0.4)),
    ("b", through(556 + 236j, 632 + 290j, 674 + 378j, 656 + 482j), 106, -0.15, (0.28, 0.44)),
    ("e", through(512 + 238j, 436 + 282j, 374 + 360j, 344 + 430j, 330 + 498j), 99, 0.1, (0.2, 0.4)),
    ("c", through(546 + 236j, 592 + 298j, 604 + 384j, 576 + 474j), 100, 0.15, (0.26, 0.4)),
    ("d", through(526 + 236j, 466 + 298j, 430 + 388j, 452 + 496j), 118, -0.1, (0.26, 0.42)),
    ("h", through(492 + 262j, 436 + 330j, 396 + 400j, 398 + 466j), 30, 0.2, _NO_LIGHT),
    ("g", through(540 + 250j, 530 + 320j, 520 + 390j, 536 + 456j), 44, 0.2, _NO_LIGHT),
)  # fmt: skip
"""Name, way, width, bias, and where the light lies."""


_FRINGE_SHADOW = [
    316 + 556j, 314 + 470j, 320 + 400j, 370 + 360j, 500 + 330j, 630 + 345j, 688 + 400j,
    692 + 470j, 690 + 552j, 684 + 520j, 676 + 488j,
    662 + 502j, 657 + 450j, 646 + 407j, 622 + 454j,
    583 + 493j, 574 + 434j, 552 + 354j, 540 + 416j,
    543 + 476j, 515 + 436j, 504 + 393j, 478 + 440j,
    459 + 516j, 427 + 485j, 406 + 452j,
    405 + 486j, 390 + 434j, 362 + 474j,
    337 + 518j, 331 + 496j,
]  # fmt: skip
"""From tip to tip: where the locks would fall, moved a little down and to her left."""


def draw_fringe_shadow(sheet: Sheet) -> None:
    tips = (0, 8, 10, 11, 13, 15, 17, 19, 21, 23, 25, 26, 27, 29, 30)
    with sheet.group("fringe_shadow"):
        sheet.fill(_mass(_FRINGE_SHADOW, tips), p.SKIN_SHADE)


def draw_fringe(sheet: Sheet) -> None:
    for name, way, width, bias, light in _FRINGE:
        thin = width < 50
        with sheet.group(f"fringe_{name}"):
            strand(
                sheet, way, width, bias=bias, belly=0.45, root=0.45, power=1.7,
                ink=5.0 if thin else 6.5, light=None if thin else light,
                lines=() if thin else ((0.6, 0.95, 0.12), (0.06, 0.26, -0.2)),
            )  # fmt: skip
    with sheet.group("ahoge"):
        strand(
            sheet, through(536 + 240j, 548 + 166j, 606 + 142j, 640 + 178j), 36, belly=0.45, root=0.5
        )


def draw_sides(sheet: Sheet) -> None:
    """A long lock before each cheek, and a shorter one behind it."""
    for side in ("l", "r"):
        left = side == "l"

        def put(way: Curve, nudge: complex, left: bool = left) -> Curve:
            return way if left else mirrored(way, 500).moved(nudge)

        under = put(through(708 + 420j, 736 + 540j, 726 + 660j, 752 + 762j), 4 + 10j)
        over = put(through(704 + 380j, 726 + 500j, 704 + 620j, 722 + 720j, 698 + 836j), -4 - 16j)
        with sheet.group(f"side_under_{side}"):
            strand(sheet, under, 62, base=p.HAIR_SHADE, shade=p.HAIR_DEEP, root=0.8)
        with sheet.group(f"side_{side}"):
            strand(sheet, over, 66, bias=-0.1 if left else 0.1, root=0.7, lines=((0.3, 0.85, 0.1),))
