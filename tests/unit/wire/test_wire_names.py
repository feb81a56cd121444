from __future__ import annotations

import numpy as np
import pytest
from avatar_frames import FULL, posed

from vtdrive.types import Param, RigSchema, Status
from vtdrive.wire import osc
from vtdrive.wire.names import Names, osc_part, vmc_names
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.osc_params import OscTemplate, check_pattern


@pytest.mark.parametrize(
    ("name", "names", "spelled"),
    [
        ("happy", "vrm0", ("Joy",)),
        ("sad", "vrm0", ("Sorrow",)),
        ("relaxed", "vrm0", ("Fun",)),
        ("surprised", "vrm0", ("Surprised",)),
        ("aa", "vrm0", ("A",)),
        ("oh", "vrm0", ("O",)),
        ("blink", "vrm0", ("Blink",)),
        ("blinkRight", "vrm0", ("Blink_R",)),
        ("lookUp", "vrm0", ("LookUp",)),
        ("neutral", "vrm0", ("Neutral",)),
        ("happy", "vrm1", ("happy",)),
        ("surprised", "both", ("Surprised", "surprised")),
        ("ih", "both", ("I", "ih")),
    ],
)
def test_presets(name: str, names: Names, spelled: tuple[str, ...]) -> None:
    assert vmc_names(Param(name, kind="preset"), names=names, shapes="pascal") == spelled


def test_names_of_the_users_own_stay() -> None:
    assert vmc_names(Param("happy"), names="both", shapes="off") == ("happy",)


def test_shapes() -> None:
    shape = Param("mouthSmileLeft", kind="shape")
    assert vmc_names(shape, names="vrm0", shapes="pascal") == ("MouthSmileLeft",)
    assert vmc_names(shape, names="vrm0", shapes="camel") == ("mouthSmileLeft",)
    assert vmc_names(shape, names="vrm0", shapes="off") == ()


def test_osc_addresses_hold_nothing_reserved() -> None:
    assert osc_part("Brows up #1") == "Brows_up__1"
    assert osc_part("FT/v2/JawOpen") == "FT/v2/JawOpen"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [("x/{name}", "start with /"), ("/x", "lacks {name}"), ("/a b/{name}", "space")],
)
def test_unusable_patterns(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_pattern(pattern)


def test_osc_sends_every_parameter_at_its_address() -> None:
    rng = np.random.default_rng(3)
    wanted = dict(zip(FULL.names, rng.random(len(FULL.names)).astype(np.float32), strict=True))
    template = OscTemplate(FULL, address="/avatar/parameters/{name}/v")
    datagrams = template.fill(posed(FULL, {k: float(v) for k, v in wanted.items()}))
    got = {m.address: m for d in datagrams for m in osc.decode(d)}
    assert max(map(len, datagrams)) <= 1400
    assert len(got) == len(FULL.names)
    for name, value in wanted.items():
        message = got[f"/avatar/parameters/{name.replace(' ', '_')}/v"]
        assert (message.tags, message.args) == ("f", (float(value),))


def test_osc_replaces_what_is_not_finite() -> None:
    schema = RigSchema((Param("a", neutral=0.5), Param("b")), ())
    template = OscTemplate(schema, address="/{name}")
    values = [
        m.args[0]
        for d in template.fill(posed(schema, {"a": float("nan"), "b": 1.0}))
        for m in osc.decode(d)
    ]
    assert values == [0.5, 1.0]
    assert template.replaced == 1


def test_osc_refuses_addresses_that_collide() -> None:
    schema = RigSchema((Param("a b"), Param("a_b")), ())
    with pytest.raises(ValueError, match="would share /x/a_b"):
        OscTemplate(schema, address="/x/{name}")


def test_the_neutral_frame_rests() -> None:
    schema = RigSchema((Param("a", lo=-1, neutral=0.25),), ("Head", "Neck"))
    frame = neutral_frame(schema, [], seq=4, t_ns=9)
    assert (frame.status, frame.state.status, frame.track) == (Status.LOST, Status.LOST, None)
    pose = posed(schema)
    assert pose.params.tolist() == [0.25]
    assert pose.bones_xyzw.tolist() == [[0, 0, 0, 1]] * 2
