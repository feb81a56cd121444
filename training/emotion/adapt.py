"""A classifier's last layer, fitted anew to a few faces without leaving the old one far behind.

The network in front of it stays as it is, so all that is fitted are its answers to the same 2,048
features. Pure numpy, and quick: hundreds of faces take seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.emotion.head import Head
from training.emotion.scores import softmax
from vtdrive.types import F32

__all__ = ["STRENGTHS", "Samples", "Space", "choose_strength", "deal_folds", "fit", "log_loss"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Pulls towards the old head that are compared; under 1 it hardly moves."""
_DIMENSIONS = 256
_STEPS = 300
_CLOSE = 1e-3
"""Of the first slope's length: the fit is over."""


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """The directions in which some faces' embeddings differ, and their mean."""

    mean: F64
    """(D,)."""
    basis: F64
    """(D, R), orthogonal; scaled so that the coordinates' mean square is 1 in all."""

    @classmethod
    def of(cls, embedding: F32) -> Space:
        """Of (N, V, D): as many directions as there are views, at most 256."""
        flat = embedding.reshape(-1, embedding.shape[-1]).astype(np.float64)
        mean = flat.mean(0)
        away = flat - mean
        wide = away.shape[1] > away.shape[0]
        size, side = np.linalg.eigh(away @ away.T if wide else away.T @ away)
        kept = np.flatnonzero(size > size[-1] * 1e-9)[-_DIMENSIONS:]
        axes = away.T @ (side[:, kept] / np.sqrt(size[kept])) if wide else side[:, kept]
        spread = np.sqrt(max((away**2).sum(1).mean(), 1e-12))
        return cls(mean, axes / spread)

    def __call__(self, embedding: F32) -> F64:
        """(..., D) to coordinates (..., R + 1), the last of them 1: it carries the bias."""
        at = (embedding - self.mean) @ self.basis
        return np.concatenate([at, np.ones((*at.shape[:-1], 1))], -1)

    def moved(self, head: Head, move: F64, *, temperature: float) -> Head:
        """The head whose calibrated logits differ from `head`'s by `self(embedding) @ move`."""
        turn = self.basis @ move[:-1] * temperature
        shift = move[-1] * temperature - self.mean @ turn
        return Head(
            (head.weight + turn.T).astype(np.float32), (head.bias + shift).astype(np.float32)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """N faces, V views of each: where they lie, how they are read, and what they show."""

    at: F64
    """(N, V, R + 1) coordinates in a `Space`; the first view is the face as run time cuts it."""
    logits: F64
    """(N, V, K) of the old head, divided by the temperature."""
    label: I64
    """(N,) row of the head."""

    def some(self, which: I64) -> Samples:
        """The faces at these indices."""
        return Samples(self.at[which], self.logits[which], self.label[which])


def fit(faces: Samples, *, strength: float) -> F64:
    """(R + 1, K) move of the logits that makes the labels likely, pulled back by `strength`.

    What the faces have in common moves nothing of emotions that no label names, and the moves of
    the named ones by it add up to 0: so a smile may be moved from one emotion to another, but an
    emotion without faces is not put down as a whole. A face counts by 1 / sqrt of its label's
    number.
    """
    views, width = faces.at.shape[1:]
    outputs = faces.logits.shape[2]
    present, place = np.unique(faces.label, return_inverse=True)
    if len(present) < 2:
        return np.zeros((width, outputs))
    weight = np.repeat(1 / np.sqrt(np.bincount(place)[place]), views)
    return _descend(
        faces.at.reshape(-1, width),
        faces.logits.reshape(-1, outputs),
        np.repeat(np.eye(outputs)[faces.label], views, axis=0),
        weight / weight.sum(),
        strength,
        present,
    )


def _descend(x: F64, old: F64, wanted: F64, weight: F64, strength: float, present: I64) -> F64:
    """(R + 1, K) that lessens a convex loss, by accelerated descent that restarts when it turns.

    The last row, which all faces share, is kept to the `present` columns and to a sum of 0.
    """
    shared = np.zeros((old.shape[1], old.shape[1]))
    shared[np.ix_(present, present)] = np.eye(len(present)) - 1 / len(present)
    # Softmax's curvature is at most a half, and no eigenvalue exceeds the trace.
    steepest = 0.5 * float((x**2).sum(1) @ weight) + strength
    move = np.zeros((x.shape[1], old.shape[1]))
    ahead, momentum, first = move, 1.0, 0.0
    for step in range(_STEPS):
        probs = softmax(old + x @ ahead)
        slope = x.T @ ((probs - wanted) * weight[:, None]) + strength * ahead
        slope[-1] = slope[-1] @ shared
        length = float(np.linalg.norm(slope))
        first = first if step else length
        if length <= _CLOSE * first:
            break
        new = ahead - slope / steepest
        if ((ahead - new) * (new - move)).sum() > 0:
            momentum = 1.0
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / faster * (new - move)
        move, momentum = new, faster
    return move


def deal_folds(label: I64, *, folds: int) -> list[I64]:
    """Indices of each fold's faces, every label spread evenly over the folds.

    Faces of one label that follow each other go to the same fold: pictures out of one film lie next
    to each other by name, and one of them in the fit would give away the other.
    """
    parts: list[list[I64]] = [[] for _ in range(folds)]
    for turn, k in enumerate(np.unique(label)):
        for i, block in enumerate(np.array_split(np.flatnonzero(label == k), folds)):
            # Labels with fewer faces than folds start elsewhere each time, or all would meet.
            parts[(i + turn) % folds].append(block)
    return [np.sort(np.concatenate(part)) for part in parts]


def choose_strength(faces: Samples, *, folds: int, among: Sequence[float] = STRENGTHS) -> float:
    """The pull under which faces that are left out in turn are likeliest to be what they are."""
    parts = deal_folds(faces.label, folds=folds)
    losses = np.zeros(len(among))
    for part in parts:
        rest = faces.some(np.setdiff1d(np.arange(len(faces.label)), part))
        left_out = faces.some(part)
        for i, strength in enumerate(among):
            losses[i] += log_loss(left_out, fit(rest, strength=strength)).sum()
    # The strongest pull of equals.
    return max(zip(among, losses, strict=True), key=lambda one: (-one[1], one[0]))[0]


def log_loss(faces: Samples, move: F64) -> F64:
    """(N,) negative log-likelihood of each face's label, by its first view."""
    logits = faces.logits[:, 0] + faces.at[:, 0] @ move
    top = logits.max(1)
    whole = top + np.log(np.exp(logits - top[:, None]).sum(1))
    out: F64 = whole - logits[np.arange(len(logits)), faces.label]
    return out
