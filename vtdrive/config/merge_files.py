"""Config files laid over each other, remembering which file and line every value came from.

Tables merge key by key and the later file wins, with two exceptions: an entry of `[outputs]`,
`[shapes]` or `[overlay]` replaces the former entry of that name whole, since half of one formula
and half of another make nonsense; and `[[sinks]]` and `[[inputs]]` add up, so that presets combine.
"""

from __future__ import annotations

from typing import Any

from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.documents import Document, leaves
from vtdrive.config.positions import Path
from vtdrive.config.problems import DEFAULT, Origin, Problem
from vtdrive.config.shape import slot_at
from vtdrive.config.wording import described

__all__ = ["Layers"]

_WHOLE = ("outputs", "shapes", "overlay")
_ADDED = tuple((name,) for name in TABLE_LISTS)


class Layers:
    """The effective values so far, and where each was written."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}
        self._origins: dict[Path, Origin] = {}

    def origin(self, path: Path) -> Origin:
        """Where `path` was last written, else the nearest table around it."""
        for end in range(len(path), 0, -1):
            found = self._origins.get(path[:end])
            if found is not None:
                return found
        return Origin("config")

    def latest_under(self, path: Path, names: frozenset[str]) -> Path:
        """The key directly in table `path` that a user most likely means by a fault in all of it:
        written in a file rather than a default, one of `names` if any is, and the lowest down."""
        keys = [(*path, key) for key in self._keys(path)]
        written = [key for key in keys if self.origin(key).source != DEFAULT]
        written = [key for key in written if key[-1] in names] or written
        return max(written, key=lambda key: self.origin(key).line, default=path)

    def add(self, document: Document) -> list[Problem]:
        """Lay `document` over what is there. Returns where table meets value: those are skipped."""
        problems: list[Problem] = []
        self._merge(self.tree, document.tree, (), document, problems)
        return problems

    def drop(self, path: Path) -> None:
        """Take a value out, after a problem with it was noted, so that it is reported once."""
        node: Any = self.tree
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    def _merge(
        self,
        into: dict[str, Any],
        new: dict[str, Any],
        path: Path,
        document: Document,
        problems: list[Problem],
    ) -> None:
        for key, value in new.items():
            here = (*path, key)
            old = into.get(key)
            if isinstance(old, dict | list) and type(old) is not type(value):
                problems.append(_clash(here, value, document))
            elif here in _ADDED and isinstance(value, list):
                into[key] = [*(old or []), *value]
                self._note(here, value, document, shift=len(old or []))
            elif isinstance(old, dict) and not (len(path) == 1 and path[0] in _WHOLE):
                self._origins[here] = document.origin(here)
                self._merge(old, value, here, document, problems)
            else:
                if isinstance(old, dict | list):
                    self._forget(here)
                into[key] = _copy(value)
                self._note(here, value, document)

    def _note(self, path: Path, value: Any, document: Document, *, shift: int = 0) -> None:
        """Record the origin of `value` and of everything in it; `shift` counts earlier entries."""
        for leaf, _ in leaves(value, path):
            for end in range(len(path), len(leaf) + 1):
                at = leaf[:end]
                to = at
                if shift and len(at) > len(path):
                    to = (*path, int(at[len(path)]) + shift, *at[len(path) + 1 :])
                self._origins[to] = document.origin(at)

    def _forget(self, path: Path) -> None:
        for old in [p for p in self._origins if p[: len(path)] == path]:
            del self._origins[old]

    def _keys(self, path: Path) -> list[str]:
        node: Any = self.tree
        for step in path:
            node = node[step]
        return list(node) if isinstance(node, dict) else []


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(child) for key, child in value.items()}
    return [_copy(child) for child in value] if isinstance(value, list) else value


def _clash(path: Path, value: Any, document: Document) -> Problem:
    slot = slot_at(path, {})
    name = ".".join(str(step) for step in path)
    reason = f"wants {slot.wanted if slot else 'another type'}; got {described(value)}"
    if slot and slot.is_table:
        reason = f"is a table: write [{name}] on a line of its own, and its keys below"
        if isinstance(value, list):
            reason = f"is one table: write [{name}] with single brackets"
    elif isinstance(value, dict) and path in _ADDED:
        reason = f"may be many: write [[{name}]] with double brackets"
    return Problem(document.origin(path), path, reason)
