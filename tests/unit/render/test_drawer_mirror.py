"""By default the avatar is the user's mirror image, in the picture and not only in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.drawer import Drawer
from vtdrive.render.stills import still_face

MADE: Mapping[str, Mapping[str, Any]] = {
    "wink": {"shapes": {"eyeBlinkLeft": 1.0}},
    "look": {"gaze_deg": (20.0, 0.0)},
}
"""To the user's own left, which a mirror shows on the left."""


def drawn(drawer: Drawer, **face: Any) -> Any:
    """(120, 160) shade of the picture, without the time that it takes to get there."""
    return drawer.still(still_face(**face), settle_s=0.5)[..., :3].astype(float).mean(-1)


def changed_at(before: Any, after: Any) -> float:
    """-1 … 1: where across the middle of the picture it has changed."""
    columns = np.abs(after - before)[60:90].sum(0)
    places = np.linspace(-1, 1, len(columns))
    return float((columns * places).sum() / columns.sum())


@pytest.mark.parametrize("mirror", [True, False])
def test_a_wink_shows_on_the_side_where_a_mirror_shows_it(mirror: bool) -> None:
    drawer = Drawer(AvatarConfig(name="mochi", width=160, height=120, mirror=mirror))
    drawer.open()
    at = changed_at(drawn(drawer), drawn(drawer, **MADE["wink"]))
    assert at < -0.05 if mirror else at > 0.05


def test_with_and_without_a_mirror_a_character_looks_to_opposite_sides() -> None:
    look = AvatarConfig(name="mochi", width=160, height=120)
    drawer = Drawer(look)
    drawer.open()
    rest = drawn(drawer)
    left = _dark_eyes(drawn(drawer, **MADE["look"]))
    drawer.use(look.model_copy(update={"mirror": False}))
    right = _dark_eyes(drawn(drawer, **MADE["look"]))
    assert left < _dark_eyes(rest) - 0.2 < right - 0.4


def _dark_eyes(picture: Any) -> float:
    """Where across the picture, in pixels, its dark pupils are."""
    middle = picture[60:90, 55:105]
    weights = np.clip(60.0 - middle, 0.0, None)
    return float((weights * np.arange(55, 105)).sum() / weights.sum())
