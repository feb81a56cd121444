"""Frames over real UDP, read by two decoders that others wrote: vmcp and npm's osc.

`npm install --prefix tests/e2e/node --omit=optional --no-package-lock` brings the latter.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import math
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_frames import FULL, frame_of

from vtdrive.config.sinks import VmcSink
from vtdrive.sinks.vmc import VmcOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.types import AvatarFrame, Pose, Status, frozen
from vtdrive.vocab import SHAPES, pascal
from vtdrive.wire.names import LOOK_PRESETS, VRM0

HERE = Path(__file__).parent
FPS = 60
TAGS = {
    "/VMC/Ext/OK": "iiii",
    "/VMC/Ext/T": "f",
    "/VMC/Ext/Root/Pos": "sfffffff",
    "/VMC/Ext/Bone/Pos": "sfffffff",
    "/VMC/Ext/Blend/Val": "sf",
    "/VMC/Ext/Blend/Apply": "",
}


def vmcp_command() -> list[str]:
    try:
        version = importlib.metadata.version("vmcp")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("vmcp is not installed: pip install 'vmcp[osc4py3]==1.0.6'")
    assert version == "1.0.6"
    return [sys.executable, str(HERE / "vmcp_decoder.py")]


def node_command() -> list[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (HERE / "node" / "node_modules" / "osc").is_dir():
        pytest.skip(
            "npm's osc is not installed: npm install --prefix tests/e2e/node"
            " --omit=optional --no-package-lock"
        )
    return [node, str(HERE / "node" / "decode.js")]


COMMANDS = {"vmcp": vmcp_command, "node": node_command}


class Decoder:
    """A decoding process: `frames` yields what it understood, `end` returns its complaints."""

    def __init__(self, command: list[str], port: int) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed in `close`)
        self._process = subprocess.Popen(
            [*command, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def line(self, *, within_s: float) -> str:
        return self._lines.get(timeout=within_s)

    def frames(self, count: int, *, within_s: float) -> list[dict[str, Any]]:
        """Up to `count` frames; fewer where they do not come in time."""
        until = time.monotonic() + within_s
        got: list[dict[str, Any]] = []
        while len(got) < count and time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                got.append(json.loads(self.line(within_s=0.2)))
        return got

    def end(self) -> tuple[int, str]:
        """Let the process finish; its exit status and what it wrote to stderr."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(20)
        self._errors.seek(0)
        return code, self._errors.read()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            assert pipe is not None
            pipe.close()


@contextlib.contextmanager
def decoding(kind: str) -> Iterator[tuple[Decoder, int]]:
    command = COMMANDS[kind]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with contextlib.closing(Decoder(command, port)) as decoder:
        assert decoder.line(within_s=30) == "ready\n"
        yield decoder, port


def moving(seq: int) -> AvatarFrame:
    """A frame whose every value differs from its neighbours' and from the frame before."""
    params = (np.arange(len(FULL.params)) * 0.137 + seq * 0.0371) % 1.0
    yaw = math.radians(30 * math.sin(seq / 10))
    turns = [quat_from_euler(yaw=yaw * k, pitch=yaw / 3, roll=-yaw / 5) for k in (0.3, 0.7, 1, 1)]
    pose = Pose(frozen(params), frozen(np.array(turns)), frozen([seq / 1e4, 0.02, -0.01]))
    status = Status.LOST if seq % 50 == 49 else Status.LIVE
    return frame_of(FULL, pose, seq=seq, t_ns=seq * 1_000_000_000 // FPS, status=status)


def expected(frame: AvatarFrame) -> dict[str, Any]:
    """What a receiver must understand, worked out from the frame without our encoder."""
    (pose,) = frame.poses.values()
    values = {}
    for param, value in zip(FULL.params, pose.params.tolist(), strict=True):
        name = VRM0.get(param.name, param.name) if param.kind == "preset" else param.name
        values[pascal(name) if name in SHAPES else name] = value
    values |= {VRM0[name]: 0.0 for name in LOOK_PRESETS}
    x, y, z = pose.root_m.tolist()
    bones = zip(FULL.bones, pose.bones_xyzw.tolist(), strict=True)
    return {
        "ok": [1, 3, 0, int(frame.status is Status.LIVE)],
        "time_s": float(np.float32(frame.t_ns * 1e-9)),
        "root": [-x, y, z, 0, 0, 0, 1],
        "bones": {bone: [0, 0, 0, qx, -qy, -qz, qw] for bone, (qx, qy, qz, qw) in bones},
        "values": values,
    }


def stream(kind: str, seconds: float, *, bundle: str = "auto") -> None:
    """Send `seconds` of frames at `FPS`, and require every one of them back, exactly."""
    count = round(seconds * FPS)
    sent = [moving(seq) for seq in range(count)]
    with decoding(kind) as (decoder, port):
        sink = VmcOutput(VmcSink.model_validate({"port": port, "bundle": bundle}))
        sink.open(FULL)
        start = time.monotonic()
        for frame in sent:
            time.sleep(max(0.0, start + frame.t_ns * 1e-9 - time.monotonic()))
            sink.send(frame)
        sink.close()
        got = decoder.frames(count, within_s=15)
        returncode, errors = decoder.end()
    assert sink.stats.last_error == ""
    assert (returncode, errors) == (0, "")
    assert len(got) == count
    for frame, seen in zip(sent, got, strict=True):
        types = seen.pop("types", TAGS)
        assert types == TAGS
        assert seen == expected(frame), f"frame {frame.seq}"


@pytest.mark.parametrize("kind", COMMANDS)
def test_every_message_is_right(kind: str) -> None:
    stream(kind, 2)


@pytest.mark.parametrize("kind", COMMANDS)
def test_one_message_per_datagram_is_right_too(kind: str) -> None:
    stream(kind, 0.5, bundle="off")


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_minute_without_an_error(kind: str) -> None:
    stream(kind, 60)


@pytest.mark.parametrize("kind", COMMANDS)
def test_left_is_left(kind: str) -> None:
    """Absolute: my left eye closes, my head turns to my left by 30 degrees."""
    wink = np.zeros(len(FULL.params))
    wink[FULL.names.index("blinkLeft")] = wink[FULL.names.index("eyeBlinkLeft")] = 1.0
    turn = quat_from_euler(yaw=math.radians(30), pitch=0, roll=0)
    turns = np.array([[0, 0, 0, 1], turn, [0, 0, 0, 1], [0, 0, 0, 1]])
    pose = Pose(frozen(wink), frozen(turns), frozen([0.1, 0, 0]))
    with decoding(kind) as (decoder, port):
        sink = VmcOutput(VmcSink(port=port))
        sink.open(FULL)
        sink.send(frame_of(FULL, pose))
        sink.close()
        (got,) = decoder.frames(1, within_s=15)
        assert decoder.end() == (0, "")
    assert {k for k, v in got["values"].items() if v} == {"Blink_L", "EyeBlinkLeft"}
    _, _, _, x, y, z, w = got["bones"]["Head"]
    # Unity: a turn to the avatar's right is positive.
    assert math.degrees(2 * math.atan2(y, w)) == pytest.approx(-30, abs=1e-3)
    assert (x, z) == (0, 0)
    assert got["root"][0] == pytest.approx(-0.1)
