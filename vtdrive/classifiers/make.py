"""From `[emotion]` of a config to the classifier that it asks for."""

from __future__ import annotations

from pathlib import Path

from vtdrive.assets import data_dir
from vtdrive.classifiers.base import Classifier
from vtdrive.classifiers.fused import FusedEmotion
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.config.emotion import EmotionConfig

__all__ = ["make_classifier"]


def make_classifier(config: EmotionConfig) -> Classifier | None:
    """Nothing opened yet; None where emotion is off. Reading shapes needs no picture model."""
    if not config.enabled:
        return None
    if config.reads == "shapes":
        return ShapeEmotion()
    model = Path(config.model)
    shipped = data_dir("models") / f"{config.model}.onnx"
    path = shipped if model.suffix != ".onnx" else model
    picture = OnnxEmotion(path, provider=config.provider)
    return picture if config.reads == "picture" else FusedEmotion(picture, ShapeEmotion())
