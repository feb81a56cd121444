"""Straight ahead, as one input measures it: its device stands where it stands."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from vtdrive.config.filters import Neutral
from vtdrive.spaces import IDENTITY, quat_angle, quat_conj, quat_mul, quat_slerp, rotate
from vtdrive.types import F32, Incoming, frozen

__all__ = ["InputNeutral"]

_EASE_NS: Final = 400_000_000
_FAR: Final = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class _Rest:
    head_xyzw: F32
    head_m: F32
    gaze_rad: F32


class _Sample(NamedTuple):
    t_ns: int
    head_xyzw: F32
    head_m: F32
    gaze_rad: F32


class InputNeutral:
    """Head pose and gaze at rest. The shapes are left alone: phones calibrate theirs.

    Until one is taken, straight ahead is what the sender says it is, in the place where the head
    was first seen. A new one takes over within 0.4 s.
    """

    def __init__(self, config: Neutral) -> None:
        self._config = config
        self.taking = config.auto
        """Whether a neutral is being taken now."""
        self.count = 0
        """How many were taken."""
        self._asked = False
        self._samples: deque[_Sample] = deque()
        self._rest: _Rest | None = None
        self._former: _Rest | None = None
        self._since_ns = 0

    def adopt(self, other: InputNeutral) -> None:
        """Go on from another's state, with these settings."""
        self.taking, self.count, self._asked = other.taking, other.count, other._asked
        self._samples = other._samples.copy()
        self._rest, self._former, self._since_ns = other._rest, other._former, other._since_ns

    def to_dict(self) -> dict[str, Any]:
        """Plain values from which a recording that begins now goes on."""
        rest = self._rest
        numbers = None if rest is None else {
            "head_xyzw": rest.head_xyzw.tolist(),
            "head_m": rest.head_m.tolist(),
            "gaze_rad": rest.gaze_rad.reshape(-1).tolist(),
        }  # fmt: skip
        return {"taking": self.taking, "rest": numbers}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Begin where `to_dict` was called; raises ValueError on anything unsound."""
        try:
            rest = data["rest"]
            if rest is not None:
                head, place, gaze = (
                    np.asarray(rest[key], np.float64).reshape(shape)
                    for key, shape in (("head_xyzw", 4), ("head_m", 3), ("gaze_rad", (2, 2)))
                )
                norm = float(np.linalg.norm(head))
                if not (np.abs(place).max() < _FAR and np.abs(gaze).max() < _FAR):
                    raise ValueError("values out of bounds")
                if not 0.5 < norm < 2.0:
                    raise ValueError("head_xyzw is no rotation")
                self._rest = _Rest(frozen(head / norm), frozen(place), frozen(gaze))
            self.taking = bool(data["taking"])
        except (KeyError, TypeError, ValueError) as fault:
            raise ValueError(f"an input's neutral makes no sense: {fault}") from fault

    @property
    def progress(self) -> float | None:
        """0..1 of the neutral being taken; None where there is none, or no head to take it of."""
        if not (self.taking and self._samples):
            return None
        span_s = (self._samples[-1].t_ns - self._samples[0].t_ns) * 1e-9
        return min(1.0, span_s / self._config.seconds)

    def ask(self) -> None:
        """Measure anew, from now on."""
        self.restart()
        self.taking = self._asked = True

    def restart(self) -> None:
        """Forget what was gathered, after a loss for instance."""
        self._samples.clear()

    def hear(self, incoming: Incoming, t_ns: int) -> None:
        """One new measurement with a head; its values are sound."""
        head = incoming.head_xyzw
        if head is None:
            return
        place = np.zeros(3, np.float32) if incoming.head_m is None else incoming.head_m
        gaze = np.zeros((2, 2), np.float32) if incoming.gaze_rad is None else incoming.gaze_rad
        if self._rest is None:
            self._rest = _Rest(frozen(IDENTITY), place, frozen(np.zeros((2, 2))))
        if not self.taking:
            return
        sample = _Sample(incoming.t_ns, head, place, gaze)
        frontal = math.radians(self._config.frontal_deg)
        if not self._asked and quat_angle(IDENTITY, head) >= frontal:
            self.restart()
            return
        self._samples.append(sample)
        steady = math.radians(self._config.steady_deg)
        while quat_angle(self._samples[0].head_xyzw, head) > steady:
            self._samples.popleft()
        if (sample.t_ns - self._samples[0].t_ns) * 1e-9 >= self._config.seconds:
            self._former, self._since_ns = self._at(t_ns), t_ns
            self._rest = self._measured()
            self.restart()
            self.taking, self._asked, self.count = False, False, self.count + 1

    def settled(self, t_ns: int) -> bool:
        """Whether nothing eases just now."""
        return self._former is None or t_ns - self._since_ns > _EASE_NS

    def head(self, xyzw: F32, place_m: F32, t_ns: int) -> tuple[F32, F32]:
        """Rotation (4,) and position (3,) in the axes of the head at rest."""
        rest = self._at(t_ns)
        if rest is None:
            return xyzw, np.zeros(3, np.float32)
        back = quat_conj(rest.head_xyzw)
        turn = quat_mul(back, xyzw)
        turn = -turn if turn[3] < 0 else turn
        return turn.astype(np.float32), rotate(back, place_m - rest.head_m).astype(np.float32)

    def gaze(self, gaze_rad: F32, t_ns: int) -> F32:
        """(2, 2) relative to the gaze at rest."""
        rest = self._at(t_ns)
        return gaze_rad if rest is None else gaze_rad - rest.gaze_rad

    def _at(self, t_ns: int) -> _Rest | None:
        old, new = self._former, self._rest
        share = (t_ns - self._since_ns) / _EASE_NS
        if old is None or new is None or share >= 1.0:
            return new
        share = share * share * (3.0 - 2.0 * share)
        k = np.float32(share)
        return _Rest(
            quat_slerp(old.head_xyzw, new.head_xyzw, share).astype(np.float32),
            old.head_m + k * (new.head_m - old.head_m),
            old.gaze_rad + k * (new.gaze_rad - old.gaze_rad),
        )

    def _measured(self) -> _Rest:
        # Medians: a glance within the stretch must not count as rest.
        heads = np.stack([sample.head_xyzw for sample in self._samples])
        heads = heads * np.where(heads @ heads[-1] < 0, -1, 1)[:, None]
        head = np.median(heads, axis=0)
        return _Rest(
            frozen(head / np.linalg.norm(head)),
            frozen(np.median(np.stack([sample.head_m for sample in self._samples]), axis=0)),
            frozen(np.median(np.stack([sample.gaze_rad for sample in self._samples]), axis=0)),
        )
