"""What a mirror does to parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.render.motion.tables import built_in
from vtdrive.types import F32, frozen

__all__ = ["MIRRORED", "mirroring"]


def mirroring(names: Sequence[str]) -> tuple[npt.NDArray[np.intp], F32]:
    """(P,) places and (P,) signs: `params[places] * signs` is what a mirror shows.

    `_l` and `_r` change places, and what has a left and a right in itself its sign: of an avatar's
    own parameters only the former is known.
    """
    index = {name: i for i, name in enumerate(names)}
    flips = set(built_in().flips)
    places = np.array([index.get(_other_side(name), i) for i, name in enumerate(names)], np.intp)
    places.setflags(write=False)
    return places, frozen([-1.0 if name in flips else 1.0 for name in names])


def _other_side(name: str) -> str:
    if name.endswith("_l"):
        return name[:-2] + "_r"
    return name[:-2] + "_l" if name.endswith("_r") else name


MIRRORED: Final = mirroring(tuple(dict.fromkeys((*built_in().params, *built_in().springs))))
"""That of the built-in parameters, which come first in every avatar. Not mirrored is what the
character does by itself: wagging, wandering, ear flicks, and the side on which a face that is even
on both sides sneers."""
