"""From configs to what works in the process that paints: the drawer and the outputs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.base import Table
from vtdrive.errors import MissingExtra, UsageError
from vtdrive.render.stage.messages import Draws, Makers
from vtdrive.render.stage.output import Output

__all__ = ["REAL", "check_picture", "make_output"]

_MADE_BY: Final = {
    "virtualcam": "virtualcam:VirtualCam",
    "window": "window:Window",
    "page": "page:Page",
}
"""Kind -> module in this folder and class, imported only in the process that paints."""
_EXTRAS: Final = {"virtualcam": ("pyvirtualcam", "virtualcam"), "file": ("av", "export")}
"""Kind -> the package that it cannot do without, and the extra that brings it."""


def make_output(table: Table) -> Output:
    """The output for `table`, not open yet. Raises UsageError for a kind that shows no pictures."""
    kind = str(getattr(table, "kind", ""))
    if kind not in _MADE_BY:
        raise UsageError(
            f"the sink kind {kind!r} shows no pictures", f"use one of {', '.join(_MADE_BY)}"
        )
    module, _, name = _MADE_BY[kind].partition(":")
    made = getattr(import_module(f"vtdrive.render.stage.{module}"), name)
    return cast("Callable[[Table], Output]", made)(table)


def _make_drawer(look: AvatarConfig) -> Draws:
    from vtdrive.render.drawer import Drawer

    return Drawer(look)


def check_picture(table: Table, look: AvatarConfig, *, thorough: bool = False) -> None:
    """Raises a VtdriveError for what can be known to go wrong with a sink that shows `look`: an
    avatar that is not there, an avatar.toml or background that is wrong, a package that is missing.

    30 ms; `thorough` also reads the avatar's drawings, which takes the process that paints 0.4 s.
    """
    from vtdrive.render.background import Background
    from vtdrive.render.format.read import read_avatar
    from vtdrive.render.library import avatar_folder
    from vtdrive.render.rig import load_rig

    kind = str(getattr(table, "kind", ""))
    package, extra = _EXTRAS.get(kind, ("", ""))
    if package and find_spec(package) is None:
        raise MissingExtra(f"the sink {kind}", f'pip install "vtdrive[{extra}]"')
    folder = avatar_folder(look.name)
    if thorough:
        load_rig(folder)
    else:
        read_avatar(folder)
    Background(look.background, (64, 64))


REAL: Final = Makers(_make_drawer, make_output, check_picture)
"""The avatar, in the outputs that users know."""
