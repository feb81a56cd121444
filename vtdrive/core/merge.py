"""Who wins where an expression, the lips and the lids want the same part of the face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from vtdrive.config.schema import Merge
from vtdrive.core.signals import unsided
from vtdrive.types import F32, FaceState, RigSchema
from vtdrive.vocab import EMOTION_INDEX, SHAPE_INDEX, SHAPES

__all__ = ["Merger"]

_STRONG: Final = "strong."
_VOWELS: Final = ("aa", "ih", "ou", "ee", "oh")
_LINKED: Final = 1e-3
_HAPPY: Final = EMOTION_INDEX["happiness"]
_L, _R = SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]


class Merger:
    """Applies the merge policy to one state's parameters."""

    def __init__(
        self, config: Merge, overlay: Mapping[str, Mapping[str, float]], schema: RigSchema
    ) -> None:
        self._config = config
        index = {param.name: i for i, param in enumerate(schema.params)}
        self._vowels = np.array([index[v] for v in _VOWELS if v in index], np.intp)
        self._blink = index.get("blink")
        self._pair = [index[n] for n in ("blinkLeft", "blinkRight") if n in index]
        self._shape_at = np.array([index[name] for name in SHAPES], np.intp)
        at = self._shape_at
        self._lo = np.array([param.lo for param in schema.params], np.float32)[at]
        self._hi = np.array([param.hi for param in schema.params], np.float32)[at]
        kinds = np.array([param.kind for param in schema.params])
        self._presets, self._shapes = kinds == "preset", kinds == "shape"
        self._mouth = np.array([n.startswith(("mouth", "jaw")) for n in SHAPES])
        self._brows = np.array([n.startswith("brow") for n in SHAPES])
        self._wide = np.array([n.startswith("eyeWide") for n in SHAPES])
        self._overlay, self._strong = _overlay_matrices(overlay)

    def expression_share(self, state: FaceState) -> F32:
        """(8,) emotion weights as presets see them: speaking damps them."""
        factor = np.float32(1.0 - self._config.expression_by_speech * state.speaking)
        return np.asarray(state.emotion.weights * factor, np.float32)

    def presets(self, params: F32, state: FaceState, *, damp: bool = True) -> None:
        """Settles vowels and blinks, in place; with `damp` expressions hold them down."""
        c, weights = self._config, state.emotion.weights
        strongest = float(weights.max()) if damp else 0.0
        happy = float(weights[_HAPPY]) if damp else 0.0
        vowels = params[self._vowels] * (1.0 - c.mouth_by_expression * strongest)
        total = float(vowels.sum())
        params[self._vowels] = vowels * (min(1.0, c.vowel_sum / total) if total > 0 else 1.0)
        left, right = float(state.shapes[_L]), float(state.shapes[_R])
        less = np.float32(1.0 - c.blink_by_happiness * happy)
        if self._blink is not None and self._pair:
            params[self._pair if abs(left - right) < _LINKED else self._blink] = 0.0
        for at in (*self._pair, *([] if self._blink is None else [self._blink])):
            params[at] *= less

    def shapes(self, params: F32, state: FaceState, *, overlay: bool) -> None:
        """Settles the 52, in place; with `overlay` the emotion is mixed in."""
        c, weights = self._config, state.emotion.weights
        shapes = params[self._shape_at]
        if overlay:
            shapes[self._brows] *= np.float32(1.0 - c.brows_by_expression * float(weights.max()))
            added = weights @ self._overlay + self._one_sided(weights, shapes)
            added[self._mouth] *= np.float32(1.0 - c.overlay_mouth_by_speech * state.speaking)
            # The overlay is bounded as the tracked value is, where the user limits a shape.
            shapes = np.maximum(shapes, np.minimum(np.maximum(added, self._lo), self._hi))
        blink = shapes[[_L, _R]]
        shapes[self._wide] *= 1.0 - np.float32(c.wide_by_blink) * blink
        params[self._shape_at] = shapes

    def drop(self, params: F32, *, presets: bool, shapes: bool) -> None:
        """Sets what a target does not want to exactly 0, in place."""
        if presets:
            params[self._presets] = 0.0
        if shapes:
            params[self._shapes] = 0.0

    def _one_sided(self, weights: F32, shapes: F32) -> F32:
        """(52,) the part that goes to the stronger side, the right one where both are equal."""
        added = weights @ self._strong
        if not added.any():
            return np.asarray(added, np.float32)
        side = "Left" if _side_sum(shapes, "Left") > _side_sum(shapes, "Right") else "Right"
        keep = np.array([name.endswith(side) for name in SHAPES])
        return np.asarray(np.where(keep, added, 0.0), np.float32)


def _side_sum(shapes: F32, side: str) -> float:
    return float(
        shapes[SHAPE_INDEX[f"mouthSmile{side}"]] + shapes[SHAPE_INDEX[f"mouthDimple{side}"]]
    )


def _overlay_matrices(overlay: Mapping[str, Mapping[str, float]]) -> tuple[F32, F32]:
    """(8, 52) plain and one-sided weights, emotion by shape."""
    plain, strong = np.zeros((2, 8, len(SHAPES)), np.float32)
    for emotion, row in overlay.items():
        for written, weight in row.items():
            into = strong if written.startswith(_STRONG) else plain
            name = written.removeprefix(_STRONG)
            for target in unsided(name) or (name,):
                into[EMOTION_INDEX[emotion], SHAPE_INDEX[target]] = weight
    return plain, strong
