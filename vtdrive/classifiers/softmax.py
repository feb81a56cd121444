"""From logits to probabilities, at run time."""

from __future__ import annotations

import numpy as np

from vtdrive.types import F32

__all__ = ["softmax"]


def softmax(logits: F32) -> F32:
    """(..., 8) probabilities; -inf is an impossible emotion. NaN in all 8 where one is NaN."""
    x = np.asarray(logits, np.float32)
    top = x.max(-1, keepdims=True)
    raised = np.exp(x - np.where(np.isfinite(top), top, np.nan))
    probs: F32 = raised / raised.sum(-1, keepdims=True)
    return probs
