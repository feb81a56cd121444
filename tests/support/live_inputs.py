"""Live inputs that a test scripts: measurements by hand, and a receiver that keeps its word."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np

from vtdrive.config.inputs import InputTable, VmcInput
from vtdrive.core.signals import unsided
from vtdrive.errors import SourceNotFound
from vtdrive.spaces import quat_from_euler
from vtdrive.testing import shape_vector
from vtdrive.track_sources.live import InputStats
from vtdrive.types import Incoming, frozen
from vtdrive.vocab import EMOTION_INDEX, SHAPES


def heard(
    t_ns: int,
    shapes: Mapping[str, float] | None = None,
    *,
    known: Iterable[str] | Literal["all", "given"] = "all",
    yaw_deg: float | None = None,
    pitch_deg: float = 0.0,
    at_m: tuple[float, float, float] | None = None,
    gaze_deg: tuple[tuple[float, float], tuple[float, float]] | None = None,
    weights: Mapping[str, float] | None = None,
    voice: tuple[float, ...] | None = None,
    found: bool = True,
) -> Incoming:
    """One measurement. A name without its side stands for both; `yaw_deg` None: no head."""
    given = shapes or {}
    names = SHAPES if known == "all" else given if known == "given" else known
    sure = {one for name in names for one in unsided(name) or (name,)}
    felt = None
    if weights is not None:
        felt = np.zeros(8, np.float32)
        for name, weight in weights.items():
            felt[EMOTION_INDEX[name]] = weight
    turn = None
    if yaw_deg is not None:
        turn = quat_from_euler(yaw=np.radians(yaw_deg), pitch=np.radians(pitch_deg), roll=0.0)
    return Incoming(
        t_ns=t_ns,
        found=found,
        shapes=frozen(shape_vector(given)),
        known=np.array([name in sure for name in SHAPES]),
        head_xyzw=None if turn is None else frozen(turn),
        head_m=None if at_m is None else frozen(at_m),
        gaze_rad=None if gaze_deg is None else frozen(np.radians(gaze_deg)),
        weights=None if felt is None else frozen(felt),
        voice=None if voice is None else frozen(voice),
    )


def table(**options: Any) -> InputTable:
    """The config of an input; its port tells it from others."""
    return VmcInput.model_validate(options)


class ScriptedInput:
    """Gives what a test puts in. `fault` makes the next `read` raise, `refuse` every `open`."""

    def __init__(self, name: str = "scripted", *, refuse: bool = False) -> None:
        self.name = name
        self.stats = InputStats()
        self.fault: Exception | None = None
        self.refuse = refuse
        self.opened = self.closed = 0
        self.threads: set[int] = set()
        self._ready = threading.Condition()
        self._item: Incoming | None = None

    def put(self, incoming: Incoming) -> None:
        with self._ready:
            self._item = incoming
            self._ready.notify()

    def open(self) -> None:
        self.threads.add(threading.get_ident())
        self.opened += 1
        if self.refuse:
            raise SourceNotFound(f"{self.name}: cannot listen there", "close the other program")

    def read(self, timeout_s: float) -> Incoming | None:
        self.threads.add(threading.get_ident())
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        with self._ready:
            if self._item is None:
                self._ready.wait(timeout_s)
            item, self._item = self._item, None
        return item

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed += 1
