"""The bundled avatars look as they did when somebody last looked: every expression, every key pose.

Where a picture is meant to have changed: `python -m tests.support.avatar_sheets`, look at it.
"""

from __future__ import annotations

import numpy as np
import pytest
from avatar_sheets import apart, drawer_of, faces, painted, painted_one, read_sheet, tiles_of

from vtdrive.core.mirror import mirrored
from vtdrive.render.library import BUNDLED

SAME = 6.0
"""Edges painted by another machine, or a quarter of a pixel aside, are 5 apart at most; a whole
pixel 13; a brow or a lash that is not there 8 and more."""


@pytest.mark.parametrize("avatar", BUNDLED)
def test_every_face_looks_as_it_did(avatar: str) -> None:
    kept = tiles_of(read_sheet(avatar))
    away = {name: apart(kept[name], picture) for name, picture in painted(drawer_of(avatar))}
    changed = {name: round(far, 1) for name, far in away.items() if far > SAME}
    assert not changed, f"{avatar} is painted otherwise: {changed}"


@pytest.mark.parametrize("avatar", BUNDLED)
def test_what_matters_is_seen(avatar: str) -> None:
    kept, drawer = tiles_of(read_sheet(avatar)), drawer_of(avatar)
    for axis in (0, 1):
        for picture in kept.values():
            assert apart(picture, np.roll(picture, 3, axis)) > 2 * SAME
    other_eye = painted_one(drawer, mirrored(faces()["wink"]))
    assert apart(kept["wink"], other_eye) > 2 * SAME
    for part in ("brow_l", "iris_r", "lash_l", "lip_up"):
        shown = drawer._painter.puppet.pieces.pop(part)
        assert apart(kept["neutral"], painted_one(drawer, faces()["neutral"])) > SAME, part
        drawer._painter.puppet.pieces[part] = shown
