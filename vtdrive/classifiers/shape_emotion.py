"""Emotion from the tracker's 52 blendshapes, by the small network in `models/emotion-shapes.onnx`.

It looks at no pixel, so it costs next to nothing, and what misleads the big network (light, skin,
background, a hand's texture) does not reach it; it misses what blendshapes do not tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vtdrive.assets import ModelCard, data_dir, load_card, verified
from vtdrive.classifiers.softmax import softmax
from vtdrive.errors import ModelError
from vtdrive.inference import open_session
from vtdrive.types import F32, Emotion, Face, VideoFrame, frozen
from vtdrive.vocab import EMOTIONS, SHAPES

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["SHAPES_MODEL", "ShapeEmotion", "given"]

SHAPES_MODEL = "emotion-shapes.onnx"

_REMEDY = "restore the model and its card together, or reinstall vtdrive"


def given(shapes: F32) -> bool:
    """Whether a tracker measured these (52,): 52 exact zeros are a tracker that has none."""
    return bool(np.isfinite(shapes).all() and np.any(shapes))


class ShapeEmotion:
    """A `Classifier` that reads `Face.shapes` and nothing else."""

    def __init__(self, model: Path | None = None) -> None:
        """`model` is an .onnx path with its card beside it; None means the shipped one."""
        self.path = model or data_dir("models") / SHAPES_MODEL
        self._card: ModelCard | None = None
        self._session: onnxruntime.InferenceSession | None = None
        self._temperature = 1.0
        self.notes: tuple[str, ...] = ()
        """See `Classifier.notes`."""

    def open(self) -> None:
        """Raises ModelError; see `Classifier.open`."""
        card = load_card(self.path)
        temperature = _checked_temperature(card)
        session = open_session(verified(card), name=card.path.name)
        found = [tuple(item.shape[1:]) for item in (*session.get_inputs(), *session.get_outputs())]
        if found != [(len(SHAPES),), (len(EMOTIONS),)]:
            raise ModelError(
                f"{self.path.name} does not fit its card: its input and output are {found}",
                _REMEDY,
            )
        self._card, self._session, self._temperature = card, session, temperature
        self.infer(np.zeros(len(SHAPES), np.float32))

    @property
    def card(self) -> ModelCard:
        """The model's card; only after `open`."""
        if self._card is None:
            raise RuntimeError("the classifier is not open")
        return self._card

    def infer(self, shapes: F32) -> F32:
        """(52,) in [0, 1], in `vocab.SHAPES` order, to logits (8,), in `vocab.EMOTIONS` order.

        Swapping left and right changes nothing. NaN where the shapes were not measured (`given`).
        """
        logits: F32 = self.infer_many(np.asarray(shapes, np.float32)[None])[0]
        return logits

    def infer_many(self, shapes: F32) -> F32:
        """(N, 52) to (N, 8): as `infer`, for many faces at once."""
        if self._session is None:
            raise RuntimeError("the classifier is not open")
        rows = np.asarray(shapes, np.float32)
        try:
            logits: F32 = self._session.run(None, {self._session.get_inputs()[0].name: rows})[0]
        except Exception as fault:  # onnxruntime's exceptions share no other base
            raise ModelError(f"model {self.path.name} failed: {fault}", _REMEDY) from fault
        logits[[not given(row) for row in rows]] = np.nan
        return logits

    def probabilities(self, logits: F32) -> F32:
        """(..., 8) calibrated; NaN where a logit is NaN."""
        return softmax(np.asarray(logits, np.float32) / np.float32(self._temperature))

    def classify(self, frame: VideoFrame, face: Face) -> Emotion:
        """Calibrated probabilities of one face; see `Classifier.classify`.

        Raises ModelError when the tracker has no blendshapes at all, since none will come later.
        """
        if not np.any(face.shapes):
            raise ModelError(
                "the tracker gives no blendshapes to read emotion from",
                'set [emotion] reads = "picture", or take another tracker',
            )
        if not np.isfinite(face.landmarks_px).all():
            return Emotion(frame.t_ns, frozen(np.full(len(EMOTIONS), np.nan)))
        return Emotion(frame.t_ns, frozen(self.probabilities(self.infer(face.shapes))))

    def close(self) -> None:
        """Frees the network."""
        self._session = None
        self._card = None


def _checked_temperature(card: ModelCard) -> float:
    name = card.path.with_suffix(".toml").name
    if card.kind != "emotion-shapes":
        raise ModelError(
            f"{name} describes a model of kind '{card.kind}', not 'emotion-shapes'",
            "name a model of that kind, or leave the setting out to use the shipped one",
        )
    for key, wanted in (("shapes", SHAPES), ("labels", EMOTIONS)):
        if list(card.facts.get(key, ())) != list(wanted):
            raise ModelError(
                f"{name} does not list the {len(wanted)} {key} in vtdrive's order", _REMEDY
            )
    found = card.facts.get("temperature")
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < 1e3:
        raise ModelError(
            f"{name}: 'temperature' must be a number above 0; found {found!r}", _REMEDY
        )
    return float(found)
