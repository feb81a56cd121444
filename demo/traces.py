"""Contours of the portrait's eyes, mouth and brows, traced by eye in source px.

The mesh's own landmarks miss the lash lines by a pixel or two, which is a quarter of the eye.
Names are anatomical: `right` is the subject's own right, image left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BROW", "EYE_LOWER", "EYE_UPPER", "FOLDS", "IRIS", "MOUTH_LOWER", "MOUTH_UPPER"]

Points = npt.NDArray[np.float64]


def _traced(*points: tuple[float, float]) -> Points:
    """From the magnified view (12.48 times, from 180, 80) that the tracing was done on."""
    out: Points = (np.array(points, float) + 0.5) / 12.48 - 0.5 + np.array([180.0, 80.0])
    return out


# Image left to image right, corner to corner.
EYE_UPPER: dict[str, Points] = {
    "Right": _traced((188, 276), (205, 260), (230, 244), (265, 231), (300, 227), (335, 233),
                     (365, 248), (390, 266), (420, 290)),
    "Left": _traced((710, 313), (730, 296), (760, 277), (790, 263), (825, 254), (860, 255),
                    (895, 266), (925, 281), (962, 303)),
}  # fmt: skip
EYE_LOWER: dict[str, Points] = {
    "Right": _traced((188, 276), (212, 287), (240, 298), (275, 306), (310, 308), (345, 305),
                     (380, 299), (420, 290)),
    "Left": _traced((710, 313), (728, 320), (755, 325), (790, 332), (825, 334), (860, 334),
                    (895, 329), (930, 319), (962, 303)),
}  # fmt: skip
IRIS: dict[str, tuple[Points, float]] = {
    "Right": (_traced((292, 263))[0], 3.55),
    "Left": (_traced((838, 290))[0], 3.55),
}
"""Centre and radius."""
MOUTH_UPPER: Points = _traced(
    (285, 745), (320, 757), (350, 768), (385, 776), (430, 786), (480, 795), (550, 800), (620, 796),
    (680, 786), (730, 771), (780, 763), (817, 760),
)  # fmt: skip
MOUTH_LOWER: Points = _traced(
    (285, 745), (310, 777), (340, 806), (375, 831), (420, 853), (470, 865), (550, 871), (620, 865),
    (680, 846), (720, 820), (765, 787), (817, 760),
)  # fmt: skip
BROW: dict[str, Points] = {
    "Right": _traced((405, 150), (250, 110), (130, 140)),
    "Left": _traced((745, 163), (900, 150), (1035, 195)),
}
"""Inner end, arch, outer end."""
FOLDS: tuple[Points, ...] = (
    _traced((365, 528), (310, 600), (250, 655), (218, 685), (212, 715)),
    _traced((705, 525), (745, 570), (800, 628), (850, 680), (880, 730), (872, 775)),
)
"""The smile's folds from nose to mouth, which go when the smile goes."""
