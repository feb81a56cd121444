"""All filters of one face, by group."""

from __future__ import annotations

from typing import Final

import numpy as np

from vtdrive.config.filters import Filters, OneEuro
from vtdrive.core.filters import DeadZone, LidRelease, OneEuroLanes, OneEuroRotation
from vtdrive.core.presence import Body
from vtdrive.types import F32
from vtdrive.vocab import SHAPES

__all__ = ["GROUP_OF_SHAPE", "Smoother"]


def _group(name: str) -> str:
    if name.startswith("eyeBlink"):
        return "lids"
    if name.startswith("eyeLook"):
        return "gaze"
    # Wide and narrow eyes come and go with the brows; at the lids' speed their noise would show.
    if name.startswith(("brow", "eye")):
        return "brows"
    if name in ("jawOpen", "mouthClose"):
        return "jaw"
    if name.startswith(("cheek", "nose", "tongue", "jawForward")):
        return "slow"
    return "mouth"


GROUP_OF_SHAPE: Final[dict[str, str]] = {name: _group(name) for name in SHAPES}
_LIDS: Final = np.array([i for i, n in enumerate(SHAPES) if _group(n) == "lids"])


class Smoother:
    """Calibrated, corrected values in; calm ones out. Stamped with capture time."""

    def __init__(self, config: Filters) -> None:
        def settings(group: str) -> OneEuro:
            found: OneEuro = getattr(config, group if group != "lids" else "jaw")
            return found

        lanes = [settings(GROUP_OF_SHAPE[n]) for n in SHAPES]
        self._lanes = OneEuroLanes([*lanes, *[config.gaze] * 4, *[config.root] * 3])
        self._lids = LidRelease(config.lids.release_ms)
        self._head = OneEuroRotation(config.head)
        self._still = DeadZone(np.radians(config.gaze_deadzone_deg))

    def reset(self) -> None:
        """Forget the past: the next face passes through."""
        for part in (self._lanes, self._lids, self._head, self._still):
            part.reset()

    def adopt(self, other: Smoother) -> None:
        """Go on from another smoother's state, with these settings."""
        self._lanes.adopt(other._lanes)
        self._lids.adopt(other._lids)
        self._head.adopt(other._head)
        self._still.adopt(other._still)

    def step(self, body: Body, t_ns: int) -> Body:
        """One frame, captured at `t_ns`."""
        gaze = self._still.step(body.gaze_rad.reshape(-1))
        packed: F32 = np.concatenate([body.shapes, gaze, body.head_m]).astype(np.float32)
        calm = self._lanes.step(packed, t_ns)
        shapes = calm[:52]
        shapes[_LIDS] = self._lids.step(body.shapes[_LIDS], t_ns)
        return Body(
            self._head.step(body.head_xyzw, t_ns), calm[56:59], calm[52:56].reshape(2, 2), shapes
        )
