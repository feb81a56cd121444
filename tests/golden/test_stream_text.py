"""The stream's text, written out by hand from docs/reference/stream.md."""

from __future__ import annotations

import dataclasses

from avatar_frames import frame_of, posed

from vtdrive.types import Param, Profile, RigSchema, Status, frozen
from vtdrive.wire.stream import FrameTemplate, hello_text

SCHEMA = RigSchema((Param("blinkLeft", kind="preset"), Param("jawOpen", kind="shape")), ("Head",))
POSE = posed(
    SCHEMA,
    {"blinkLeft": 1.0, "jawOpen": 1 / 3},
    {"Head": (0.5, 0.5, 0.5, 0.5)},
    root_m=(0.25, 0.0, -1.0),
)
ZEROS = (
    '{"neutral":0,"happiness":0,"surprise":0,"sadness":0,'
    '"anger":0,"disgust":0,"fear":0,"contempt":0}'
)
FRAME = (
    '{"type":"frame","v":1,"seq":7,"t":0.25,"status":"held",'
    '"head":{"yaw_deg":0,"pitch_deg":0,"roll_deg":0},"head_m":[0.1,0,0],'
    '"gaze":{"left":{"yaw_deg":0,"pitch_deg":0},"right":{"yaw_deg":0,"pitch_deg":0}},'
    '"emotion":{"leading":"neutral","shown":"neutral",'
    '"probs":' + ZEROS.replace('"neutral":0', '"neutral":1') + ',"weights":' + ZEROS + "},"
    '"speaking":0,"params":{"blinkLeft":1,"jawOpen":0.33333},'
    '"bones":{"Head":[0.5,0.5,0.5,0.5]},"root_m":[0.25,0,-1]}'
)
HELLO = (
    '{"type":"hello","v":1,"program":"vtdrive","program_version":"9.9",'
    '"profile":{"drive":"both","mirror":false},"fields":["head","speaking"],"max_hz":30.0,'
    '"emotions":["neutral","happiness","surprise","sadness","anger","disgust","fear","contempt"],'
    '"params":[{"name":"blinkLeft","lo":0.0,"hi":1.0,"neutral":0.0,"kind":"preset"},'
    '{"name":"jawOpen","lo":0.0,"hi":1.0,"neutral":0.0,"kind":"shape"}],"bones":["Head"]}'
)


def test_a_frame() -> None:
    frame = frame_of(SCHEMA, POSE, seq=7, status=Status.HELD)
    moved = dataclasses.replace(frame.state, head_m=frozen([0.1, 0, 0]))
    frame = dataclasses.replace(frame, state=moved)
    assert FrameTemplate(SCHEMA, Profile()).fill(frame, t_s=0.25) == FRAME


def test_a_hello() -> None:
    told = hello_text(SCHEMA, Profile(), ("speaking", "head"), program_version="9.9", max_hz=30.0)
    assert told == HELLO
