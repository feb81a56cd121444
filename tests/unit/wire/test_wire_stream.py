"""The JSON stream: it keeps its own schema, and left is left."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_frames import FULL, SMALL, frame_of, posed
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from vtdrive.config.schema import Config
from vtdrive.config.sinks.ws import StreamField
from vtdrive.core.poser import Poser
from vtdrive.spaces import quat_from_euler
from vtdrive.types import FaceState, Param, Profile, RigSchema, Status, frozen
from vtdrive.vocab import SHAPE_INDEX
from vtdrive.wire.jsonl import JsonlTemplate
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.stream import FIELDS, Field, FrameTemplate, hello_text
from vtdrive.wire.stream_schema import schema_text, stream_schema

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docs" / "reference" / "stream.schema.json"
SCHEMA = stream_schema()
VALID = Draft202012Validator(SCHEMA)
PAIRS = Profile(), Profile(mirror=True)


def strict(text: str) -> Any:
    return json.loads(text, parse_constant=pytest.fail)


def test_the_schema_on_the_shelf_is_that_of_the_program() -> None:
    how = "write what vtdrive.wire.stream_schema.schema_text() returns into that file"
    assert FILE.read_text("utf-8") == schema_text(), how


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_config_offers_the_fields_there_are() -> None:
    assert StreamField.__args__ == FIELDS  # type: ignore[attr-defined]


@given(st.sets(st.sampled_from(FIELDS)), st.floats(width=32), st.sampled_from([*Status]))
def test_frames_keep_the_schema_whatever_they_hold(
    fields: set[Field], value: float, status: Status
) -> None:
    pose = posed(FULL, {"jawOpen": value}, {"Head": (value, 0, 0, 1)}, (0, value, 0))
    frame = frame_of(FULL, pose, seq=4, status=status)
    got = strict(FrameTemplate(FULL, Profile(), fields).fill(frame, t_s=0.125))
    VALID.validate(got)
    assert set(got) == {"type", "v", "seq", "t", "status"} | fields
    if "params" in fields:
        back = got["params"]["jawOpen"]
        assert back is None or back == pytest.approx(value, rel=1e-4)
        assert (back is None) == (not math.isfinite(value))


@given(st.lists(st.text(max_size=8), unique=True, max_size=4))
def test_names_of_a_users_own_need_no_care(names: list[str]) -> None:
    schema = RigSchema(tuple(Param(name) for name in names), ())
    for text in (
        FrameTemplate(schema, Profile()).fill(frame_of(schema), t_s=0),
        hello_text(schema, Profile(), program_version="1", max_hz=0),
    ):
        VALID.validate(strict(text))
    assert [p["name"] for p in strict(text)["params"]] == names


def test_json_lines_keep_it_too() -> None:
    line = JsonlTemplate(SMALL, Profile()).fill(frame_of(SMALL), t_s=0)
    VALID.validate(strict(line.decode()))


def spoil(message: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    inner = spoil(message[head], rest, value) if rest else value
    return message | {head: inner}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v", 2), ("seq", -1), ("seq", "1"), ("t", "now"), ("status", "gone"),
        ("emotion.shown", "joy"), ("emotion.probs", {}), ("head.yaw_deg", "left"),
        ("head_m", [0, 0]), ("bones.Head", [0, 0, 0]), ("params.jawOpen", "wide"),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_stream_never_says(path: str, value: Any) -> None:
    good = strict(FrameTemplate(FULL, Profile()).fill(frame_of(FULL), t_s=0))
    assert VALID.is_valid(good)
    assert not VALID.is_valid(spoil(good, path, value))


def winked_left_and_turned_left(state: FaceState) -> FaceState:
    shapes = np.zeros(52)
    shapes[SHAPE_INDEX["eyeBlinkLeft"]] = 1.0
    turned = quat_from_euler(yaw=math.radians(30), pitch=0.0, roll=0.0)
    return dataclasses.replace(
        state,
        head_xyzw=frozen(turned),
        shapes=frozen(shapes),
        gaze_rad=frozen(np.radians([[10, 0], [8, 5]])),
    )


def test_left_is_left(config: Config) -> None:
    poser = Poser(config, PAIRS)
    frame = neutral_frame(poser.schema, PAIRS, seq=1, t_ns=0)
    state = winked_left_and_turned_left(frame.state)
    frame = dataclasses.replace(frame, state=state, poses=poser.poses(state))
    plain, mirror = (
        strict(FrameTemplate(poser.schema, profile).fill(frame, t_s=0)) for profile in PAIRS
    )
    assert plain["params"]["eyeBlinkLeft"] > 0.9 > 0.1 > plain["params"]["eyeBlinkRight"]
    assert mirror["params"]["eyeBlinkRight"] > 0.9 > 0.1 > mirror["params"]["eyeBlinkLeft"]
    # To the left is a positive turn about +Y; a mirrored avatar turns the other way.
    assert plain["bones"]["Head"][1] > 0.05
    assert mirror["bones"]["Head"][1] < -0.05
    # What the user does is told as it is, whatever the avatar does with it.
    for got in (plain, mirror):
        assert got["head"]["yaw_deg"] == pytest.approx(30, abs=0.01)
        assert got["gaze"]["left"]["yaw_deg"] == pytest.approx(10, abs=0.01)
        assert got["gaze"]["right"] == pytest.approx({"yaw_deg": 8, "pitch_deg": 5}, abs=0.01)
