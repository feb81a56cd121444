"""Seats on a stage, for tests of the process that paints."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import numpy as np
import psutil

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.stage.handle import Seat
from vtdrive.types import FaceState, RigSchema, Status, frozen
from vtdrive.wire.neutral import neutral_frame

__all__ = ["LOOK", "REST", "Take", "face", "painters", "put", "within"]

LOOK = AvatarConfig(width=64, height=64, fps=60)
Take = Callable[..., Seat]
REST = neutral_frame(RigSchema((), ()), (), seq=0, t_ns=0).state


def face(red: float) -> FaceState:
    """A face whose first shape is `red`."""
    shapes = np.zeros(52)
    shapes[0] = red
    return dataclasses.replace(REST, status=Status.LIVE, shapes=frozen(shapes))


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def painters() -> list[psutil.Process]:
    """Child processes of this one; the resource tracker is Python's own and stays."""
    found = []
    for child in psutil.Process().children():
        try:
            if "resource_tracker" not in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            pass
    return found


def put(seat: Seat, state: FaceState) -> None:
    seat.put(state, t_ns=SYSTEM_CLOCK.now_ns())
