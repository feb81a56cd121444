"""The figures that training reports: the very ones of `vtdrive eval emotion`."""

from __future__ import annotations

from vtdrive.eval.emotion_scores import (
    accuracy,
    calibration_error,
    fit_temperature,
    halves,
    macro_f1,
    per_class,
    rare_recall,
    recalls,
    softmax,
)

__all__ = [
    "accuracy",
    "calibration_error",
    "fit_temperature",
    "halves",
    "macro_f1",
    "per_class",
    "rare_recall",
    "recalls",
    "softmax",
]
