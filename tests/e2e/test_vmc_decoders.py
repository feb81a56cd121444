"""Frames over real UDP, read by two decoders that others wrote: vmcp and npm's osc.

`npm install --prefix tests/e2e/node --omit=optional --no-package-lock` brings the latter.
"""

from __future__ import annotations

import contextlib
import dataclasses
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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_frames import FULL, frame_of
from vrm_models import glb, vrm0

from vtdrive.config.load import load_config
from vtdrive.config.sinks import VmcSink
from vtdrive.core.poser import Poser
from vtdrive.sinks.vmc import VmcOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.types import AvatarFrame, Pose, Profile, Status, frozen
from vtdrive.vocab import SHAPE_INDEX, SHAPES, pascal
from vtdrive.wire.names import LOOK_PRESETS, VRM0
from vtdrive.wire.neutral import neutral_frame

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
ASSISTANT_TAGS = {
    "/VMC/Ext/Set/Eye": "ifff",
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

    def __init__(self, command: list[str]) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed in `close`)
        self._process = subprocess.Popen(
            command,
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
    with contextlib.closing(Decoder([*command, str(port)])) as decoder:
        assert decoder.line(within_s=30) == "ready\n"
        yield decoder, port


def yaw_of(seq: int) -> float:
    return math.radians(30 * math.sin(seq / 10))


def moving(seq: int) -> AvatarFrame:
    """A frame whose every value differs from its neighbours' and from the frame before."""
    params = (np.arange(len(FULL.params)) * 0.137 + seq * 0.0371) % 1.0
    yaw = yaw_of(seq)
    turns = [quat_from_euler(yaw=yaw * k, pitch=yaw / 3, roll=-yaw / 5) for k in (0.3, 0.7, 1, 1)]
    pose = Pose(frozen(params), frozen(np.array(turns)), frozen([seq / 1e4, 0.02, -0.01]))
    status = Status.LOST if seq % 50 == 49 else Status.LIVE
    return frame_of(FULL, pose, seq=seq, t_ns=seq * 1_000_000_000 // FPS, status=status)


def values_of(frame: AvatarFrame) -> dict[str, float]:
    """Every expression by its VRM 0 or PascalCase name; gaze goes another way, and those rest."""
    (pose,) = frame.poses.values()
    values = {}
    for param, value in zip(FULL.params, pose.params.tolist(), strict=True):
        name = VRM0.get(param.name, param.name) if param.kind == "preset" else param.name
        values[pascal(name) if name in SHAPES else name] = value
    values |= {VRM0[name]: 0.0 for name in LOOK_PRESETS}
    return values | {name: 0.0 for name in values if name.startswith("EyeLook")}


def expected(frame: AvatarFrame) -> dict[str, Any]:
    """What a receiver must understand, worked out from the frame without our encoder."""
    (pose,) = frame.poses.values()
    x, y, z = pose.root_m.tolist()
    bones = zip(FULL.bones, pose.bones_xyzw.tolist(), strict=True)
    return {
        "ok": [1, 3, 0, int(frame.status is Status.LIVE)],
        "time_s": float(np.float32(frame.t_ns * 1e-9)),
        "root": [-x, y, z, 0, 0, 0, 1],
        "bones": {bone: [0, 0, 0, qx, -qy, -qz, qw] for bone, (qx, qy, qz, qw) in bones},
        "values": values_of(frame),
    }


def expected_placed(frame: AvatarFrame) -> dict[str, Any]:
    """With positions: where the bones of `vrm_models` stand, seen in Unity's space."""
    places = {"Neck": (0, 0.3, 0), "Head": (0, 0.1, 0.02),
              "LeftEye": (-0.03, 0.06, 0.05), "RightEye": (0.03, 0.06, 0.05)}  # fmt: skip
    want = expected(frame)
    for bone, values in want["bones"].items():
        values[:3] = [float(np.float32(v)) for v in places[bone]]
    return want


def expected_both(frame: AvatarFrame) -> dict[str, Any]:
    """With both spellings of presets."""
    want = expected(frame)
    want["values"] |= {new: want["values"][old] for new, old in VRM0.items()}
    assert {"Surprised", "surprised"} <= want["values"].keys()
    return want


def expected_of_assistant(frame: AvatarFrame) -> dict[str, Any]:
    yaw, pitch = yaw_of(frame.seq), yaw_of(frame.seq) / 3
    x, z = -math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch)
    y = math.sin(pitch)
    eye = pytest.approx([1, 10 * x, 10 * y, 10 * z], abs=1e-5)
    return {"eye": eye, "bones": {}, "values": values_of(frame)}


Expected = Callable[[AvatarFrame], dict[str, Any]]
FORMS: dict[str, tuple[dict[str, Any], Expected, dict[str, str]]] = {
    "performer": ({}, expected, TAGS),
    "unbundled": ({"bundle": "off"}, expected, TAGS),
    "both": ({"names": "both"}, expected_both, TAGS),
    "placed": ({"vrm": "model.vrm"}, expected_placed, TAGS),
    "assistant": ({"role": "assistant"}, expected_of_assistant, ASSISTANT_TAGS),
}
"""Options, what must be understood, and the type tags."""


def stream(kind: str, seconds: float, *, form: str = "performer") -> None:
    """Send `seconds` of frames at `FPS`, and require every one of them back, exactly."""
    count = round(seconds * FPS)
    sent = [moving(seq) for seq in range(count)]
    options, want, tags = FORMS[form]
    with decoding(kind) as (decoder, port), tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.vrm"
        model.write_bytes(glb(vrm0()))
        given = options | ({"vrm": str(model)} if "vrm" in options else {})
        sink = VmcOutput(VmcSink.model_validate({"port": port, **given}))
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
        types = seen.pop("types", tags)
        assert types == tags
        assert seen == want(frame), f"frame {frame.seq}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", COMMANDS)
