"""A face as one row of numbers, to lie in shared memory."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.types import EmotionState, FaceState, Status, frozen
from vtdrive.vocab import EMOTIONS, SHAPES

__all__ = ["F64", "FLAT", "face_of", "flat_face"]

F64 = npt.NDArray[np.float64]

_LENGTHS: Final = {
    "head_xyzw": 4,
    "head_m": 3,
    "gaze_rad": 4,
    "shapes": len(SHAPES),
    "probs": len(EMOTIONS),
    "weights": len(EMOTIONS),
    "voice": 6,
    "bare": 6,
}
"""`bare` holds status, leading, shown, speaking, breath and still."""
_ENDS: Final = tuple(np.cumsum(tuple(_LENGTHS.values())).tolist())
_AT: Final = {
    name: slice(end - length, end)
    for (name, length), end in zip(_LENGTHS.items(), _ENDS, strict=True)
}
FLAT: Final = int(_ENDS[-1]) + 1
"""Numbers in a row; the last one holds the bits of an integer, the time."""


def flat_face(state: FaceState, *, t_ns: int, out: F64) -> None:
    """Write `state` and its capture time into `out` (FLAT,), so that `face_of` finds them exactly.

    `t_ns` may be anything that fits 64 bits with a sign.
    """
    emotion = state.emotion
    out[_AT["head_xyzw"]] = state.head_xyzw
    out[_AT["head_m"]] = state.head_m
    out[_AT["gaze_rad"]] = state.gaze_rad.ravel()
    out[_AT["shapes"]] = state.shapes
    out[_AT["probs"]] = emotion.probs
    out[_AT["weights"]] = emotion.weights
    out[_AT["voice"]] = state.voice
    out[_AT["bare"]] = (
        float(state.status), emotion.leading, emotion.shown, state.speaking, state.breath,
        state.still,
    )  # fmt: skip
    # As bits: times of machines that are up for months are beyond what a float counts exactly.
    out[-1:].view(np.int64)[0] = t_ns


def face_of(row: F64) -> tuple[FaceState, int]:
    """The face in `row` (FLAT,) and its capture time; shares no memory with it."""
    status, leading, shown, speaking, breath, still = row[_AT["bare"]].tolist()

    def part(name: str) -> npt.NDArray[np.float32]:
        return frozen(row[_AT[name]])

    state = FaceState(
        status=Status(int(status)),
        head_xyzw=part("head_xyzw"),
        head_m=part("head_m"),
        gaze_rad=part("gaze_rad").reshape(2, 2),
        shapes=part("shapes"),
        emotion=EmotionState(
            probs=part("probs"),
            weights=part("weights"),
            leading=int(leading),
            shown=int(shown),
        ),
        speaking=speaking,
        breath=breath,
        voice=part("voice"),
        still=bool(still),
    )
    return state, int(row[-1:].view(np.int64)[0])
