"""What an import comes to: the tables of an avatar, its pictures, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vtdrive.render.format.avatar import Avatar
from vtdrive.render.importing.art import Picture
from vtdrive.render.importing.names import slug

__all__ = ["Imported", "Table", "imported", "unique"]

Table = dict[str, Any]
"""A table of `avatar.toml` to be."""
MAX_NOTES: Final = 40


@dataclass(frozen=True, slots=True)
class Imported:
    """An avatar that is not written yet."""

    avatar: Avatar
    pictures: Mapping[str, Picture]
    """Path within the avatar's folder -> what is written there."""
    notes: list[str] = field(default_factory=list)
    """What was not taken over, a line each."""


def imported(
    name: str, tables: Table, pictures: Mapping[str, Picture], notes: list[str], *, about: str
) -> Imported:
    """Checked against the format; many notes are cut short."""
    head = {"name": " ".join(name.split())[:60] or "imported", "about": about}
    avatar = Avatar.model_validate({**head, **tables})
    notes = list(dict.fromkeys(" ".join(note.split()) for note in notes))
    if len(notes) > MAX_NOTES:
        notes = [*notes[:MAX_NOTES], f"… and {len(notes) - MAX_NOTES} more"]
    return Imported(avatar, pictures, notes)


def unique(text: str, taken: Callable[[str], bool], *, otherwise: str) -> str:
    """A short name from `text` (or `otherwise`) that is not `taken`; with a number if need be."""
    stem = slug(text) or otherwise
    found, number = stem, 1
    while taken(found):
        number += 1
        found = f"{stem}-{number}"
    return found
