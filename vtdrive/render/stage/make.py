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

__all__ = ["PICTURE_KINDS", "REAL", "make_output"]

_MADE_BY: Final = {
    "virtualcam": "virtualcam:VirtualCam",
    "window": "window:Window",
    "page": "page:Page",
}
"""Kind -> module in this folder and class, imported only in the process that paints."""
PICTURE_KINDS: Final = tuple(_MADE_BY)
"""Kinds of sinks that show the avatar's picture while live."""
_EXTRAS: Final = {"virtualcam": ("pyvirtualcam", 'pip install "vtdrive[virtualcam]"')}
"""Kind -> the package that it cannot do without, and how to get it."""


def make_output(table: Table) -> Output:
    """The output for `table`, not open yet. Raises UsageError for a kind that shows no pictures."""
    kind = str(getattr(table, "kind", ""))
    if kind not in _MADE_BY:
        raise UsageError(
            f"the sink kind {kind!r} shows no pictures", f"use one of {', '.join(PICTURE_KINDS)}"
        )
    module, _, name = _MADE_BY[kind].partition(":")
    made = getattr(import_module(f"vtdrive.render.stage.{module}"), name)
    return cast("Callable[[Table], Output]", made)(table)


def _make_drawer(look: AvatarConfig) -> Draws:
    from vtdrive.render.drawer import Drawer

    return Drawer(look)


def _check(table: Table, look: AvatarConfig) -> None:
    from vtdrive.render.background import Background
    from vtdrive.render.library import avatar_folder
    from vtdrive.render.rig import load_rig

    kind = str(getattr(table, "kind", ""))
    package, install = _EXTRAS.get(kind, ("", ""))
    if package and find_spec(package) is None:
        raise MissingExtra(f"the sink {kind}", install)
    load_rig(avatar_folder(look.name))
    Background(look.background, (64, 64))


REAL: Final = Makers(_make_drawer, make_output, _check)
"""The avatar, in the outputs that users know."""
