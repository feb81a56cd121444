"""What the tables of inputs share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.base import Ms, Table

__all__ = ["CHANNELS", "Channel", "InputTable", "ListenPort"]

ListenPort = Annotated[int, Field(ge=1, le=65535)]

Channel = Literal["head", "gaze", "lids", "brows", "mouth", "cheeks", "tongue", "emotion"]
CHANNELS: tuple[Channel, ...] = (
    "head", "gaze", "lids", "brows", "mouth", "cheeks", "tongue", "emotion",
)  # fmt: skip
"""Parts of a face that inputs can drive, one by one. `lids` are blinks, wide and narrow eyes;
`mouth` includes the jaw, `cheeks` the nose; `emotion` are expressions that the other app names."""


class InputTable(Table):
    """Options of every program or device that tracking comes from."""

    example: ClassVar[str]
    """A URL that works, for messages and `--help`."""

    channels: tuple[Channel, ...] = ()
    """What it drives: head, gaze, lids, brows, mouth, cheeks, tongue, emotion. Empty: all that it
    measures. Where several inputs offer a channel, the first one that has a face wins it, and the
    camera has what nobody claims."""
    rank: Literal["first", "fallback"] = "first"
    """`first`: before the camera; `fallback`: it drives its channels only while the camera sees no
    face and no other input has them."""
    stale_ms: Ms = 500.0
    """Silent, or without a face, for this long: it counts as lost."""
    when_lost: Literal["camera", "hold", "neutral"] = "camera"
    """What its channels do once it is lost: the camera (or the next input) takes over, they stay as
    they were, or they ease to neutral. An input that was never there has nothing to keep."""
