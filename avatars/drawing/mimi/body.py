"""Tail, neck, torso, collar, arms, ribbon and bell."""

from __future__ import annotations

from avatars.drawing.mimi import palette as p
from avatars.drawing.mimi.ink import hull
from avatars.drawing.pen import Curve, egg, line, mirrored, taper, through
from avatars.drawing.sheet import Sheet

__all__ = [
    "draw_arms",
    "draw_collar",
    "draw_forearm",
    "draw_neck",
    "draw_ribbon",
    "draw_tail",
    "draw_torso",
]


def draw_tail(sheet: Sheet) -> None:
    tail = through(
        640 + 1300j, 720 + 1120j, 790 + 1050j, 822 + 960j, 808 + 860j, 826 + 760j, 890 + 690j,
        906 + 770j, 950 + 840j, 968 + 940j, 950 + 1050j, 970 + 1110j, 900 + 1140j, 880 + 1200j,
        820 + 1200j, 760 + 1340j,
        closed=True, corners=(0, 6, 11, 13, 15),
    )  # fmt: skip
    shade = through(
        906 + 770j, 950 + 840j, 968 + 940j, 950 + 1050j, 970 + 1110j, 900 + 1140j, 880 + 1200j,
        820 + 1200j, 760 + 1340j, 700 + 1320j, 800 + 1150j, 870 + 1060j, 906 + 960j, 900 + 860j,
        closed=True, corners=(0, 4, 6, 8, 9),
    )  # fmt: skip
    tip = through(
        890 + 690j, 906 + 770j, 948 + 836j, 960 + 886j, 930 + 858j, 920 + 912j, 890 + 856j,
        868 + 906j, 852 + 850j, 822 + 884j, 808 + 850j, 826 + 760j,
        closed=True, corners=(0, 3, 4, 5, 6, 7, 8, 9, 10),
    )  # fmt: skip
    under = through(
        892 + 700j, 906 + 770j, 948 + 836j, 960 + 886j, 930 + 858j, 922 + 900j, 904 + 820j,
        closed=True, corners=(0, 3, 4, 5),
    )  # fmt: skip
    rim = hull(tail, 7.5, corners=(0, 6, 11, 13, 15), skip=(4,))
    lines = [
        line(through(842 + 960j, 838 + 1040j, 800 + 1110j), 4.2, count=4),
        line(through(900 + 980j, 892 + 1050j, 862 + 1110j), 4.2, count=4),
    ]
    with sheet.group("tail"):
        sheet.fill(rim, p.HAIR_LINE)
        sheet.fill(tail, p.HAIR)
        sheet.fill(shade, p.HAIR_SHADE)
        sheet.fill(tip, p.CREAM)
        sheet.fill(under, p.CREAM_SHADE)
        sheet.fill(lines, p.HAIR_LINE)


def draw_neck(sheet: Sheet) -> None:
    neck = through(
        438 + 640j, 562 + 640j, 560 + 740j, 580 + 800j, 640 + 830j, 600 + 940j, 500 + 990j,
        400 + 940j, 360 + 830j, 420 + 800j, 440 + 740j,
        closed=True, corners=(0, 1),
    )  # fmt: skip
    with sheet.group("neck"):
        sheet.fill(neck, p.SKIN)
        lines = [
            line(through(561 + 700j, 561 + 745j, 580 + 800j), 5.5, taper(0.2, 0.4), count=4),
            line(through(439 + 700j, 439 + 745j, 420 + 800j), 5.5, taper(0.2, 0.4), count=4),
            line(through(474 + 812j, 452 + 822j, 428 + 822j), 4.2, count=3),
            line(through(526 + 812j, 548 + 822j, 572 + 822j), 4.2, count=3),
        ]
        sheet.fill(lines, p.SKIN_LINE)
    with sheet.group("neck_shadow"):
        shadow = through(
            438 + 640j, 562 + 640j, 560 + 740j, 561 + 748j, 545 + 782j, 512 + 800j, 470 + 770j,
            446 + 752j, 440 + 740j,
            closed=True, corners=(0, 1, 3, 8),
        )  # fmt: skip
        sheet.fill(shadow, p.SKIN_DEEP)


