"""Decode VMC with the vmcp package and print what it understood. Runs as a process of its own.

vmcp is AGPL: nothing of vtdrive imports it, nothing of it is shipped, and this script only talks to
the tests through pipes. Usage: vmcp_decoder.py PORT; ends when standard input closes.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from vmcp.events import (
    BlendShapeApplyEvent,
    BlendShapeEvent,
    BoneTransformEvent,
    Event,
    RelativeTimeEvent,
    RootTransformEvent,
    StateEvent,
)
from vmcp.facades import on_receive
from vmcp.osc import OSC
from vmcp.osc.backend.osc4py3 import as_eventloop


def pose(event: BoneTransformEvent | RootTransformEvent) -> list[float]:
    p, r = event.position, event.rotation
    return [p.x, p.y, p.z, r.x, r.y, r.z, r.w]


class Frames:
    """Collects events and prints a frame as JSON whenever Apply closes one."""

    def __init__(self) -> None:
        self.frame: dict[str, Any] = {"bones": {}, "values": {}}

    def take(self, event: Event) -> None:
        frame = self.frame
        match event:
            case StateEvent():
                states = (
                    event.model_state,
                    event.calibration_state,
                    event.calibration_mode,
                    event.tracking_state,
                )
                frame["ok"] = [state.value for state in states]
            case RelativeTimeEvent():
                frame["time_s"] = event.delta
            case RootTransformEvent():
                frame["root"] = pose(event)
            case BoneTransformEvent():
                frame["bones"][event.joint.value] = pose(event)
            case BlendShapeEvent():
                frame["values"][event.key] = event.value
            case BlendShapeApplyEvent():
                print(json.dumps(frame), flush=True)
                self.frame = {"bones": {}, "values": {}}

    def look(self, data: list[float]) -> None:
        self.frame["eye"] = list(data)


def main(port: int) -> None:
    frames = Frames()
    done = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        done.set()

    threading.Thread(target=wait, daemon=True).start()
    osc = OSC(as_eventloop)
    with osc.open():
        receiver = osc.create_receiver("127.0.0.1", port, "in").open()
        for kind in (
            StateEvent,
            RelativeTimeEvent,
            RootTransformEvent,
            BoneTransformEvent,
            BlendShapeEvent,
            BlendShapeApplyEvent,
        ):
            on_receive(receiver, kind, frames.take)
        # vmcp knows what performers send; what assistants add comes as bare values.
        backend = receiver.system.backend
        receiver.register_handler("/VMC/Ext/Set/Eye", frames.look, backend.ARG_DATA)
        print("ready", flush=True)
        while not done.is_set():
            osc.run()
    osc.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
