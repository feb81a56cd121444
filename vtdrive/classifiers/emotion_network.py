"""An ONNX file as its card describes it: which input, which outputs, how many faces at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vtdrive.classifiers.emotion_card import EmotionCard
from vtdrive.config.wording import not_allowed
from vtdrive.errors import ModelError
from vtdrive.inference import PROVIDERS, open_instead, open_preferred
from vtdrive.types import F32, U8

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["EmotionNetwork"]

_REMEDY: Final = (
    "restore the model and its card together, correct the card (docs/how-to/emotion-models.md),"
    " or leave the setting out to use the shipped one"
)
_BATCH: Final = 32
"""Faces at once where the network takes any number: more need memory and are no faster."""
_LEAST: Final = 1e-30
"""A probability of 0, before its logarithm is taken."""


class EmotionNetwork:
    """Crops in, what the network says of them out. Raises ModelError wherever it cannot be run."""

    def __init__(self, model: bytes, card: EmotionCard, *, name: str, provider: str) -> None:
        """Loads, holds the file against its card, and runs it once. `name` is for sentences."""
        self._card = card
        self._name = name
        self._input = ""
        self._outputs: list[str] = []
        self._planes = 1
        self._at_once: int | None = None
        self._provider = provider
        self._session, note = open_preferred(model, name=name, provider=provider, trial=self._try)
        self.notes = (note,) if note else ()
        """What the user should know of the provider; grows where it breaks later."""
        elsewhere = self._session.get_providers()[0] != PROVIDERS["cpu"]
        self._spare = model if elsewhere else None
        """To go on with on the CPU."""

    def __call__(self, crops: U8) -> tuple[F32, F32]:
        """(N, S, S) greys, or (N, S, S, 3) RGB where the card says so, to (N, K) and (N, D).

        The first are logits, or logarithms of what the card calls probabilities, in the network's
        order; the second is empty, (N, 0), where there is no embedding.
        """
        try:
            said, embedding = self._run(self._session, crops)
        except ModelError as fault:
            if self._spare is None:
                raise
            # A driver that was updated or a GPU that went away must not end the emotion of a run.
            self._session, note = open_instead(
                self._spare, name=self._name, provider=self._provider, fault=fault
            )
            self._spare, self.notes = None, (*self.notes, note)
            said, embedding = self._run(self._session, crops)
        if self._card.probabilities is not None:
            said = np.log(np.maximum(said, np.float32(_LEAST)))
        return said, embedding

    def _run(self, session: onnxruntime.InferenceSession, crops: U8) -> tuple[F32, F32]:
        n, size = len(crops), self._at_once or _BATCH
        if n == 0:  # the network still tells how many numbers each face would have
            said, embedding = self._part(session, np.zeros((1, *crops.shape[1:]), np.uint8))
            return said[:0], embedding[:0]
        parts = [self._part(session, crops[at : at + size]) for at in range(0, n, size)]
        said, embedding = (np.concatenate(rows) for rows in zip(*parts, strict=True))
        return said, embedding

    def _part(self, session: onnxruntime.InferenceSession, crops: U8) -> tuple[F32, F32]:
        """As many faces as the network takes at once, at most."""
        n = len(crops)
        x = self._prepared(crops)
        if self._at_once is not None and n < self._at_once:
            x = np.concatenate([x, np.repeat(x[-1:], self._at_once - n, 0)])
        try:
            raw, *more = session.run(self._outputs, {self._input: x})
            said, embedding = (
                np.asarray(out, np.float32).reshape(len(x), -1)[:n]
                for out in (raw, more[0] if more else np.empty((len(x), 0)))
            )
        except Exception as fault:  # onnxruntime's share no base, and outputs may be of any type
            raise ModelError(f"model {self._name} failed: {fault}", _REMEDY) from fault
        return said, embedding

    def _prepared(self, crops: U8) -> F32:
        # cv2 costs start-up time that a process without emotions need not pay.
        from vtdrive.classifiers.crop import standardised, to_input

        card = self._card
        shown: U8 | F32 = crops[..., ::-1] if card.channels == "bgr" else crops
        mean, std = card.mean, card.std
        if card.scaling == "face":
            # What `to_input` then divides by 255 it also multiplies by it.
            shown, mean, std = standardised(shown), (0.0,), (1 / 255,)
        if not card.colour and self._planes > 1:
            shown = np.repeat(shown[..., None], self._planes, -1)
        x = to_input(shown, size_px=card.input_px, mean=mean, std=std)
        return x if card.layout == "nchw" else np.ascontiguousarray(x.transpose(0, 2, 3, 1))

    def _try(self, session: onnxruntime.InferenceSession) -> None:
        """Reads the file's own description, then runs a picture of greys that are all different."""
        self._read_input(session)
        self._read_outputs(session)
        side = self._card.crop_px
        slope = np.linspace(0, 255, side * side).astype(np.uint8).reshape(1, side, side)
        picture = np.repeat(slope[..., None], 3, -1) if self._card.colour else slope
        said, _ = self._run(session, picture)
        self._check_count(said.shape[1])
        self._check_meaning(said[0])

    def _read_input(self, session: onnxruntime.InferenceSession) -> None:
        inputs, card = session.get_inputs(), self._card
        if len(inputs) != 1:
            raise self._unfit(f"must have one input; it has {len(inputs)}")
        (only,) = inputs
        if only.type != "tensor(float)":
            raise self._unfit(f"takes {only.type}, but vtdrive gives 32-bit floats")
        shape: list[Any] = only.shape
        side, wanted = card.input_px, 3 if card.colour else 1
        if len(shape) != 4:
            raise self._unfit(f"takes {shape}, but a batch of pictures has four dimensions")
        at = 1 if card.layout == "nchw" else 3
        planes, sides = shape[at], [n for i, n in enumerate(shape) if i not in (0, at)]
        allowed = (wanted,) if card.colour else (1, 3)
        if (isinstance(planes, int) and planes not in allowed) or not _may_be(sides, side):
            raise self._unfit(
                f"takes {shape}, but its card says {wanted} × {side} px {card.channels}"
                f" ({card.layout})"
            )
        self._planes = planes if isinstance(planes, int) else wanted
        for key, values in (("mean", card.mean), ("std", card.std)):
            if len(values) not in (0, 1, self._planes):
                raise self._unfit(f"has {self._planes} channel, but its card's {key} has three")
        self._input = only.name
        self._at_once = shape[0] if isinstance(shape[0], int) else None

    def _read_outputs(self, session: onnxruntime.InferenceSession) -> None:
        has, card = [output.name for output in session.get_outputs()], self._card
        for key, name in (
            ("logits", card.logits),
            ("probabilities", card.probabilities),
            ("embedding", card.embedding),
        ):
            if name is not None and name not in has:
                raise self._unfit(
                    f"has other outputs than its card's {key}: "
                    + not_allowed(name, has, what="none of them")
                )
        said = card.probabilities or card.logits or ("logits" if "logits" in has else None)
        if said is None:
            raise self._unfit(
                f"has no output 'logits', but {', '.join(has)}; name one under [outputs] of its"
                " card, as logits or as probabilities"
            )
        embedding = card.embedding or ("embedding" if "embedding" in has else None)
        self._outputs = [said, *([embedding] if embedding else [])]

    def _check_count(self, outputs: int) -> None:
        labels = len(self._card.labels)
        if outputs != labels:
            raise self._unfit(f"has {outputs} outputs, but its card names {labels} labels")

    def _check_meaning(self, said: F32) -> None:
        """That logits are not taken for probabilities, nor the reverse, in so far as it shows."""
        if not np.isfinite(said).all():
            return
        total = float(said.sum(dtype=np.float64))
        shares = bool((said >= 0).all()) and abs(total - 1) < 0.02
        if self._card.probabilities is not None and not shares:
            raise self._unfit(
                f"gives values from {said.min():.3g} that add up to {total:.3g}, but its card"
                " calls them probabilities: are they logits?"
            )
        if self._card.probabilities is None and shares and len(said) > 1 and abs(total - 1) < 1e-4:
            raise self._unfit(
                "gives values that add up to 1, but its card calls them logits: name them under"
                " [outputs], as probabilities"
            )

    def _unfit(self, what: str) -> ModelError:
        return ModelError(f"model {self._name} {what}", _REMEDY)


def _may_be(sizes: Sequence[Any], wanted: int) -> bool:
    """Whether dimensions, some of them free, allow this many pixels."""
    return all(size == wanted for size in sizes if isinstance(size, int))
