"""The shipped classifier: an ONNX network on an aligned grey crop, on one CPU thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vtdrive.assets import data_dir, load_card, verified
from vtdrive.classifiers.emotion_card import EmotionCard
from vtdrive.errors import ModelError
from vtdrive.inference import open_session
from vtdrive.types import F32, U8, Emotion, Face, VideoFrame, frozen
from vtdrive.vocab import EMOTIONS

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["SHIPPED_MODEL", "OnnxEmotion"]

SHIPPED_MODEL = "emotion-resnet50-int8.onnx"

_REMEDY = "restore the model and its card together, or leave the setting out to use the shipped one"


class OnnxEmotion:
    """A `Classifier` for any ONNX file with outputs `logits` (N, 8) and `embedding` (N, D)."""

    def __init__(self, model: Path | None = None, *, provider: str = "cpu") -> None:
        """`model` is an .onnx path with its card beside it; None means the shipped one.

        `provider` is as in `inference.provider_named`; where it cannot be used, `notes` says so
        and the CPU is.
        """
        self.provider = provider
        self.path = model or data_dir("models") / SHIPPED_MODEL
        self._card: EmotionCard | None = None
        self._session: onnxruntime.InferenceSession | None = None
        self._input_name = ""
        self._order: list[int] = []
        self.notes: tuple[str, ...] = ()
        """See `Classifier.notes`."""

    def open(self) -> None:
        """Raises ModelError; see `Classifier.open`."""
        card = load_card(self.path)
        facts = EmotionCard.read(card)
        session = open_session(verified(card), name=card.path.name)
        self._input_name = _check_fit(session, facts, self.path.name)
        self._order = [facts.labels.index(name) for name in EMOTIONS]
        self._card, self._session = facts, session
        self.infer(np.zeros((facts.crop_px, facts.crop_px), np.uint8))

    @property
    def card(self) -> EmotionCard:
        """The facts in force; only after `open`."""
        if self._card is None:
            raise RuntimeError("the classifier is not open")
        return self._card

    def crop(self, frame: VideoFrame, face: Face) -> U8:
        """The square that `infer` takes; ValueError when the landmarks allow none."""
        return self.crop_picture(frame.image, face.landmarks_px)

    def crop_picture(self, image_rgb: U8, landmarks_px: F32 | None) -> U8:
        """The square that `infer` takes, of a picture (H, W, 3); the whole of it without landmarks.

        ValueError when the landmarks allow none.
        """
        # cv2 costs start-up time that a process without emotions need not pay.
        from vtdrive.classifiers.crop import aligned_crop, whole_crop

        card = self.card
        if landmarks_px is None:
            return whole_crop(image_rgb, size_px=card.crop_px)
        return aligned_crop(
            image_rgb, landmarks_px, size_px=card.crop_px, margin=card.margin, lift=card.lift
        )

    def infer(self, crop: U8) -> tuple[F32, F32]:
        """One crop to its logits (8,), in `vocab.EMOTIONS` order, and its embedding (D,)."""
        logits, embedding = self.infer_many(crop[None])
        return logits[0], embedding[0]

    def infer_many(self, crops: U8) -> tuple[F32, F32]:
        """(N, S, S) crops to their logits (N, 8) and embeddings (N, D)."""
        from vtdrive.classifiers.crop import to_input

        card = self.card
        assert self._session is not None
        x = to_input(crops, size_px=card.input_px, mean=card.mean, std=card.std)
        try:
            logits, embedding = self._session.run(["logits", "embedding"], {self._input_name: x})
        except Exception as fault:  # onnxruntime's exceptions share no other base
            raise ModelError(f"model {self.path.name} failed: {fault}", _REMEDY) from fault
        return logits[:, self._order], embedding

    def probabilities(self, logits: F32) -> F32:
        """(..., 8) calibrated: softmax of logits / temperature. NaN where a logit is not finite."""
        scaled = np.asarray(logits, np.float32) / np.float32(self.card.temperature)
        if not np.isfinite(scaled).all():
            return np.full(scaled.shape, np.nan, np.float32)
        raised = np.exp(scaled - scaled.max(-1, keepdims=True))
        probs: F32 = raised / raised.sum(-1, keepdims=True)
        return probs

    def classify(self, frame: VideoFrame, face: Face) -> Emotion:
        """Calibrated probabilities of one face; see `Classifier.classify`."""
        try:
            crop = self.crop(frame, face)
        except ValueError:
            return Emotion(frame.t_ns, frozen(np.full(len(EMOTIONS), np.nan)))
        logits, _ = self.infer(crop)
        return Emotion(frame.t_ns, frozen(self.probabilities(logits)))

    def close(self) -> None:
        """Frees the network."""
        self._session = None
        self._card = None


def _check_fit(session: onnxruntime.InferenceSession, card: EmotionCard, name: str) -> str:
    """The name of the network's one input, after checking shapes against the card."""
    inputs, outputs = session.get_inputs(), {o.name: o.shape for o in session.get_outputs()}
    if len(inputs) != 1 or not {"logits", "embedding"} <= set(outputs):
        raise ModelError(
            f"model {name} must have one input and the outputs logits and embedding; it has"
            f" {len(inputs)} and {', '.join(outputs)}",
            "export it with training.emotion.quantize",
        )
    shape: list[Any] = inputs[0].shape
    if shape[1:] != [1, card.input_px, card.input_px]:
        raise ModelError(
            f"model {name} takes {shape}, but its card says 1 × {card.input_px} px grey", _REMEDY
        )
    if outputs["logits"][-1] != len(card.labels):
        raise ModelError(
            f"model {name} has {outputs['logits'][-1]} outputs, but its card names"
            f" {len(card.labels)} labels",
            _REMEDY,
        )
    return str(inputs[0].name)
