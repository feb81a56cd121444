"""VTube Studio's messages: hostile ones, errors as sentences, and a face as its inputs."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
from fake_vts import FakeVts
from fake_vts_world import DEFAULTS
from hypothesis import given, settings
from hypothesis import strategies as st
from vts_stage import face_frame

from vtdrive.spaces import quat_from_euler
from vtdrive.types import FaceState, Profile, frozen
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX, SHAPES
from vtdrive.wire.vts import Call, parse, request_text
from vtdrive.wire.vts_errors import explained, named_in
from vtdrive.wire.vts_inject import Fade, InjectTemplate
from vtdrive.wire.vts_params import ARKIT, CUSTOM, DEFAULT_INPUTS, EMOTION_INPUTS, FaceInputs
from vtdrive.wire.vts_replies import (
    active_expressions,
    announced_in,
    hotkeys_in,
    inputs_in,
    token_in,
    uptime_s_in,
)

UGLY = [
    "",
    "null",
    "[]",
    "{",
    "NaN",
    '{"apiName": "VTubeStudioPublicAPI"}',
    '{"apiName": "VTubeStudioPublicAPI", "messageType": 7, "data": {}}',
    '{"apiName": "VTubeStudioPublicAPI", "messageType": ""}',
    '{"apiName": "other", "messageType": "APIError"}',
    "[" * 200_000,
    '{"apiName": "VTubeStudioPublicAPI", "messageType": "' + "x" * 1000 + '"}',
    '{"apiName": "VTubeStudioPublicAPI", "n": ' + "9" * 5000 + "}",
    "\ud800",
]
UGLY_DATA = [
    '{"errorID": "1"}', '{"errorID": true}', '{"errorID": 1e400, "message": 5}',
    '{"errorID": -5, "message": "a\\u0000b\\n\\n c"}', '{"uptime": -1}', '{"uptime": 1e999}',
    '{"availableHotkeys": [1, null, {"hotkeyID": {}}, {"hotkeyID": "x"}]}',
    '{"expressions": {"file": "x"}}', '{"expressions": [{"file": "x", "active": "yes"}]}',
    '{"customParameters": [[]], "defaultParameters": [{"name": null}, {"name": "Brows"}]}',
    '{"port": 70000}', '{"port": true}', '{"port": 8001.0}',
]  # fmt: skip

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
KEYS = (
    "errorID", "message", "reason", "authenticationToken", "availableHotkeys", "hotkeyID", "name",
    "type", "file", "expressions", "active", "customParameters", "defaultParameters", "addedBy",
    "uptime", "port", "instanceID", "windowTitle",
)  # fmt: skip
datas = st.dictionaries(
    st.sampled_from(KEYS), values | st.lists(st.dictionaries(st.sampled_from(KEYS), values))
)


def read_everything(data: dict[str, Any]) -> None:
    """Whatever it is, every reader gives what its type says."""
    token = token_in(data)
    assert token is None or token.isprintable()
    assert all(isinstance(name, str) and name for name in inputs_in(data).names)
    assert all(key.hotkey_id for key in hotkeys_in(data))
    assert all(on in (True, False) for on in active_expressions(data).values())
    uptime_s = uptime_s_in(data)
    assert uptime_s is None or 0 <= uptime_s < 1e9


@pytest.mark.parametrize("text", UGLY)
def test_what_is_no_message_is_none(text: str) -> None:
    assert parse(text) is None
    assert announced_in(text.encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize("data", UGLY_DATA)
def test_ugly_contents_are_survived(data: str) -> None:
    head = '{"apiName": "VTubeStudioPublicAPI", "messageType": "APIError", "data": '
    message = parse(f"{head}{data}}}")
    assert message is not None
    assert isinstance(message.error_id, int)
    assert message.said.isprintable() or "\0" in message.said
    read_everything(dict(message.data))
    wrapped = '{"apiName": "VTubeStudioPublicAPI", "messageType": "VTubeStudioAPIStateBroadcast",'
    assert announced_in(f'{wrapped} "data": {data}}}'.encode()) is None


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=60)
    | st.builds(json.dumps, values)
    | st.builds(
        lambda kind, rid, data: json.dumps(
            {"apiName": "VTubeStudioPublicAPI", "messageType": kind, "requestID": rid, "data": data}
        ),
        st.sampled_from(["APIError", "TestEvent", "VTubeStudioAPIStateBroadcast"]) | values,
        values,
        datas | values,
    )
)
def test_no_message_breaks_the_parser(text: str) -> None:
    message = parse(text)
    announced = announced_in(text.encode("utf-8", "surrogatepass"))
    assert announced is None or 1 <= announced.port <= 65535
    if message is None:
        return
    assert isinstance(message.kind, str)
    assert isinstance(message.request_id, str)
    assert isinstance(message.error_id, int)
    assert len(message.said) <= 300
    read_everything(dict(message.data))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_datagram_breaks_the_listener(packet: bytes) -> None:
    assert announced_in(packet) is None


def test_announcements_are_read() -> None:
    fake = FakeVts()
    fake.port = 8002
    said = announced_in(fake.broadcast(title="VTube Studio Window 2", instance="abc"))
    assert said is not None
    assert (said.active, said.port, said.instance_id) == (True, 8002, "abc")
    assert said.title == "VTube Studio Window 2"
    assert announced_in(fake.broadcast() + b" " * 5000) is None


@pytest.mark.parametrize("request_id", ["", "x" * 65, "ü"])
def test_request_ids_are_what_vtube_studio_takes(request_id: str) -> None:
    with pytest.raises(ValueError, match="1 to 64 ASCII"):
        request_text(Call("APIStateRequest"), request_id=request_id)


def test_numbers_that_are_none_never_leave() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        request_text(Call("X", {"value": math.nan}), request_id="1")


def test_every_error_that_matters_is_a_sentence_with_a_remedy() -> None:
    known = [
        *range(10), *range(50, 55), *range(100, 103), *range(200, 209), *range(350, 357),
        *range(450, 456), 600, 601, 650, 651, 652, 950,
    ]  # fmt: skip
    for number in known:
        what, remedy = explained(number)
        assert "refuses a request" not in what, number
        assert f"[error {number}]" in what
        assert remedy
    what, remedy = explained(123456, said="odd", about="the hotkey 'x'")
    assert what == (
        "VTube Studio refuses a request (the hotkey 'x'); VTube Studio says: \"odd\" [error 123456]"
    )
    assert remedy


def test_names_in_a_sentence() -> None:
    said = 'Parameter MouthOpen is controlled by "MouthX2" (FaceAngleX).'
    names = ("MouthOpen", "MouthX", "FaceAngleX", "Mouth")
    assert named_in(said, names) == {"MouthOpen", "FaceAngleX"}


# --- a face as inputs -----------------------------------------------------------------------------

NOBODY = face_frame(Profile("shapes")).state


def shapes_of(**shapes: float) -> Any:
    out = np.zeros(len(SHAPES), np.float32)
    for name, value in shapes.items():
        out[SHAPE_INDEX[name]] = value
    return frozen(out)


def turned(*, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> FaceState:
    turns = {"yaw": yaw, "pitch": pitch, "roll": roll}
    quat = quat_from_euler(**{name: math.radians(deg) for name, deg in turns.items()})
    return dataclasses.replace(NOBODY, head_xyzw=frozen(quat))


def test_names_are_ones_that_vtube_studio_takes() -> None:
    assert set(DEFAULT_INPUTS) <= set(DEFAULTS)
    assert len(CUSTOM) == 60
    assert len(EMOTION_INPUTS) == len(EMOTIONS)
    for name, custom in CUSTOM.items():
        assert name.isascii()
        assert name.isalnum()
        assert 4 <= len(name) <= 32
        assert len(custom.explanation) < 256
    assert ARKIT["MouthSmileLeft"] == SHAPE_INDEX["mouthSmileLeft"]


def test_at_rest() -> None:
    inputs = FaceInputs()
    values = inputs.values(NOBODY, shapes_of())
    assert values == pytest.approx(inputs.rest)
    assert values["EyeOpenLeft"] == values["EyeOpenRight"] == 0.75
    assert values["MouthSmile"] == values["Brows"] == values["BrowLeftY"] == 0.5
    assert values["VtdriveNeutral"] == 1.0
    assert values["MouthOpen"] == values["FaceAngleX"] == 0.0


def test_turning_to_ones_left_is_positive_x() -> None:
    """Live2D's positive X looks to the right of the screen: the model's own left."""
    assert FaceInputs().values(turned(yaw=20), shapes_of())["FaceAngleX"] == pytest.approx(20)
    flipped = FaceInputs(flip_x=True).values(turned(yaw=20), shapes_of())
    assert flipped["FaceAngleX"] == pytest.approx(-20)


def test_looking_up_is_positive_y_and_the_crown_to_the_left_positive_z() -> None:
    inputs, flipped = FaceInputs(), FaceInputs(flip_y=True, flip_z=True)
    assert inputs.values(turned(pitch=10), shapes_of())["FaceAngleY"] == pytest.approx(10)
    assert inputs.values(turned(roll=-10), shapes_of())["FaceAngleZ"] == pytest.approx(10)
    assert flipped.values(turned(pitch=10), shapes_of())["FaceAngleY"] == pytest.approx(-10)
    assert flipped.values(turned(roll=-10), shapes_of())["FaceAngleZ"] == pytest.approx(-10)


def test_a_left_wink_lowers_the_left_eye() -> None:
    values = FaceInputs().values(NOBODY, shapes_of(eyeBlinkLeft=1.0))
    assert values["EyeOpenLeft"] == 0.0
    assert values["EyeOpenRight"] == 0.75
    wide = FaceInputs(eye_rest=0.5).values(NOBODY, shapes_of(eyeWideLeft=1.0))
    assert (wide["EyeOpenLeft"], wide["EyeOpenRight"]) == (1.0, 0.5)


def test_looking_to_ones_left_is_positive_in_both_eyes() -> None:
    values = FaceInputs().values(NOBODY, shapes_of(eyeLookOutLeft=0.5, eyeLookInRight=0.5))
    assert values["EyeLeftX"] == values["EyeRightX"] == pytest.approx(0.6)
    values = FaceInputs().values(NOBODY, shapes_of(eyeLookUpLeft=1.0, eyeLookDownRight=0.5))
    assert values["EyeLeftY"] == 1.0
    assert values["EyeRightY"] == pytest.approx(-0.6)


def test_mouth_and_brows() -> None:
    inputs = FaceInputs()
    grin = inputs.values(NOBODY, shapes_of(mouthSmileLeft=1.0, mouthSmileRight=1.0))
    assert grin["MouthSmile"] == 1.0
    sad = inputs.values(NOBODY, shapes_of(mouthFrownLeft=1.0, mouthFrownRight=1.0))
    assert sad["MouthSmile"] == 0.0
    closed = inputs.values(NOBODY, shapes_of(jawOpen=0.6, mouthClose=0.6))
    assert closed["MouthOpen"] == 0.0
    crooked = inputs.values(NOBODY, shapes_of(mouthLeft=0.5))
    assert crooked["MouthX"] == 0.5
    raised = inputs.values(NOBODY, shapes_of(browOuterUpLeft=1.0, browDownRight=1.0))
    assert (raised["BrowLeftY"], raised["BrowRightY"]) == pytest.approx((0.85, 0.0))
    assert raised["Brows"] == pytest.approx(0.425)


def test_angles_end_softly_and_positions_are_in_centimetres() -> None:
    inputs = FaceInputs()
    turns = [inputs.values(turned(yaw=d), shapes_of())["FaceAngleX"] for d in range(0, 80)]
    assert turns[24] == pytest.approx(24, abs=1e-3)
    assert all(0 <= b - a <= 1.001 for a, b in itertools.pairwise(turns))
    assert 29 < turns[-1] <= 30
    moved = dataclasses.replace(NOBODY, head_m=frozen([0.05, -0.02, 1.0]))
    values = inputs.values(moved, shapes_of())
    place = [values[f"FacePosition{axis}"] for axis in "XYZ"]
    assert place == pytest.approx([5.0, -2.0, 10.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_leaves(bad: float) -> None:
    state = dataclasses.replace(
        NOBODY,
        head_xyzw=frozen([bad] * 4),
        head_m=frozen([bad] * 3),
        emotion=dataclasses.replace(NOBODY.emotion, weights=frozen([bad] * 8)),
    )
    assert all(math.isfinite(v) for v in FaceInputs().values(state, shapes_of()).values())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=52, max_size=52))
def test_any_face_stays_in_range(shapes: list[float]) -> None:
    values = FaceInputs().values(NOBODY, frozen(shapes))
    signed = {"EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY", "MouthX"}
    for name, value in values.items():
        low = -1.0 if name in signed else 0.0
        assert low <= value <= 1.0, name


# --- the frame ------------------------------------------------------------------------------------


def test_adding_leaves_out_weights() -> None:
    rest = {"EyeOpenLeft": 0.75}
    template = InjectTemplate(["EyeOpenLeft"], mode="add", rest=rest)
    text = template.fill({"EyeOpenLeft": 0.25}, weight=0.5, found=True, request_id="v1")
    rows = json.loads(text)["data"]["parameterValues"]
    assert rows == [{"id": "EyeOpenLeft", "value": -0.25}]


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_a_fade_takes_its_time_at_any_rate(fps: float) -> None:
    fade = Fade(ease_ms=400)
    weights = [fade.step(True, i / fps) for i in range(round(fps))]
    assert weights[0] == 0.0
    assert weights == sorted(weights)
    assert weights[round(0.2 * fps)] == pytest.approx(0.5, abs=0.1)
    assert weights[math.ceil(0.4 * fps) + 1] == 1.0
    assert fade.step(False, 100.0) > 0.8  # a gap is no jump


def test_a_fade_of_no_time_and_a_clock_that_runs_back() -> None:
    assert Fade(ease_ms=0).step(True, 0.0) == 1.0
    fade = Fade(ease_ms=400)
    fade.step(True, 5.0)
    assert fade.step(True, 1.0) == 0.0
