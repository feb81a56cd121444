"""Two readings of one face, the picture's and the blendshapes', made one.

How much each counts was fitted for a pair of models (`training.emotion.fuse`) and stands in a
card: in `[fusion]` of the picture model's own, else in `[fusion.NAME]` of the shape model's, where
NAME is the picture model's. The latter names the picture model's sha256 too, so that weights never
outlive the model that they were fitted for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtdrive.assets import ModelCard, load_card
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.classifiers.softmax import softmax
from vtdrive.errors import ModelError
from vtdrive.types import F32, Emotion, Face, VideoFrame, frozen
from vtdrive.vocab import EMOTIONS

__all__ = ["FusedEmotion", "Weights", "find_weights", "fuse"]

_LEAST = 1e-3
"""Of the picture's weight; with less, what it calls impossible would not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each reading counts; the temperature of their sum is part of it."""

    picture: float
    shapes: float
    """Both multiply logits as the networks give them."""


def fuse(logits_picture: F32, logits_shapes: F32, weights: Weights) -> F32:
    """Two readings (..., 8), uncalibrated, to one (..., 8) whose softmax is calibrated.

    An emotion that the picture model has no label for (`labels.IMPOSSIBLE`) stays impossible. NaN
    stays NaN: what to do about a face without blendshapes is the caller's to decide.
    """
    out: F32 = np.float32(weights.picture) * np.asarray(logits_picture, np.float32)
    return out + np.float32(weights.shapes) * np.asarray(logits_shapes, np.float32)


def find_weights(picture: ModelCard, shapes: ModelCard) -> Weights | None:
    """The weights of this pair of models, or None where none were fitted for it.

    Raises ModelError when a card has some that make no sense.
    """
    own = picture.facts.get("fusion")
    if own is not None:
        return _weights(own, f"{picture.path.with_suffix('.toml').name}: [fusion]")
    tables = shapes.facts.get("fusion")
    table = tables.get(picture.path.stem) if isinstance(tables, dict) else None
    if not isinstance(table, dict) or table.get("sha256") != picture.sha256:
        return None
    name = f"{shapes.path.with_suffix('.toml').name}: [fusion.{picture.path.stem}]"
    return _weights(table, name)


def _weights(table: object, where: str) -> Weights:
    found: Mapping[str, Any] = table if isinstance(table, dict) else {}
    values = [found.get(key) for key in ("picture", "shapes")]
    for value, least in zip(values, (_LEAST, 0.0), strict=True):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value < math.inf:  # type: ignore[operator]
            raise ModelError(
                f"{where} must give 'picture' above 0 and 'shapes' from 0; found {values}",
                "run training.emotion.fuse again, or restore the card",
            )
    return Weights(picture=float(values[0]), shapes=float(values[1]))  # type: ignore[arg-type]


class FusedEmotion:
    """A `Classifier` of two. Where only the picture can be read, it reads that, and says so."""

    def __init__(self, picture: OnnxEmotion, shapes: ShapeEmotion) -> None:
        self.picture = picture
        self.shapes = shapes
        self.weights: Weights | None = None
        """None before `open`, and where the picture is read alone."""
        self._notes: list[str] = []
        self._picture_notes = 0
        self._blind_told = False

    @property
    def notes(self) -> tuple[str, ...]:
        """See `Classifier.notes`."""
        self._notes += self.picture.notes[self._picture_notes :]
        self._picture_notes = len(self.picture.notes)
        return tuple(self._notes)

    def open(self) -> None:
        """Raises ModelError for the picture's model, never for the small one."""
        self.picture.open()
        self._notes, self._picture_notes, self._blind_told = [], 0, False
        try:
            self.shapes.open()
            self.weights = find_weights(load_card(self.picture.path), self.shapes.card)
        except ModelError as fault:
            self._alone(fault.what)
            return
        if self.weights is None:
            self._alone(f"nobody fitted how {self.picture.path.stem} and the blendshapes add up")

    def logits(self, logits_picture: F32, shapes: F32) -> F32:
        """(..., 8) of the picture and (..., 52) blendshapes to (..., 8); its softmax is calibrated.

        Faces without blendshapes (`shape_emotion.given`) get the picture's own reading.
        """
        picture = np.asarray(logits_picture, np.float32)
        alone = picture / np.float32(self.picture.card.temperature)
        if self.weights is None:
            return alone
        rows = self.shapes.infer_many(np.reshape(shapes, (-1, np.shape(shapes)[-1])))
        both = fuse(picture, rows.reshape(picture.shape), self.weights)
        out: F32 = np.where(np.isnan(rows.reshape(picture.shape)), alone, both)
        return out

    def classify(self, frame: VideoFrame, face: Face) -> Emotion:
        """Calibrated probabilities of one face; see `Classifier.classify`."""
        try:
            crop = self.picture.crop(frame, face)
        except ValueError:
            return Emotion(frame.t_ns, frozen(np.full(len(EMOTIONS), np.nan)))
        if self.weights is not None and not np.any(face.shapes):
            self._note_blind()
        logits = self.logits(self.picture.infer(crop)[0], face.shapes)
        return Emotion(frame.t_ns, frozen(softmax(logits)))

    def close(self) -> None:
        """Frees both networks."""
        self.picture.close()
        self.shapes.close()
        self.weights = None

    def _alone(self, why: str) -> None:
        self.weights = None
        self._notes.append(f"emotion is read from the picture alone: {why}")

    def _note_blind(self) -> None:
        if not self._blind_told:
            self._blind_told = True
            self._notes.append(
                "emotion is read from the picture alone where the tracker gives no blendshapes"
            )
