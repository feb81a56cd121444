"""Plain OSC over real UDP, read by npm's osc, type tags and all."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from typing import Any

import pytest
from avatar_frames import SMALL, frame_of, posed
from test_vmc_decoders import Decoder, node_command

from vtdrive.config.sinks import OscSink
from vtdrive.sinks.osc import OscOutput
from vtdrive.types import Status

TYPED = {
    "f": ({}, "f", 1.0, 0.25),
    "i": ({"scale": 255}, "i", 255, 64),
    "T": ({}, "TF", True, False),
    "s": ({}, "s", "1.000", "0.250"),
}
"""Type -> options, its tags, what 1 and 0.25 become."""


@pytest.mark.parametrize("bundle", ["auto", "off"])
@pytest.mark.parametrize("kind", TYPED)
def test_typed_values_and_texts(kind: str, bundle: str) -> None:
    options, tags, high, low = TYPED[kind]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    only = ("aa", "jawOpen", "head/z_m", "emotion/name", "status")
    given: dict[str, Any] = {"port": port, "type": kind, "bundle": bundle, "only": only, **options}
    sink = OscOutput(OscSink.model_validate(given))
    frame = frame_of(SMALL, posed(SMALL, {"aa": 1.0, "jawOpen": 0.25}))
    state = dataclasses.replace(frame.state, status=Status.LIVE)
    with contextlib.closing(Decoder([*node_command(), str(port), "any"])) as decoder:
        assert decoder.line(within_s=30) == "ready\n"
        sink.open(SMALL)
        sink.send(dataclasses.replace(frame, state=state))
        sink.close()
        messages = decoder.frames(6, within_s=15)
        assert decoder.end() == (0, "")
    got = {m["address"].removeprefix("/vtdrive/"): m["args"] for m in messages}
    found = {"f": 1.0, "i": 1, "T": True, "s": "1.000"}[kind]
    assert got == {
        "aa": [{"type": tags[0], "value": high}],
        "jawOpen": [{"type": tags[-1], "value": low}],
        "head/z_m": [{"type": "f", "value": 0}],
        "face/found": [{"type": tags[0], "value": found}],
        "emotion/name": [{"type": "s", "value": "neutral"}],
        "face/status": [{"type": "s", "value": "live"}],
    }
