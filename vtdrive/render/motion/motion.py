"""One face and the time in, the parameters of one avatar out."""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
import numpy.typing as npt

from vtdrive.core.signals import SIGNAL_INDEX, SIGNALS, signal_vector
from vtdrive.render.format.avatar import Avatar
from vtdrive.render.motion.drive import compiled
from vtdrive.render.motion.feelings import Feelings
from vtdrive.render.motion.follow import Follower
from vtdrive.render.motion.marks import LidSmile, Marks
from vtdrive.render.motion.signals import OwnMotion
from vtdrive.render.motion.springs import Springs
from vtdrive.render.motion.tables import (
    built_in,
    feelings_of,
    felt_built_in,
    known_params,
    springs_of,
    steers_of,
)
from vtdrive.spaces import IDENTITY
from vtdrive.types import F32, FaceState, frozen

__all__ = ["Motion"]

F64 = npt.NDArray[np.float64]
_ADOPT_S: Final = 0.3
_FEELINGS: Final = slice(SIGNAL_INDEX["emotion.neutral"], SIGNAL_INDEX["emotion.contempt"] + 1)
_BLINKS: Final = np.array([name.startswith("eyeBlink") for name in SIGNALS])
_MOST: Final = 1e4
"""No signal means anything beyond this."""
_LATEST_S: Final = 3600.0
"""A machine that slept for longer wakes up as if after this."""


class Motion:
    """Moves one avatar.

        face → (follow) → parameters → expressions → limits → lids and marks → springs

    Where left is: the face that comes in is the *character's*. Its left is on the viewer's right,
    as with anyone whom one looks at, so that its yaw (+ to its own left) is `head_x` (+ to the
    picture's right), its roll (+ to its own right shoulder) is `head_z` with the sign changed, and
    `eyeBlinkLeft` shuts `eye_open_l`, on the viewer's right. Unmirrored, a user who turns to their
    own left is thus shown as others see them, turning to the picture's right. A mirror is made of
    the face *before* this (`core.mirror`): the user who turns to their left then gives a character
    that turns to its right, which is the picture's left, and the user's own as they look at it;
    and their left wink shuts the eye on the picture's left, `eye_open_r`. Nothing here knows of it.

    Every motion is a function of time: it goes the same at 30 and at 60 pictures a second.
    """

    def __init__(self, avatar: Avatar) -> None:
        """Raises MotionFault, with the nearest known name, for names that nobody knows."""
        base, felt = built_in(), felt_built_in()
        self.names = known_params(avatar)
        index = {name: i for i, name in enumerate(self.names)}
        springs = springs_of(avatar)
        self._program, self._limits = compiled(self.names, steers_of(avatar), springs, base.soft)
        self.neutral = frozen(self._limits.neutral)
        self.lo, self.hi = frozen(self._limits.lo), frozen(self._limits.hi)
        self._feelings = Feelings(feelings_of(avatar), self.names)
        self._springs = Springs(springs, self.names, self._limits)
        self._marks = Marks([name in base.large for name in base.marks])
        self._marks_at = np.array([index[name] for name in base.marks], np.intp)
        self._lid_smile = LidSmile()
        self._lids_at = np.array([index["eye_open_l"], index["eye_open_r"]], np.intp)
        self._smiles_at = np.array([index["eye_smile_l"], index["eye_smile_r"]], np.intp)
        self._speech_at = index["speech"]
        self._full_at = felt.full_at
        self._follower = Follower(_BLINKS)
        self._own = OwnMotion()
        self._good: F64 | None = None
        self._head: F32 = IDENTITY
        self._t_ns: int | None = None
        self._old: Motion | None = None
        self._jump: F64 | None = None
        """By how much the one before differed, for as long as that is evened out."""
        self._adopted_s = 0.0

    def adopt(self, other: Motion) -> None:
        """Go on from where another avatar's motion, or the same one's before a change, has come
        to. What is shown goes over within a third of a second, without a jump."""
        self._follower.adopt(other._follower)
        self._own.adopt(other._own)
        self._feelings.adopt(other._feelings)
        self._springs.adopt(other._springs)
        self._marks.adopt(other._marks)
        self._lid_smile.adopt(other._lid_smile)
        self._good, self._head = other._good, other._head
        self._t_ns, self._old = other._t_ns, other

    def step(self, state: FaceState, t_ns: int) -> F32:
        """(P,) parameters at `t_ns` of the newest face, whose mirror image was taken before if it
        is wanted. Finite and within `lo` and `hi`, whatever the face holds."""
        dt_s = 0.0 if self._t_ns is None else max(0, t_ns - self._t_ns) * 1e-9
        old, self._old = self._old, None
        out = self._step(state, min(dt_s, _LATEST_S))
        self._t_ns = t_ns if self._t_ns is None else max(t_ns, self._t_ns)
        if old is not None:
            self._jump, self._adopted_s = self._difference(old.step(state, t_ns), old, out), 0.0
        elif self._jump is not None:
            self._adopted_s += dt_s
        return self._evened(out).astype(np.float32)

    def _step(self, state: FaceState, dt_s: float) -> F64:
        signals = self._follower.step(self._read(state), dt_s)
        own = self._own.step(signals, 0.0 if state.still else dt_s)
        weights = signals[_FEELINGS]
        driven = self._program(np.concatenate([signals, own]).astype(np.float32)).astype(float)
        felt = self._feelings.step(
            driven, weights, signals, speech=float(driven[self._speech_at]), dt_s=dt_s
        )
        held = self._limits.held(felt)
        held[self._smiles_at] = self._lid_smile.step(
            held[self._smiles_at], held[self._lids_at], dt_s
        )
        held[self._marks_at] = self._marks.step(held[self._marks_at].tolist(), dt_s)
        return self._springs.step(held, dt_s)

    def _read(self, state: FaceState) -> F64:
        """(S,) the face's signals; what is no number stays what it was."""
        if np.isfinite(state.head_xyzw).all():
            self._head = state.head_xyzw
        else:
            state = _with_head(state, self._head)
        with np.errstate(over="ignore", invalid="ignore"):
            weights = np.clip(state.emotion.weights / np.float32(self._full_at), 0.0, 1.0)
            found = signal_vector(state, weights=weights).astype(float)
        good = np.isfinite(found)
        if not good.all():
            last = np.zeros(len(found)) if self._good is None else self._good
            found = np.where(good, found, last)
        self._good = np.clip(found, -_MOST, _MOST)
        return self._good

    def _difference(self, shown: F32, old: Motion, out: F64) -> F64:
        index = {name: i for i, name in enumerate(old.names)}
        return np.array(
            [
                float(shown[index[name]]) - value if name in index else 0.0
                for name, value in zip(self.names, out.tolist(), strict=True)
            ]
        )

    def _evened(self, out: F64) -> F64:
        if self._jump is not None:
            x = self._adopted_s / _ADOPT_S
            if x < 1.0 and self._jump.any():
                out = out + (1.0 - x * x * (3.0 - 2.0 * x)) * self._jump
            else:
                self._jump = None
        return np.minimum(np.maximum(out, self._limits.lo), self._limits.hi)


def _with_head(state: FaceState, head_xyzw: F32) -> FaceState:
    return dataclasses.replace(state, head_xyzw=head_xyzw)
