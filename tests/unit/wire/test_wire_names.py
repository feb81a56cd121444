from __future__ import annotations

import pytest
from avatar_frames import posed

from vtdrive.types import Param, RigSchema, Status
from vtdrive.wire.names import Names, osc_part, vmc_names
from vtdrive.wire.neutral import neutral_frame
from vtdrive.wire.osc_params import check_pattern


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


def test_the_neutral_frame_rests() -> None:
    schema = RigSchema((Param("a", lo=-1, neutral=0.25),), ("Head", "Neck"))
    frame = neutral_frame(schema, [], seq=4, t_ns=9)
    assert (frame.status, frame.state.status, frame.track) == (Status.LOST, Status.LOST, None)
    pose = posed(schema)
    assert pose.params.tolist() == [0.25]
    assert pose.bones_xyzw.tolist() == [[0, 0, 0, 1]] * 2
