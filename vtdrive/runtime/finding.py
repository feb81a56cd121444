"""What a look at the machine or the config brought up."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    remedy: str = ""
    fatal: bool = False
    """A run would fail over it."""

    @property
    def mark(self) -> str:
        return "✗" if self.fatal else "!" if self.remedy else "✓"
