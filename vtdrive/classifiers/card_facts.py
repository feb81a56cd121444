"""Reading a model's card: every fault names the file, the key, what is allowed and what is near."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from vtdrive.config.nearest import nearest
from vtdrive.config.wording import described, not_allowed
from vtdrive.errors import ModelError

__all__ = ["CardFacts"]

_REMEDY = "restore the card, or correct it: docs/how-to/emotion-models.md"


class CardFacts:
    """One table of a card. Every method raises ModelError where a fact is missing or impossible."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        """`where` begins each sentence: `mine.toml`, or `mine.toml: [crop]`."""
        self._table = table
        self.where = where

    def table(self, key: str) -> CardFacts:
        """A table within; empty where the card has none of that name."""
        found = self._table.get(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, f"must be a table, [{key}]; found {described(found)}")
        return CardFacts(found, f"{self.where}: [{key}]")

    def require(self, *keys: str) -> None:
        """These tables must be there."""
        for key in keys:
            if not isinstance(self._table.get(key), dict):
                near = nearest(key, self._table)
                hint = f" (did you mean it by '{near}'?)" if near else ""
                raise ModelError(f"{self.where} lacks the table '{key}'{hint}", _REMEDY)

    def only(self, allowed: Iterable[str]) -> None:
        """No other keys than these."""
        known = list(allowed)
        for key in self._table:
            if key not in known:
                raise ModelError(
                    f"{self.where}: {not_allowed(key, known, what='an unknown key')}", _REMEDY
                )

    def none_like(self, known: Sequence[str]) -> None:
        """Other keys are free, but must not look like one of these misspelt."""
        for key in self._table:
            meant = None if key in known else nearest(key, known, at_least=0.8)
            if meant is not None:
                raise ModelError(
                    f"{self.where}: unknown key '{key}' (did you mean '{meant}'?)", _REMEDY
                )

    def items(self) -> list[tuple[str, Any]]:
        """Every key with its value, unchecked."""
        return list(self._table.items())

    def has(self, key: str) -> bool:
        """Whether the key is there at all."""
        return key in self._table

    def number(self, key: str, *, above: float = -math.inf, default: float | None = None) -> float:
        """A finite number above a bound."""
        value = self._table.get(key, default)
        if not _is_number(value, above=above):
            bound = f" above {above:g}" if above > -math.inf else ""
            raise self.wrong(key, f"must be a number{bound}; found {self._found(key)}")
        return float(value)

    def numbers(self, key: str, *, above: float = -math.inf) -> tuple[float, ...]:
        """One finite number, or a list of three, one for each channel."""
        value = self._table.get(key)
        row = value if isinstance(value, list) else [value]
        sound = [float(one) for one in row if _is_number(one, above=above)]
        if len(row) not in (1, 3) or len(sound) != len(row):
            bound = f" above {above:g}" if above > -math.inf else ""
            wanted = f"must be a number{bound}, or a list of three of them, one for each channel"
            raise self.wrong(key, f"{wanted}; found {self._found(key)}")
        return tuple(sound)

    def pixels(self, key: str) -> int:
        """A whole number from 1 to 1024."""
        value = self.number(key, above=0.0)
        if value != int(value) or value > 1024:
            raise self.wrong(key, f"must be a whole number of pixels up to 1024; found {value:g}")
        return int(value)

    def choice(self, key: str, allowed: Sequence[str], *, default: str) -> str:
        """One of a few words."""
        value = self._table.get(key, default)
        if value not in allowed:
            raise self.wrong(key, not_allowed(str(value), allowed))
        return str(value)

    def text(self, key: str) -> str | None:
        """A text that is not empty, or None where there is none."""
        value = self._table.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            raise self.wrong(key, f"must be a name; found {self._found(key)}")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts, none empty, at least one."""
        value = self._table.get(key)
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(one, str) and one for one in value)
        ):
            raise self.wrong(key, f"must be a list of names; found {self._found(key)}")
        return value

    def wrong(self, key: str, why: str, remedy: str = _REMEDY) -> ModelError:
        """The error to raise about one key."""
        return ModelError(f"{self.where}: '{key}' {why}", remedy)

    def _found(self, key: str) -> str:
        """The value in words; or, where the key is missing, the one that may stand for it."""
        if key in self._table:
            return described(self._table[key])
        near = nearest(key, self._table)
        return f"'{near}' instead" if near else "none"


def _is_number(value: object, *, above: float) -> TypeGuard[int | float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value > above
    )
