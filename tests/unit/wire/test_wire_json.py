from __future__ import annotations

import json
import math

import numpy as np
import pytest
from avatar_frames import FULL, frame_of, posed
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.types import Param, Profile, RigSchema, Status
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.jsonl import JsonlTemplate
from vtdrive.wire.jsontext import JsonTemplate, Slot

F32 = st.floats(width=32)


@given(st.lists(F32, min_size=3, max_size=3), st.text(max_size=12))
def test_f32_survives_exactly_and_names_need_no_care(values: list[float], name: str) -> None:
    template = JsonTemplate({name: [Slot.F32] * 3, 'é%d"': None, "x": {}})
    got = json.loads(template.fill(values), parse_constant=pytest.fail)
    back = [math.nan if v is None else v for v in got[name]]
    wanted = [v if math.isfinite(v) else math.nan for v in values]
    np.testing.assert_array_equal(np.array(back, np.float32), np.array(wanted, np.float32))
    assert got['é%d"'] is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_f64_survives_exactly(value: float) -> None:
    assert json.loads(JsonTemplate([Slot.F64]).fill([value])) == [value]


@pytest.mark.parametrize("name", ["plain", "finance of nan and inf"])
def test_null_where_a_number_is_none(name: str) -> None:
    template = JsonTemplate({name: Slot.SHORT, "n": Slot.INT, "t": Slot.TEXT})
    assert json.loads(template.fill((math.inf, 3, "[1]"))) == {name: None, "n": 3, "t": [1]}
    assert json.loads(template.fill((0.5, 3, '"x"'))) == {name: 0.5, "n": 3, "t": "x"}


def test_a_line_says_what_the_avatar_does() -> None:
    pose = posed(FULL, {"blinkLeft": 0.5})
    frame = frame_of(FULL, pose, seq=12, t_ns=5_000_000_000, status=Status.HELD)
    line = JsonlTemplate(FULL, Profile()).fill(frame, t_s=1.25)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    got = json.loads(line)
    assert (got["v"], got["seq"], got["t"], got["status"]) == (1, 12, 1.25, "held")
    assert got["params"]["blinkLeft"] == 0.5
    assert got["params"]["blinkRight"] == 0
    assert [*got["params"]] == [*FULL.names]
    assert got["emotion"]["leading"] == "neutral"
    assert [*got["emotion"]["probs"]] == [*EMOTIONS]
    assert set(got["head"]) == {"yaw_deg", "pitch_deg", "roll_deg"}
    assert set(got["gaze"]) == {"left", "right"}


def test_a_line_takes_the_profile_it_was_made_for() -> None:
    schema = RigSchema((Param("a"),), ())
    mirrored = Profile(mirror=True)
    frame = frame_of(
        schema, posed(schema), posed(schema, {"a": 1.0}), profiles=(Profile(), mirrored)
    )
    assert json.loads(JsonlTemplate(schema, mirrored).fill(frame, t_s=0))["params"] == {"a": 1}
