"""The light rim around an avatar."""

from __future__ import annotations

import numpy as np

from vtdrive.render.background import Background
from vtdrive.types import U8

SIZE = (40, 30)


def picture(alpha: int) -> U8:
    """Premultiplied black of that alpha in rows 10-19, columns 15-24."""
    out = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    out[10:20, 15:25, 3] = alpha
    return out


def test_what_is_solid_gets_a_light_rim_of_the_width_asked_for() -> None:
    seen = Background("transparent", SIZE).outlined(picture(255), None, 3)
    assert seen[15, 20].tolist() == [0, 0, 0, 255]
    assert seen[15, 27, 3] == 255
    assert seen[15, 27, :3].min() > 230
    assert not seen[15, 28:].any()


def test_a_shadow_gets_none() -> None:
    seen = Background("transparent", SIZE).outlined(picture(110), None, 3)
    np.testing.assert_array_equal(seen, picture(110))
