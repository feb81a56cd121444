from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from avatar_frames import FULL, posed
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.spaces import quat_from_euler
from vtdrive.types import FaceState, Param, Pose, RigSchema, Status, frozen
from vtdrive.vocab import EMOTIONS, SHAPES
from vtdrive.wire import osc
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.osc_params import OscTemplate

REST = neutral_frame(FULL, [], seq=0, t_ns=0).state
TWO = RigSchema((Param("a", lo=-1, neutral=0.5), Param("b", lo=-1)), ())


def read(
    template: OscTemplate, pose: Pose, state: FaceState = REST, *, changes: bool = False
) -> dict[str, osc.Message]:
    datagrams = template.fill(pose, state, changes=changes)
    assert max(map(len, datagrams), default=0) <= 1400
    return {m.address: m for d in datagrams for m in osc.decode(d)}


def args(template: OscTemplate, pose: Pose, state: FaceState = REST, **kw: bool) -> dict[str, Any]:
    return {where: m.args[0] for where, m in read(template, pose, state, **kw).items()}


def test_osc_sends_every_parameter_at_its_address() -> None:
    rng = np.random.default_rng(3)
    wanted = dict(zip(FULL.names, rng.random(len(FULL.names)).astype(np.float32), strict=True))
    template = OscTemplate(FULL, address="/avatar/parameters/{name}/v")
    got = read(template, posed(FULL, {k: float(v) for k, v in wanted.items()}))
    assert len(got) == len(FULL.names)
    for name, value in wanted.items():
        message = got[f"/avatar/parameters/{name.replace(' ', '_')}/v"]
        assert (message.tags, message.args) == ("f", (float(value),))


def test_osc_replaces_what_is_not_finite() -> None:
    schema = RigSchema((Param("a", neutral=0.5), Param("b")), ())
    template = OscTemplate(schema, address="/{name}")
    assert [*args(template, posed(schema, {"a": math.nan, "b": 1.0})).values()] == [0.5, 1.0]
    assert template.replaced == 1


def test_osc_refuses_addresses_that_collide() -> None:
    schema = RigSchema((Param("a b"), Param("a_b")), ())
    with pytest.raises(ValueError, match="would share /x/a_b"):
        OscTemplate(schema, address="/x/{name}")


@pytest.mark.parametrize(
    ("kind", "scale", "told", "tag"),
    [
        ("f", 2.0, (-0.5, 1.5), "f"),
        ("i", 127.0, (-32, 95), "i"),
        ("i", 255.0, (-64, 191), "i"),
        ("i", 1.0, (0, 1), "i"),
        ("T", 9.0, (False, True), ""),
        ("s", 100.0, ("-25.000", "75.000"), "s"),
    ],
)
def test_types(kind: Any, scale: float, told: tuple[object, object], tag: str) -> None:
    template = OscTemplate(TWO, address="/{name}", kind=kind, scale=scale, threshold=0.75)
    got = read(template, posed(TWO, {"a": -0.25, "b": 0.75}))
    assert tuple(m.args[0] for m in got.values()) == told
    if tag:
        assert {m.tags for m in got.values()} == {tag}
        assert [type(m.args[0]) for m in got.values()] == [type(value) for value in told]
    else:
        assert [m.tags for m in got.values()] == ["F", "T"]


@given(st.lists(st.floats(width=32), min_size=2, max_size=2), st.sampled_from("fiTs"))
def test_whatever_comes_packets_stay_sound(values: list[float], kind: Any) -> None:
    template = OscTemplate(TWO, address="/{name}", kind=kind, scale=1e6)
    got = read(template, Pose(frozen(values), frozen(np.zeros((0, 4))), frozen(np.zeros(3))))
    types = {"f": float, "i": int, "T": bool, "s": str}
    assert [type(m.args[0]) for m in got.values()] == [types[kind]] * 2
    assert all(not isinstance(m.args[0], float) or math.isfinite(m.args[0]) for m in got.values())


def test_small_negatives_are_no_minus_zero() -> None:
    template = OscTemplate(TWO, address="/{name}", kind="s")
    assert args(template, posed(TWO, {"a": -0.0001}))["/a"] == "0.000"


def test_groups_and_names() -> None:
    def sent(*only: str) -> set[str]:
        return set(args(OscTemplate(FULL, address="/{name}", only=only), posed(FULL)))

    assert sent("shapes") == {f"/{name}" for name in SHAPES}
    assert sent("custom", "jawOpen") == {"/Brows_up", "/jawOpen"}
    assert sent("status") == {"/face/found", "/face/status"}
    assert sent("emotion") == {"/emotion/name", *(f"/emotion/{name}" for name in EMOTIONS)}
    assert sent("emotion/name") == {"/emotion/name"}
    assert sent("gaze") == {
        f"/gaze/{side}/{part}" for side in ("left", "right") for part in ("yaw_deg", "pitch_deg")
    }
    assert len(sent("presets")) == len(FULL.params) - len(SHAPES) - 1
    assert sent() == sent("shapes", "presets", "custom")


