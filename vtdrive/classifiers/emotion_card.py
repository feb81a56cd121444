"""What the classifier must know about its model, read from the model's card."""

from __future__ import annotations

from dataclasses import dataclass

from vtdrive.assets import ModelCard
from vtdrive.classifiers.card_facts import CardFacts
from vtdrive.classifiers.labels import Labels
from vtdrive.errors import ModelError

__all__ = ["CHANNELS", "LAYOUTS", "SCALINGS", "EmotionCard"]

SCALINGS = ("fixed", "face")
CHANNELS = ("grey", "rgb", "bgr")
LAYOUTS = ("nchw", "nhwc")

_KNOWN = ("kind", "sha256", "labels", "temperature", "crop", "input", "outputs", "map")
_CROP = ("size_px", "margin", "lift")
_INPUT = ("size_px", "scaling", "channels", "layout", "mean", "std")
_OUTPUTS = ("logits", "probabilities", "embedding")


@dataclass(frozen=True, slots=True)
class EmotionCard:
    """The facts that decide how a face becomes probabilities."""

    labels: tuple[str, ...]
    """As the card writes them, in the order of the network's outputs."""
    label_map: Labels
    """What they mean."""
    crop_px: int
    """Resolution of the face before it is brought to the input size."""
    margin: float
    lift: float
    """Both as in `crop.aligned_crop`."""
    input_px: int
    scaling: str
    """`fixed`: (x / 255 - mean) / std; `face`: `crop.standardised`, before it is enlarged."""
    channels: str
    """`grey` (repeated, where the network has three channels), `rgb` or `bgr`."""
    layout: str
    """`nchw` or `nhwc`."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    """One number, or one for each channel in the network's order; empty where scaling is `face`."""
    logits: str | None
    probabilities: str | None
    embedding: str | None
    """Names of the outputs; None where the card is silent. At most one of the first two is given"""
    temperature: float
    """Probabilities are softmax(logits / temperature)."""

    @property
    def colour(self) -> bool:
        """Whether crops are (S, S, 3) and not (S, S)."""
        return self.channels != "grey"

    @classmethod
    def read(cls, card: ModelCard) -> EmotionCard:
        """Raises ModelError that names the first fact that is missing or impossible."""
        name = card.path.with_suffix(".toml").name
        if card.kind != "emotion":
            raise ModelError(
                f"{name} describes a model of kind '{card.kind}', not 'emotion'",
                "name an emotion model, or leave the setting out to use the shipped one",
            )
        facts = CardFacts(card.facts, name)
        facts.require("crop", "input")
        facts.none_like(_KNOWN)
        crop, given, outputs = (facts.table(key) for key in ("crop", "input", "outputs"))
        for table, keys in ((crop, _CROP), (given, _INPUT), (outputs, _OUTPUTS)):
            table.only(keys)
        labels = Labels.read(facts)
        scaling = given.choice("scaling", SCALINGS, default="fixed")
        return cls(
            labels=labels.names,
            label_map=labels,
            crop_px=crop.pixels("size_px"),
            margin=crop.number("margin", above=0.0),
            lift=crop.number("lift"),
            input_px=given.pixels("size_px"),
            scaling=scaling,
            channels=given.choice("channels", CHANNELS, default="grey"),
            layout=given.choice("layout", LAYOUTS, default="nchw"),
            mean=_levels(given, "mean", scaling),
            std=_levels(given, "std", scaling, above=0.0),
            logits=outputs.text("logits"),
            probabilities=_either(outputs),
            embedding=outputs.text("embedding"),
            temperature=facts.number("temperature", above=0.0, default=1.0),
        )


def _levels(
    given: CardFacts, key: str, scaling: str, *, above: float = float("-inf")
) -> tuple[float, ...]:
    if scaling != "face":
        return given.numbers(key, above=above)
    if given.has(key):
        raise given.wrong(
            key,
            'has no use beside scaling = "face", which measures every face by itself',
            'take it out, or write scaling = "fixed"',
        )
    return ()


def _either(outputs: CardFacts) -> str | None:
    if outputs.has("logits") and outputs.has("probabilities"):
        raise outputs.wrong(
            "probabilities", "stands beside 'logits', but one of them is read", "take one out"
        )
    return outputs.text("probabilities")