def test_every_message_is_right(kind: str, form: str) -> None:
    stream(kind, 1, form=form)


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_minute_without_an_error(kind: str) -> None:
    stream(kind, 60)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("kind", COMMANDS)
def test_left_is_left(kind: str, mirror: bool) -> None:
    """Absolute: my left eye closes, my head turns to my left by 30 degrees. As a mirror image it is
    the avatar's right eye, and its head turns to its right. Driver, sink, foreign decoder."""
    profile = Profile("both", mirror)
    poser = Poser(load_config([]), [profile])
    shapes = np.zeros(len(SHAPES))
    shapes[SHAPE_INDEX["eyeBlinkLeft"]] = 1.0
    state = dataclasses.replace(
        neutral_frame(poser.schema, [], seq=0, t_ns=0).state,
        status=Status.LIVE,
        shapes=frozen(shapes),
        head_xyzw=frozen(quat_from_euler(yaw=math.radians(30), pitch=0, roll=0)),
        head_m=frozen([0.1, 0, 0]),
    )
    with decoding(kind) as (decoder, port):
        sink = VmcOutput(VmcSink(port=port, mirror=mirror))
        sink.open(poser.schema)
        sink.send(frame_of(poser.schema, poser.poses(state)[profile], profiles=(profile,)))
        sink.close()
        (got,) = decoder.frames(1, within_s=15)
        assert decoder.end() == (0, "")
    side = "R" if mirror else "L"
    sign = -1 if mirror else 1
    moved = {name for name, value in got["values"].items() if value > 0.5}
    assert moved == {f"Blink_{side}", f"EyeBlink{'Right' if mirror else 'Left'}"}
    head = [got["bones"][bone][4:8:2] for bone in ("Neck", "Head")]
    turn = sum(2 * math.degrees(math.atan2(y, w)) for y, w in head)
    # Unity: a turn to the avatar's right is positive.
    assert turn == pytest.approx(-30 * sign, abs=0.1)
    assert -0.1 <= got["root"][0] * sign <= -0.05
