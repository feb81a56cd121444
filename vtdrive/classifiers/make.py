"""From `[emotion]` of a config to the classifier that it asks for."""

from __future__ import annotations

from pathlib import Path

from vtdrive.assets import SHIPPED, data_dir
from vtdrive.classifiers.base import Classifier
from vtdrive.classifiers.fused import FusedEmotion
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.config.emotion import EmotionConfig
from vtdrive.config.wording import not_allowed
from vtdrive.errors import ModelError

__all__ = ["make_classifier"]


def make_classifier(config: EmotionConfig) -> Classifier | None:
    """Nothing opened yet; None where emotion is off. Reading shapes needs no picture model.

    Raises ModelError where `model` is neither a path of an .onnx file nor a shipped model's name.
    """
    if not config.enabled:
        return None
    if config.reads == "shapes":
        return ShapeEmotion()
    picture = OnnxEmotion(_model_path(config.model), provider=config.provider)
    return picture if config.reads == "picture" else FusedEmotion(picture, ShapeEmotion())


def _model_path(name: str) -> Path:
    path = Path(name).expanduser()
    if path.suffix.lower() == ".onnx":
        return path
    shipped = data_dir("models") / f"{name}.onnx"
    if name in SHIPPED or shipped.is_file():
        return shipped
    raise ModelError(
        f"[emotion] model: {not_allowed(name, [SHIPPED_MODEL.removesuffix('.onnx')])}",
        "name the shipped model, or the path of a file that ends in .onnx, its card beside it",
    )
