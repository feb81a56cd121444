"""Inlets of scripted inputs, and sessions that mix them into a scripted camera."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from live_inputs import ScriptedInput, table
from runtime_parts import Heard, ScriptedFeed, ScriptedTracker

from vtdrive.config.inputs import InputTable
from vtdrive.config.schema import Config
from vtdrive.runtime.inputs import Inlet, Inlets
from vtdrive.runtime.session import Session
from vtdrive.testing import make_face
from vtdrive.types import Incoming, VideoFrame
from vtdrive.vocab import SHAPE_INDEX

JAW = SHAPE_INDEX["jawOpen"]


def inlet(source: ScriptedInput, said: list[str], **more: Any) -> Inlet:
    config = more.pop("config", table())
    return Inlet(config, said.append, news=threading.Event(), make=lambda _: source, **more)


class Speaking(ScriptedTracker):
    """Says something to an input at each frame, as if it had come by then."""

    def __init__(self, inlets: Inlets, say: Callable[[int, int], Incoming | None]) -> None:
        super().__init__(lambda seq: None if 60 < seq < 70 else make_face(yaw_deg=seq / 10))
        self._inlets, self._say = inlets, say

    def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
        for i, one in enumerate(self._inlets.all):
            said = self._say(i, frame.t_ns)
            one.newest = one.newest if said is None else said
        return super().track(frame)


def with_inputs(config: Config, *tables: InputTable) -> Config:
    return config.model_copy(update={"inputs": list(tables)})


def session(
    config: Config, say: Callable[[int, int], Incoming | None], *sinks: Any,
    frames: int = 150, heard_by: Heard | None = None,
) -> Session:  # fmt: skip
    inlets = Inlets([inlet(ScriptedInput(), [], config=one) for one in config.inputs])
    return Session(
        config,
        feed=ScriptedFeed([True] * frames, lockstep=False),
        tracker=Speaking(inlets, say),
        classifier=None,
        sinks=sinks,
        listener=heard_by or Heard(),
        inlets=inlets,
    )


def at_frame(run: Session, seq: int, do: Callable[[], object]) -> None:
    tracker = run._tracker
    assert tracker is not None
    track = tracker.track

    def doing(frame: VideoFrame):  # type: ignore[no-untyped-def]
        if frame.seq == seq:
            do()
        return track(frame)

    tracker.track = doing  # type: ignore[method-assign]
