"""From a sink's config to the output that shows its pictures."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from vtdrive.config.base import Table
from vtdrive.errors import UsageError
from vtdrive.render.stage.output import Output

__all__ = ["PICTURE_KINDS", "make_output"]

_MADE_BY: Final = {
    "virtualcam": "virtualcam:VirtualCam",
    "window": "window:Window",
    "page": "page:Page",
}
"""Kind -> module in this folder and class, imported only in the process that paints."""
PICTURE_KINDS: Final = tuple(_MADE_BY)
"""Kinds of sinks that show the avatar's picture while live."""


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
