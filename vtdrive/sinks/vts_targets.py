"""What an emotion switches in VTube Studio's model, and what is known of its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vtdrive.config.sinks import VtsSink
from vtdrive.wire.vts_replies import Hotkey

__all__ = ["Target", "TargetState", "hotkey_named", "targets_of"]


@dataclass(frozen=True, slots=True)
class Target:
    """Something in the model that an emotion switches."""

    kind: Literal["hotkey", "expression"]
    name: str
    """As the config has it."""

    def __str__(self) -> str:
        return f"the {self.kind} {self.name!r}"


@dataclass(slots=True)
class TargetState:
    """What is known of one target, and when it may be touched."""

    on: bool = False
    """As far as is known; kept by what was done and by what VTube Studio tells."""
    due_s: float = 0.0
    """Not touched before this loop time."""
    retries: int = 0
    broken: bool = False
    """It cannot work with this model."""
    left_alone: bool = False
    """The user has pressed it: theirs until the emotion changes."""


def targets_of(config: VtsSink, emotion: str) -> frozenset[Target]:
    """What `emotion`, one of `vocab.EMOTIONS`, switches."""
    hotkey = getattr(config.hotkeys, emotion).strip()
    expression = getattr(config.expressions, emotion).strip()
    pair = (Target("hotkey", hotkey), Target("expression", expression))
    return frozenset(target for target in pair if target.name)


def hotkey_named(name: str, hotkeys: tuple[Hotkey, ...]) -> Hotkey | None:
    """By ID, else by name as VTube Studio does it: the first one, in any case."""
    for key in hotkeys:
        if key.hotkey_id == name:
            return key
    wanted = name.casefold()
    return next((key for key in hotkeys if key.name.casefold() == wanted), None)