def draw_torso(sheet: Sheet) -> None:
    torso = through(
        400 + 800j, 330 + 812j, 268 + 846j, 300 + 960j, 330 + 1080j, 318 + 1330j, 690 + 1330j,
        676 + 1080j, 702 + 960j, 734 + 846j, 670 + 812j, 600 + 800j, 560 + 900j, 503 + 960j,
        444 + 900j,
        closed=True, corners=(0, 2, 5, 6, 9, 11),
    )  # fmt: skip
    shade = through(
        560 + 880j, 734 + 846j, 702 + 960j, 676 + 1080j, 690 + 1330j, 600 + 1330j, 612 + 1120j,
        640 + 1010j, 560 + 1000j,
        closed=True, corners=(0, 1, 4, 5, 8),
    )  # fmt: skip
    folds = [
        line(through(400 + 1060j, 380 + 1110j, 352 + 1130j), 5, count=3),
        line(through(470 + 1150j, 450 + 1210j, 456 + 1320j), 5, count=3),
        line(through(590 + 1090j, 600 + 1150j, 592 + 1230j), 5, count=3),
    ]
    swell = {1: taper(0.3, 0.1), 3: taper(0.1, 0.3)}
    rim = hull(torso, 6.5, corners=(0, 2, 5, 6, 9, 11), skip=(0, 2, 4, 5), profiles=swell)
    with sheet.group("torso"):
        sheet.fill(rim, p.KNIT_LINE)
        sheet.fill(torso, p.KNIT)
        sheet.fill(shade, p.KNIT_SHADE)
        sheet.fill(folds, p.KNIT_LINE)


_FLAP = (
    440 + 770j, 380 + 792j, 300 + 820j, 252 + 858j, 290 + 940j, 352 + 984j, 430 + 960j, 497 + 912j,
    452 + 850j,
)  # fmt: skip
_FLAP_L = (
    560 + 770j, 622 + 790j, 704 + 816j, 750 + 850j, 718 + 936j, 652 + 986j, 574 + 962j, 505 + 912j,
    550 + 850j,
)  # fmt: skip


def draw_collar(sheet: Sheet) -> None:
    with sheet.group("collar_shadow"):
        both = [
            through(*spots, closed=True, corners=(0, 3, 5, 7)).moved(5 + 18j)
            for spots in (_FLAP, _FLAP_L)
        ]
        both[1] = both[1].backwards()
        sheet.fill(both[0], p.KNIT_SHADE)
        sheet.fill(both[1], p.KNIT_DEEP)
    for side, spots in (("r", _FLAP), ("l", _FLAP_L)):
        flap = through(*spots, closed=True, corners=(0, 3, 5, 7))
        middle = 400 + 880j if side == "r" else 604 + 880j
        band = flap.between(3, 7)
        inset = Curve(tuple(z + (middle - z) * 0.17 for z in band.points))
        dim = through(
            *(
                z if side == "l" else complex(1002 - z.real, z.imag)
                for z in (560 + 775j, 592 + 792j, 590 + 860j, 540 + 912j, 505 + 912j, 548 + 850j)
            ),
            closed=True,
            corners=(0, 1, 4),
        )
        with sheet.group(f"collar_{side}"):
            rim = hull(flap, 7, corners=(0, 3, 5, 7))
            sheet.fill(rim, p.LINEN_LINE)
            sheet.fill(flap, p.LINEN)
            sheet.fill(dim, p.LINEN_SHADE)
            if side == "l":
                away = flap.between(1, 5)
                sheet.fill(line(away, 30, taper(0.5, 0.4), left=0.0, count=6), p.LINEN_SHADE)
            sheet.fill(line(inset, 9, taper(0.05, 0.05, blunt=0.7), count=7), p.KNIT_SHADE)


