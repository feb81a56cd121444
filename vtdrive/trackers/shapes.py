"""Face mesh points → 52 ARKit blendshapes, by the small network in `models/blendshapes.onnx`.

The points are first made independent of where the face is: a rigid fit of a mean face (Kabsch with
scale, closed form) gives place, size and turn of the head. The network then sees each point twice:
as the camera saw it without tilt (what the teacher sees), and turned to the front (what the face
does). Which points, and the mean face, stand in the model's card.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vtdrive.assets import ModelCard, data_dir, load_card, verified
from vtdrive.errors import ModelError
from vtdrive.inference import open_session
from vtdrive.types import F32
from vtdrive.vocab import SHAPES

if TYPE_CHECKING:
    import onnxruntime as ort

__all__ = ["MODEL", "Layout", "ShapeNet", "normalise"]

MODEL = "blendshapes.onnx"
MESH = 478
"""Points of the refined face mesh."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Which points the network reads, and the mean face that they are normalised by."""

    points: np.ndarray[Any, np.dtype[np.intp]]
    """(P,) mesh indices of what the network reads."""
    rigid: np.ndarray[Any, np.dtype[np.intp]]
    """(R,) mesh indices that expressions hardly move."""
    template: F32
    """(R, 3) those points on a mean face: centred, mean distance from the centre 1, x right and
    y down in a frontal picture, z away from the camera."""

    @staticmethod
    def from_facts(facts: Mapping[str, Any], *, model: str = MODEL) -> Layout:
        """From the `[layout]` table of a card; raises ModelError where it does not fit."""
        try:
            table = facts["layout"]
            points = np.asarray(table["points"], np.intp)
            rigid = np.asarray(table["rigid"], np.intp)
            template = np.asarray(table["template"], np.float32)
            fits = points.ndim == 1 and template.shape == (rigid.size, 3) and rigid.size >= 4
            used = np.concatenate([points, rigid])
            fits = fits and bool(((used >= 0) & (used < MESH)).all())
        except (KeyError, TypeError, ValueError):
            fits = False
        if not fits:
            raise ModelError(
                f"the card of {model} has no usable [layout]"
                " (points, rigid: mesh indices; template: one x, y, z for each rigid point)",
                "restore the card that came with the model",
            )
        return Layout(points, rigid, template)


def normalise(landmarks_px: F32, layout: Layout) -> F32:
    """(N, 478, 3) pixels → (N, P, 5): x, y without tilt, then x, y, z turned to the front.

    Unit: the mean distance of the rigid points from their centre. Any position, scale and tilt of
    the same face gives the same numbers; a turned head changes only the first two. A face of no
    size, or with NaN in it, gives NaN and raises nothing.
    """
    mesh = np.asarray(landmarks_px, np.float32)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        rigid = mesh[:, layout.rigid]
        centre = rigid.mean(axis=1, keepdims=True)
        rigid -= centre
        turn, scale = _fit(rigid, layout.template)
        points = (mesh[:, layout.points] - centre) * scale[:, None, None]
        # The tilt is how far the face's own horizontal leans in the picture.
        across = turn[:, :2, 0]
        across = across / np.linalg.norm(across, axis=1, keepdims=True)
        untilt = np.stack([across, across[:, ::-1] * np.array([-1, 1], np.float32)], axis=2)
        seen: F32 = np.concatenate([points[..., :2] @ untilt, points @ turn], axis=-1)
    return seen


def _fit(rigid: F32, template: F32) -> tuple[F32, F32]:
    """Kabsch: the turn (N, 3, 3) and scale (N,) that bring centred `rigid` onto the template.

    Rows are points: `rigid @ turn * scale` is near the template.
    """
    covariance = np.swapaxes(rigid, 1, 2) @ template
    broken = ~np.isfinite(covariance).all(axis=(1, 2))
    if broken.any():  # the SVD refuses NaN: fit anything, the points themselves stay NaN
        covariance[broken] = np.eye(3)
    left, spread, right = np.linalg.svd(covariance)
    turn: F32 = left @ right
    mirrored = np.linalg.det(turn) < 0
    if mirrored.any():  # the best fit would turn the face inside out: take the best that does not
        right[mirrored, 2] *= -1
        spread[mirrored, 2] *= -1
        turn = left @ right
    scale: F32 = spread.sum(axis=1) / (rigid * rigid).sum(axis=(1, 2))
    return turn, scale


class ShapeNet:
    """The shipped blendshape network on one thread. Used by one thread at a time."""

    def __init__(self, model: Path | None = None) -> None:
        self._model = model or data_dir("models") / MODEL
        self._layout: Layout | None = None
        self._session: ort.InferenceSession | None = None

    def open(self) -> None:
        """Loads and checks the model. Raises ModelError when it is missing, altered or unfit."""
        card = load_card(self._model)
        _check(card)
        layout = Layout.from_facts(card.facts, model=self._model.name)
        session = open_session(verified(card), name=self._model.name)
        found = [tuple(item.shape[1:]) for item in (*session.get_inputs(), *session.get_outputs())]
        if found != [(layout.points.size, 5), (len(SHAPES),)]:
            raise ModelError(
                f"{self._model.name} does not fit its card: its input and output are {found}",
                "restore both files, or reinstall vtdrive",
            )
        self._layout, self._session = layout, session

    def __call__(self, landmarks_px: F32) -> F32:
        """(478, 3) pixels (z in the scale of x) → (52,) in [0, 1], in `SHAPES` order.

        Shapes in `UNSUPPORTED_SHAPES` are exactly 0. NaN is not repaired: landmarks that are not
        finite, or all in one place, give 52 NaN and raise nothing, for the caller to detect.
        """
        shapes: F32 = self.batch(landmarks_px[None])[0]
        return shapes

    def batch(self, landmarks_px: F32) -> F32:
        """(N, 478, 3) → (N, 52): as `__call__`, for many faces at once."""
        if self._session is None or self._layout is None:
            raise RuntimeError("ShapeNet is used before open()")
        points = normalise(landmarks_px, self._layout)
        shapes: F32 = self._session.run(None, {"points": points})[0]
        # Clipping inside the network would make a plausible face out of NaN.
        shapes[~np.isfinite(points).all(axis=(1, 2))] = np.nan
        return shapes


def _check(card: ModelCard) -> None:
    if card.kind != "blendshapes":
        raise ModelError(
            f"{card.path.name} is a model of kind '{card.kind}', not 'blendshapes'",
            "name a blendshape model, or leave the setting out to use the bundled one",
        )
    if list(card.facts.get("labels", ())) != list(SHAPES):
        raise ModelError(
            f"the card of {card.path.name} does not list the 52 shapes in vtdrive's order",
            "restore the card that came with the model",
        )
