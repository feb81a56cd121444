"""The shipped classifier, and any other: an ONNX network on an aligned crop of the face."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vtdrive.assets import data_dir, load_card, verified
from vtdrive.classifiers.emotion_card import EmotionCard
from vtdrive.classifiers.emotion_network import EmotionNetwork
from vtdrive.classifiers.softmax import softmax
from vtdrive.types import F32, U8, Emotion, Face, VideoFrame, frozen
from vtdrive.vocab import EMOTIONS

__all__ = ["SHIPPED_MODEL", "OnnxEmotion"]

SHIPPED_MODEL = "emotion-resnet50-int8.onnx"


class OnnxEmotion:
    """A `Classifier` for any ONNX file with a card that says how to feed and to read it."""

    def __init__(self, model: Path | None = None, *, provider: str = "cpu") -> None:
        """`model` is an .onnx path with its card beside it; None means the shipped one.

        `provider` is as in `inference.provider_named`; where it cannot be used, `notes` says so
        and the CPU is.
        """
        self.provider = provider
        self.path = model or data_dir("models") / SHIPPED_MODEL
        self._card: EmotionCard | None = None
        self._network: EmotionNetwork | None = None
        self.notes: tuple[str, ...] = ()
        """See `Classifier.notes`."""

    def open(self) -> None:
        """Raises ModelError; see `Classifier.open`."""
        card = load_card(self.path)
        facts = EmotionCard.read(card)
        network = EmotionNetwork(verified(card), facts, name=card.path.name, provider=self.provider)
        self._card, self._network = facts, network
        self.notes = network.notes

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
            return whole_crop(image_rgb, size_px=card.crop_px, colour=card.colour)
        return aligned_crop(
            image_rgb,
            landmarks_px,
            size_px=card.crop_px,
            margin=card.margin,
            lift=card.lift,
            colour=card.colour,
        )

    def infer(self, crop: U8) -> tuple[F32, F32]:
        """One crop to its logits (8,), in `vocab.EMOTIONS` order, and its embedding (D,).

        Emotions that the model has no label for get `labels.IMPOSSIBLE`; a model without embedding
        gives (0,).
        """
        logits, embedding = self.infer_many(crop[None])
        return logits[0], embedding[0]

    def infer_many(self, crops: U8) -> tuple[F32, F32]:
        """(N, S, S) or (N, S, S, 3) crops, as `crop` gives them, to (N, 8) and (N, D)."""
        card = self.card
        assert self._network is not None
        raw, embedding = self._network(crops)
        self.notes = self._network.notes
        return card.label_map.eight(raw, temperature=card.temperature), embedding

    def probabilities(self, logits: F32) -> F32:
        """(..., 8) calibrated: softmax of logits / temperature; 8 NaN where one is not finite."""
        scaled = np.asarray(logits, np.float32) / np.float32(self.card.temperature)
        sound = np.isfinite(scaled).all(-1, keepdims=True)
        return softmax(np.where(sound, scaled, np.float32(np.nan)))

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
        self._network = None
        self._card = None