def draw_arms(sheet: Sheet) -> None:
    """Her right arm hangs; her left one is bent."""
    far = through(
        300 + 838j, 236 + 872j, 192 + 960j, 168 + 1080j, 150 + 1330j, 300 + 1330j, 318 + 1100j,
        330 + 980j,
        closed=True, corners=(4, 5),
    )  # fmt: skip
    far_shade = through(
        318 + 900j, 300 + 1000j, 276 + 1120j, 262 + 1330j, 300 + 1330j, 318 + 1100j, 330 + 980j,
        closed=True, corners=(0, 3, 4),
    )  # fmt: skip
    with sheet.group("arm_r"):
        swell = {0: taper(0.4, 0.1, blunt=0.2), 2: taper(0.1, 0.6)}
        rim = hull(far, 7.5, corners=(0, 4, 5), skip=(1,), profiles=swell)
        sheet.fill(rim, p.KNIT_LINE)
        sheet.fill(far, p.KNIT)
        sheet.fill(far_shade, p.KNIT_SHADE)
        lit = through(238 + 884j, 206 + 956j, 186 + 1050j, 196 + 1046j, 222 + 970j, 268 + 872j,
                      closed=True, corners=(0, 2, 5))  # fmt: skip
        sheet.fill(lit, p.KNIT_LIGHT)
        lines = [
            line(through(200 + 1000j, 226 + 1030j, 262 + 1040j), 5, count=3),
            line(through(186 + 1090j, 214 + 1110j, 238 + 1112j), 5, count=3),
        ]
        sheet.fill(lines, p.KNIT_LINE)
    upper = through(
        704 + 836j, 770 + 872j, 812 + 950j, 836 + 1050j, 826 + 1120j, 770 + 1160j, 700 + 1130j,
        676 + 1040j, 672 + 940j,
        closed=True,
    )  # fmt: skip
    with sheet.group("arm_l"):
        sheet.fill(upper, p.KNIT)
        shade = through(
            770 + 900j, 812 + 950j, 836 + 1050j, 826 + 1120j, 770 + 1160j, 780 + 1050j,
            closed=True, corners=(0, 4),
        )  # fmt: skip
        sheet.fill(shade, p.KNIT_SHADE)
        lines = [
            line(upper.part(0.02, 0.55, 8), 7.5, taper(0.35, 0.35, blunt=0.1), count=8),
            line(upper.part(0.8, 0.97, 4), 6, taper(0.5, 0.5), count=4),
        ]
        sheet.fill(lines, p.KNIT_LINE)


def draw_forearm(sheet: Sheet) -> None:
    """Over the ribbon; its sleeve is half over the hand."""
    fore = through(
        824 + 1110j, 786 + 1170j, 716 + 1176j, 640 + 1142j, 566 + 1094j, 540 + 1036j, 566 + 994j,
        622 + 990j, 690 + 1030j, 760 + 1050j,
        closed=True, corners=(4, 6),
    )  # fmt: skip
    with sheet.group("forearm_l"):
        hand = through(
            572 + 1010j, 548 + 990j, 528 + 984j, 508 + 994j, 500 + 1014j, 508 + 1040j, 530 + 1064j,
            560 + 1074j, 590 + 1060j,
            closed=True,
        )  # fmt: skip
        sheet.fill(hand, p.SKIN)
        fingers = [
            line(hand.part(0.08, 0.72, 8), 5.5, taper(0.2, 0.2, blunt=0.3), count=8),
            line(through(502 + 1012j, 520 + 1016j, 540 + 1026j), 4.4, taper(0.1, 0.6), count=3),
            line(through(506 + 1036j, 522 + 1036j, 540 + 1044j), 4.4, taper(0.1, 0.6), count=3),
        ]
        sheet.fill(fingers, p.SKIN_LINE)
        swell = {0: taper(0.2, 0.1, blunt=0.2), 2: taper(0.1, 0.7)}
        rim = hull(fore, 7.5, corners=(0, 4, 6, 9), skip=(1, 3), profiles=swell)
        sheet.fill(rim, p.KNIT_LINE)
        sheet.fill(fore, p.KNIT)
        shade = through(
            824 + 1110j, 786 + 1170j, 716 + 1176j, 640 + 1142j, 566 + 1094j, 640 + 1112j,
            720 + 1136j,
            closed=True, corners=(0, 4),
        )  # fmt: skip
        sheet.fill(shade, p.KNIT_SHADE)
        cuff = through(
            566 + 1094j, 534 + 1046j, 562 + 988j, 602 + 980j, 588 + 1044j, 606 + 1112j,
            closed=True, corners=(0, 2, 3, 5),
        )  # fmt: skip
        lit = through(
            640 + 1012j, 690 + 1040j, 742 + 1056j, 736 + 1066j, 684 + 1056j, 630 + 1028j,
            closed=True, corners=(0, 2, 5),
        )  # fmt: skip
        sheet.fill(lit, p.KNIT_LIGHT)
        lines = [
            line(through(690 + 1060j, 720 + 1080j, 730 + 1110j), 5, count=3),
            line(through(650 + 1050j, 668 + 1072j, 668 + 1096j), 5, count=3),
        ]
        sheet.fill(lines, p.KNIT_LINE)
        sheet.fill(hull(cuff, 6, corners=(0, 2, 3, 5)), p.LINEN_LINE)
        sheet.fill(cuff, p.LINEN)
        dim = through(
            566 + 1094j, 548 + 1068j, 572 + 1066j, 590 + 1044j, 606 + 1112j, closed=True,
            corners=(0, 3, 4),
        )  # fmt: skip
        sheet.fill(dim, p.LINEN_SHADE)


