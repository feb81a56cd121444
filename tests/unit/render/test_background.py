"""What lies behind the avatar."""

from __future__ import annotations

import numpy as np
import pytest

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.background import Background
from vtdrive.render.drawer import Drawer
from vtdrive.render.stills import still_face

SIZE = (64, 48)


def room() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A room that is light on the left of the camera's picture."""
    seen = np.zeros((48, 64, 3), np.uint8)
    seen[:, :24] = 250
    return seen


@pytest.mark.parametrize("mirror", [False, True])
def test_a_blurred_room_is_as_mirrored_as_the_avatar(mirror: bool) -> None:
    under = Background("blur", SIZE, mirror=mirror).under(room())
    assert under is not None
    left, right = float(under[:, :12, 0].mean()), float(under[:, -12:, 0].mean())
    assert (right > left + 100) is mirror
    assert (left > right + 100) is not mirror


def test_the_drawer_says_so_also_when_it_changes() -> None:
    look = AvatarConfig(name="mochi", width=64, height=64, zoom=0.2, background="blur")
    drawer = Drawer(look)
    drawer.open()

    def lit() -> bool:
        """Whether the left of the picture is the lighter side."""
        seen = drawer.draw(still_face(), 0, backdrop=room())
        return bool(seen[:8, :12, 0].mean() > seen[:8, -12:, 0].mean())

    assert not lit()
    drawer.use(look.model_copy(update={"mirror": False}))
    assert lit()
