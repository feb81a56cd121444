"""Where each expression begins, by default: measured for the shipped emotion model.

Written by training.emotion.thresholds, which also writes them into the model's card.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ENTER"]

ENTER: Final = {
    "happiness": 0.42,
    "surprise": 0.42,
    "sadness": 0.55,
    "anger": 0.42,
    "disgust": 0.5,
    "fear": 0.42,
    "contempt": 0.55,
}
"""Emotion to the smoothed probability from which on it may show."""