def draw_ribbon(sheet: Sheet) -> None:
    knot = 503 + 914j
    for side, length in (("l", 118.0), ("r", 96.0)):
        end = complex(64 if side == "l" else -74, length)
        lean = 18 if side == "l" else -22
        # The cut end: outer corner, notch, inner corner.
        cut = (-22 - 4j, 2 - 16j, 24 + 4j) if side == "l" else (-16 - 20j, 8 - 12j, 22 + 14j)
        band = through(
            knot - 8, knot + lean - 14 + 0.5j * end.imag, *(knot + end + z for z in cut),
            knot + lean + 22 + 0.5j * end.imag, knot + 10,
            closed=True, corners=(0, 2, 3, 4, 6),
        )  # fmt: skip
        with sheet.group(f"ribbon_{side}"):
            rim = hull(band, 6.5, corners=(0, 2, 3, 4, 6), skip=(4,))
            sheet.fill(rim, p.RED_LINE)
            sheet.fill(band, p.RED if side == "l" else p.RED_SHADE)
    loop = through(
        knot + 6 - 6j, knot + 40 - 44j, knot + 92 - 58j, knot + 112 - 10j, knot + 96 + 40j,
        knot + 44 + 30j, knot + 6 + 10j,
        closed=True, corners=(0, 6),
    )  # fmt: skip
    fold = through(knot + 8 + 2j, knot + 50 + 4j, knot + 108 + 8j)
    dark = fold.then(loop.between(3, 4).part(0.4, 1.0, 1), loop.between(4, 6), close=True)
    crease = [
        line(through(knot + 10 - 2j, knot + 40 - 12j, knot + 66 - 14j), 4.5, taper(0.1, 0.7)),
        line(through(knot + 12 + 4j, knot + 36 + 10j, knot + 56 + 10j), 4.5, taper(0.1, 0.7)),
    ]
    with sheet.group("bow"):
        for side in ("r", "l"):

            def put(curve: Curve, side: str = side) -> Curve:
                other = mirrored(curve, knot.real).turned(6, knot)
                return curve.turned(-4, knot) if side == "l" else other

            rim = hull(loop, 6.5, corners=(0, 6), skip=(1,))
            sheet.fill(put(rim), p.RED_LINE)
            sheet.fill(put(loop), p.RED)
            sheet.fill(put(dark), p.RED_SHADE)
            sheet.fill([put(curve) for curve in crease], p.RED_LINE)
    bell = knot + 16j
    with sheet.group("bell"):
        sheet.fill(egg(bell, 30, 30, low=28), p.GOLD)
        low = through(
            bell + 30 - 2j, bell + 22 + 18j, bell + 28j, bell - 22 + 18j, bell + 6 + 14j,
            closed=True, corners=(0, 3),
        )  # fmt: skip
        sheet.fill(low, p.GOLD_SHADE)
        sheet.fill(egg(bell - 11 - 12j, 7, 9, tilt=35), "#fff6d0")
        lines = [
            line(egg(bell, 30, 30, low=28).part(0, 1, 8), 6, taper(0.1, 0.1, blunt=0.4), count=9)
        ]
        lines += [
            egg(bell + 8j, 5, 5),
            line(
                through(bell + 10j, bell + 1 + 18j, bell + 26j),
                5,
                taper(0.0, 0.2, blunt=0.4),
                count=2,
            ),
            line(
                through(bell - 29 - 1j, bell + 5j, bell + 29 - 1j),
                4.5,
                taper(0.1, 0.1, blunt=0.4),
                count=4,
            ),
        ]
        sheet.fill(lines, p.GOLD_LINE)
