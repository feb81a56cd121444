"""From the labels of any model to the eight of `vocab.EMOTIONS`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from vtdrive.classifiers.card_facts import CardFacts
from vtdrive.config.nearest import nearest
from vtdrive.config.wording import described, not_allowed
from vtdrive.errors import ModelError
from vtdrive.types import F32
from vtdrive.vocab import EMOTION_ALIASES, EMOTIONS, emotion_named

__all__ = ["IMPOSSIBLE", "Labels"]

IMPOSSIBLE: Final = -1e6
"""Logit of an emotion that no label stands for. Its probability is exactly 0, as with minus
infinity; unlike that, it can be subtracted from itself."""


class Labels:
    """What each output of a network stands for."""

    def __init__(self, names: Sequence[str], meanings: Sequence[str]) -> None:
        """`meanings` are of `EMOTIONS`, "" for an output that is left out, in the same order."""
        self.names = tuple(names)
        self.meanings = tuple(meanings)
        self._of = [
            [i for i, meant in enumerate(self.meanings) if meant == emotion] for emotion in EMOTIONS
        ]
        self._order = [i for found in self._of for i in found]
        self._one_each = all(len(found) == 1 for found in self._of)

    @classmethod
    def read(cls, card: CardFacts) -> Labels:
        """From `labels` and the table `[map]` of a card.

        Raises ModelError for a label that stands there twice or means none of the eight, and for a
        line of `[map]` that names no label or no emotion.
        """
        names = card.texts("labels")
        for i, name in enumerate(names):
            if name.casefold() in (other.casefold() for other in names[:i]):
                raise card.wrong("labels", f"names '{name}' twice")
        mapped = _mapped(card.table("map"), names)
        meanings = [mapped.get(name, emotion_named(name)) for name in names]
        for name, meant in zip(names, meanings, strict=True):
            if meant is None:
                raise _unknown(card, name)
        if not any(meanings):
            raise card.wrong("labels", "leaves no emotion: [map] ignores every one")
        return cls(names, [meant or "" for meant in meanings])

    def eight(self, logits: F32, *, temperature: float) -> F32:
        """(N, K) logits in the network's order to (N, 8) in that of `EMOTIONS`.

        Where several labels mean one emotion, its probability is the sum of theirs at this
        temperature; labels left out leave their share to the rest; emotions without a label get
        `IMPOSSIBLE`. NaN stays NaN.
        """
        found: F32 = np.maximum(logits, np.float32(IMPOSSIBLE))
        if self._one_each:
            return found[:, self._order]
        out = np.full((len(found), len(EMOTIONS)), IMPOSSIBLE, np.float32)
        for emotion, labels in enumerate(self._of):
            if len(labels) == 1:
                out[:, emotion] = found[:, labels[0]]
            elif labels:
                out[:, emotion] = _added(found[:, labels], temperature)
        return out


def _added(logits: F32, temperature: float) -> F32:
    """(N, K) to (N,): the one logit whose share is that of all K together."""
    scaled = logits.astype(np.float64) / temperature
    top = scaled.max(1)
    # Infinities minus themselves are NaN, which is what becomes of them anyway.
    with np.errstate(invalid="ignore"):
        total = top + np.log(np.exp(scaled - top[:, None]).sum(1))
    out: F32 = (total * temperature).astype(np.float32)
    return out


def _mapped(table: CardFacts, names: Sequence[str]) -> dict[str, str]:
    """The lines of `[map]`: label to emotion, or to "" where it is left out."""
    found: dict[str, str] = {}
    for name, value in table.items():
        if name not in names:
            raise ModelError(
                f"{table.where}: {not_allowed(name, names, what='none of the labels')}",
                "write it as it stands in labels, or take the line out",
            )
        meant = "" if value == "" else emotion_named(value) if isinstance(value, str) else None
        if meant is None:
            said = value if isinstance(value, str) else described(value)
            raise table.wrong(
                name,
                f"means {not_allowed(said, EMOTIONS, what='no emotion')}",
                'name one of the eight, or "" to leave this output out',
            )
        found[name] = meant
    return found


def _unknown(card: CardFacts, name: str) -> ModelError:
    words = {alias: meant for meant in EMOTIONS for alias in (meant, *EMOTION_ALIASES[meant])}
    near = nearest(name, words)
    hint = f" (did you mean '{near}'?)" if near else ""
    return card.wrong(
        "labels",
        f"names '{name}', which is none of {', '.join(EMOTIONS)}, nor another word for one{hint}",
        f'say under [map] what it means: "{name}" = "{words[near] if near else "neutral"}", or'
        ' "" to leave that output out',
    )
