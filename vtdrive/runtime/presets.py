"""Configs that are laid over a run's own while it goes on, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vtdrive.config.schema import Config
from vtdrive.config.wording import not_allowed
from vtdrive.errors import UsageError

__all__ = ["Presets"]

_OWN = "none"
"""The name for the run's own config without any preset."""


class Presets:
    """Which preset is in force, and the way to another. One thread at a time."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        load: Callable[[Sequence[Path]], Config],
        use: Callable[[Config], None],
    ) -> None:
        """`load` makes the config of the run with these files over it; `use` puts it in force."""
        self.paths = tuple(paths)
        self._load = load
        self._use = use
        self._at: int | None = None

    def check(self) -> None:
        """Raises ConfigError where one of them is faulty: better before a stream than in it."""
        for path in self.paths:
            self._load((path,))

    @property
    def name(self) -> str:
        """Of the preset in force; empty without one."""
        return "" if self._at is None else self.paths[self._at].stem

    @property
    def layer(self) -> tuple[Path, ...]:
        """The files of the preset in force, to be laid over the run's own."""
        return () if self._at is None else (self.paths[self._at],)

    def choose(self, which: str) -> str:
        """Put a preset in force; its name. Raises UsageError, ConfigError where it is faulty: the
        one before stays then."""
        at = self._found(which)
        layer = () if at is None else (self.paths[at],)
        config = self._load(layer)
        self._use(config)
        self._at = at
        return "the config of the run" if at is None else f"preset {self.paths[at].stem}"

    def _found(self, which: str) -> int | None:
        if which.lower() == _OWN:
            return None
        if not self.paths:
            raise UsageError(
                "there are no presets", 'name their files: [control] presets = ["calm.toml"]'
            )
        if which in ("next", "previous"):
            step = 1 if which == "next" else -1
            start = (-1 if step > 0 else 0) if self._at is None else self._at
            return (start + step) % len(self.paths)
        names = [path.stem.lower() for path in self.paths]
        wanted = which.lower().removesuffix(".toml")
        if wanted not in names:
            allowed = [*(path.stem for path in self.paths), "next", "previous", _OWN]
            raise UsageError(
                f"the preset {not_allowed(which, allowed)}",
                "add its file to [control] presets, or name one of these",
            )
        return names.index(wanted)