def test_an_output_may_be_called_like_a_group() -> None:
    schema = RigSchema((Param("head"), Param("b")), ())
    template = OscTemplate(schema, address="/{name}", only=["head"])
    assert [*args(template, posed(schema, {"head": 0.5})).items()] == [("/head", 0.5)]


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no output 'jawopen'; groups are shapes, presets"):
        OscTemplate(FULL, address="/{name}", only=["jawopen"])
    with pytest.raises(ValueError, match="too long"):
        OscTemplate(RigSchema((Param("x" * 1390),), ()), address="/{name}")


def turned() -> FaceState:
    """My head turned 30 degrees to my left, 10 up, my left eye 5 degrees to my left."""
    head = quat_from_euler(yaw=math.radians(30), pitch=math.radians(10), roll=0)
    gaze = np.radians([[5, -4], [3, -4]])
    return dataclasses.replace(
        REST,
        status=Status.LIVE,
        head_xyzw=frozen(head),
        head_m=frozen([0.1, 0.2, 0.3]),
        gaze_rad=frozen(gaze),
    )


def test_head_and_gaze_are_floats_in_degrees_and_metres_whatever_the_type() -> None:
    template = OscTemplate(FULL, address="/{name}", only=["head", "gaze"], kind="T", scale=9)
    got = args(template, posed(FULL), turned())
    assert got == pytest.approx(
        {
            "/head/yaw_deg": 30, "/head/pitch_deg": 10, "/head/roll_deg": 0,
            "/head/x_m": 0.1, "/head/y_m": 0.2, "/head/z_m": 0.3,
            "/gaze/left/yaw_deg": 5, "/gaze/left/pitch_deg": -4,
            "/gaze/right/yaw_deg": 3, "/gaze/right/pitch_deg": -4,
        },
        abs=1e-4,
    )  # fmt: skip


def test_status_and_emotion_as_text() -> None:
    template = OscTemplate(FULL, address="/{name}", only=["status", "emotion/name"])
    for status, text in ((Status.LIVE, "live"), (Status.HELD, "held"), (Status.LOST, "lost")):
        for i, name in enumerate(EMOTIONS):
            emotion = dataclasses.replace(REST.emotion, shown=i)
            state = dataclasses.replace(REST, status=status, emotion=emotion)
            assert args(template, posed(FULL), state) == {
                "/face/found": float(status is Status.LIVE),
                "/face/status": text,
                "/emotion/name": name,
            }


def test_changes_only() -> None:
    template = OscTemplate(TWO, address="/{name}", only=["a", "b", "status"], kind="i", scale=10)
    first = args(template, posed(TWO, {"a": 0.51}), changes=True)
    assert first == {"/a": 5, "/b": 0, "/face/found": 0, "/face/status": "lost"}
    # 0.52 is still 5 on the wire.
    assert args(template, posed(TWO, {"a": 0.52}), changes=True) == {}
    assert args(template, posed(TWO, {"a": 0.52, "b": 1}), changes=True) == {"/b": 10}
    live = dataclasses.replace(REST, status=Status.LIVE)
    got = args(template, posed(TWO, {"a": 0.52, "b": 1}), live, changes=True)
    assert got == {"/face/found": 1, "/face/status": "live"}
    # A whole frame counts as sent.
    assert len(args(template, posed(TWO, {"b": 1}), live)) == 4
    assert args(template, posed(TWO, {"b": 1}), live, changes=True) == {}


def test_a_changed_text_of_two_words_is_seen() -> None:
    template = OscTemplate(TWO, address="/{name}", kind="s", scale=10)
    args(template, posed(TWO, {"a": 0.1, "b": 0.2}), changes=True)
    # The first word differs only (1.000, 5.000), then the second only (5.000, 5.001).
    assert args(template, posed(TWO, {"a": 0.5, "b": 0.2}), changes=True) == {"/a": "5.000"}
    assert args(template, posed(TWO, {"a": 0.5001, "b": 0.2}), changes=True) == {"/a": "5.001"}


def test_one_message_per_datagram() -> None:
    template = OscTemplate(TWO, address="/{name}", only=["a", "status"], bundle="off")
    datagrams = [bytes(d) for d in template.fill(posed(TWO), REST)]
    assert [len(osc.decode(d)) for d in datagrams] == [1, 1, 1]
    assert not any(d.startswith(b"#bundle") for d in datagrams)
