"""What the classifier must know about its model, read from the model's card."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vtdrive.assets import ModelCard
from vtdrive.errors import ModelError
from vtdrive.vocab import EMOTIONS

__all__ = ["EmotionCard"]


@dataclass(frozen=True, slots=True)
class EmotionCard:
    """The facts that decide how a face becomes probabilities."""

    labels: tuple[str, ...]
    """The eight of `vocab.EMOTIONS`, in the order of the network's outputs."""
    crop_px: int
    """Resolution of the face before it is brought to the input size."""
    margin: float
    lift: float
    """Both as in `crop.aligned_crop`."""
    input_px: int
    mean: float
    std: float
    temperature: float
    """Probabilities are softmax(logits / temperature)."""

    @classmethod
    def read(cls, card: ModelCard) -> EmotionCard:
        """Raises ModelError that names the first fact that is missing or impossible."""
        name = card.path.with_suffix(".toml").name
        if card.kind != "emotion":
            raise ModelError(
                f"{name} describes a model of kind '{card.kind}', not 'emotion'",
                "name an emotion model, or leave the setting out to use the shipped one",
            )
        labels = card.facts.get("labels")
        if not isinstance(labels, list) or sorted(map(str, labels)) != sorted(EMOTIONS):
            raise ModelError(
                f"{name}: labels must name each of {', '.join(EMOTIONS)} once; found {labels!r}",
                "list the network's outputs in their order",
            )
        crop, given = _table(card.facts, "crop", name), _table(card.facts, "input", name)
        return cls(
            labels=tuple(labels),
            crop_px=_pixels(crop, "size_px", f"{name}: crop"),
            margin=_number(crop, "margin", f"{name}: crop", above=0.0),
            lift=_number(crop, "lift", f"{name}: crop"),
            input_px=_pixels(given, "size_px", f"{name}: input"),
            mean=_number(given, "mean", f"{name}: input"),
            std=_number(given, "std", f"{name}: input", above=0.0),
            temperature=_number(card.facts, "temperature", name, above=0.0),
        )


def _table(facts: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    table = facts.get(key)
    if not isinstance(table, dict):
        raise ModelError(f"{where} lacks the table '{key}'", "restore the card, or complete it")
    return table


def _number(facts: Mapping[str, Any], key: str, where: str, *, above: float = -math.inf) -> float:
    value = facts.get(key)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not above < value < math.inf
    ):
        bound = f" above {above:g}" if above > -math.inf else ""
        raise ModelError(
            f"{where}: '{key}' must be a number{bound}; found {value!r}",
            "restore the card, or complete it",
        )
    return float(value)


def _pixels(facts: Mapping[str, Any], key: str, where: str) -> int:
    value = _number(facts, key, where, above=0.0)
    if value != int(value) or value > 1024:
        raise ModelError(
            f"{where}: '{key}' must be a whole number of pixels up to 1024; found {value:g}",
            "restore the card, or complete it",
        )
    return int(value)
