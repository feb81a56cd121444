"""What goes out to an avatar: which names, which types, which bits, and only when it changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_packet import OscPacket

from vtdrive.types import F32
from vtdrive.vocab import SHAPES
from vtdrive.wire import osc
from vtdrive.wire.unified_signals import SIGNALS
from vtdrive.wire.vrchat_avatar import Avatar, Declared, Kind, default_avatar
from vtdrive.wire.vrchat_params import Eyes, ParamEncoder, chatbox

P = "/avatar/parameters/"


def avatar(**kinds: str) -> Avatar:
    """`avatar(float="v2/A v2/B", bool="v2/C1")`."""
    declared = [
        Declared(name, P + name, kind)  # type: ignore[arg-type]
        for kind, names in kinds.items()
        for name in names.split()
    ]
    return Avatar("avtr_x", tuple(declared))


def face(**values: float) -> F32:
    """Signals at rest but for some."""
    out = np.zeros(len(SIGNALS), np.float32)
    out[SIGNALS.index("one")] = out[SIGNALS.index("found")] = 1.0
    for name, value in values.items():
        out[SIGNALS.index(name.replace("__", "."))] = value
    return out


def got(datagrams: Iterable[bytes]) -> dict[str, tuple[osc.Arg, ...]]:
    """Address -> arguments, without the usual prefix; strict about bytes and about repeats."""
    out: dict[str, tuple[osc.Arg, ...]] = {}
    for datagram in datagrams:
        assert len(datagram) <= 1400
        for message in osc.decode(datagram):
            name = message.address.removeprefix(P)
            assert name not in out
            out[name] = message.args
    return out


def mute(avatar: Avatar) -> ParamEncoder:
    return ParamEncoder(avatar, eyes="off")


@pytest.mark.parametrize(
    "name",
    ["v2/JawOpen", "FT/v2/JawOpen", "My Avatar/Face/v2/JawOpen", "v2/v2/JawOpen"],
)
def test_any_prefix_will_do(name: str) -> None:
    encoder = mute(Avatar("", (Declared(name, P + name.replace(" ", "_"), "float"),)))
    assert encoder.names == (name,)
    sent = got(encoder.fill(face(jawOpen=0.5), found=True))
    assert sent == {name.replace(" ", "_"): (0.5,)}


@pytest.mark.parametrize(
    "name",
    ["JawOpen", "v2/jawopen", "v2/JAWOPEN", "xv2/JawOpen", "v2/JawOpen2x", "v2/JawOpen/More",
     "v1/JawOpen", "v2/", "", "/", "v2/JawOpenNegativ"],
)  # fmt: skip
def test_other_names_are_left_alone(name: str) -> None:
    kinds: tuple[Kind, ...] = ("float", "bool", "int")
    for kind in kinds:
        encoder = mute(Avatar("", (Declared(name, P + name, kind),)))
        assert encoder.names == ()
        assert encoder.fill(face(jawOpen=1), found=True) == ()


@pytest.mark.parametrize(
    ("names", "kind"),
    [("v2/JawOpen", "int"), ("v2/JawOpen1 v2/JawOpen2", "float"), ("v2/JawXNegative", "bool"),
     ("vtdrive/Emotion", "float"), ("vtdrive/Emotion1 vtdrive/Emotion2", "bool"),
     ("EyeTrackingActive1", "bool"), ("v2/JawOpen3 v2/JawOpen16384", "bool")],
)  # fmt: skip
def test_a_type_that_does_not_carry_the_value_is_left_alone(names: str, kind: str) -> None:
    encoder = mute(avatar(**{kind: names}))
    assert encoder.names == ()
    assert encoder.fill(face(jawOpen=1), found=True) == ()


def test_each_type_has_its_tag() -> None:
    encoder = mute(avatar(
        float="v2/JawOpen LipTrackingActive", bool="FT/v2/JawOpen EyeTrackingActive",
        int="vtdrive/Emotion",
    ))  # fmt: skip
    (datagram,) = encoder.fill(face(jawOpen=0.75, emotion=7), found=True)
    tags = {m.address.removeprefix(P): m.tags for m in osc.decode(datagram)}
    assert tags == {"v2/JawOpen": "f", "LipTrackingActive": "f", "FT/v2/JawOpen": "T",
                    "EyeTrackingActive": "T", "vtdrive/Emotion": "i"}  # fmt: skip
    # And as somebody else decodes it.
    seen = {m.message.address.removeprefix(P): m.message.params
            for m in OscPacket(datagram).messages}  # fmt: skip
    assert seen == {"v2/JawOpen": [0.75], "LipTrackingActive": [1.0], "FT/v2/JawOpen": [True],
                    "EyeTrackingActive": [True], "vtdrive/Emotion": [7]}  # fmt: skip


def binary(names: str, signal: str, value: float) -> dict[str, bool]:
    sent = got(mute(avatar(bool=names)).fill(face(**{signal: value}), found=True))
    return {name.removeprefix("v2/JawX").removeprefix("v2/JawOpen"): bool(arg)
            for name, (arg,) in sent.items()}  # fmt: skip


# |value| in steps of 2^-N, cut off, all ones at 1: the bits from P1 upwards.
TABLE = [
    (1, 0.0, "0"), (1, 0.49, "0"), (1, 0.5, "1"), (1, 1.0, "1"),
    (2, 0.24, "00"), (2, 0.25, "10"), (2, 0.5, "01"), (2, 0.74, "01"), (2, 0.75, "11"),
    (2, 1.0, "11"),
    (3, 0.1, "000"), (3, 0.125, "100"), (3, 0.3, "010"), (3, 0.5, "001"), (3, 0.626, "101"),
    (3, 0.999, "111"), (3, 1.0, "111"),
    (4, 0.06, "0000"), (4, 0.0625, "1000"), (4, 0.32, "1010"), (4, 0.5, "0001"),
    (4, 0.82, "1011"), (4, 0.93, "0111"), (4, 0.94, "1111"), (4, 1.0, "1111"),
]  # fmt: skip


@pytest.mark.parametrize(("bits", "value", "want"), TABLE)
@pytest.mark.parametrize("negative", [False, True], ids=["plain", "with-sign"])
@pytest.mark.parametrize("side", ["jawRight", "jawLeft"], ids=["positive", "negative"])
def test_the_binary_table(bits: int, value: float, want: str, negative: bool, side: str) -> None:
    weights = [str(2**i) for i in range(bits)]
    names = " ".join(f"v2/JawX{w}" for w in [*weights, *(["Negative"] if negative else [])])
    below = side == "jawLeft"
    if below and not negative:
        want = "0" * bits
    expected = {w: bit == "1" for w, bit in zip(weights, want, strict=True)}
    if negative:
        expected["Negative"] = below and "1" in want
    assert binary(names, side, value) == expected


def test_bits_may_have_gaps_and_any_order() -> None:
    # 4 is the highest, so a full value is 7: what of it is asked for is told.
    assert binary("v2/JawOpen4 v2/JawOpen1", "jawOpen", 1.0) == {"4": True, "1": True}
    assert binary("v2/JawOpen4 v2/JawOpen1", "jawOpen", 0.5) == {"4": True, "1": False}
    assert binary("v2/JawOpen4 v2/JawOpen1", "jawOpen", 0.3) == {"4": False, "1": False}


def test_two_prefixes_are_two_numbers() -> None:
    encoder = mute(avatar(bool="A/v2/JawOpen1 A/v2/JawOpen2 B/v2/JawOpen1"))
    sent = got(encoder.fill(face(jawOpen=0.5), found=True))
    assert sent == {"A/v2/JawOpen1": (False,), "A/v2/JawOpen2": (True,), "B/v2/JawOpen1": (True,)}


def test_a_bool_does_not_flicker_about_a_half() -> None:
    encoder = mute(avatar(bool="v2/JawOpen"))
    told = [got(encoder.fill(face(jawOpen=v), found=True)).get("v2/JawOpen")
            for v in (0.5, 0.54, 0.56, 0.5, 0.46, 0.44, 0.5)]  # fmt: skip
    assert told == [(False,), None, (True,), None, None, (False,), None]


def test_only_what_changed_goes_out_and_a_refresh_sends_all() -> None:
    encoder = mute(avatar(float="v2/JawOpen v2/JawX", bool="v2/JawOpen1", int="vtdrive/Emotion"))
    everything = {"v2/JawOpen", "v2/JawX", "v2/JawOpen1", "vtdrive/Emotion"}
    assert got(encoder.fill(face(), found=True)).keys() == everything
    assert encoder.fill(face(), found=True) == ()
    assert got(encoder.fill(face(jawOpen=0.25), found=True)) == {"v2/JawOpen": (0.25,)}
    # Less than other players can see is kept back, but not for ever.
    assert encoder.fill(face(jawOpen=0.2503), found=True) == ()
    assert encoder.fill(face(jawOpen=0.2506), found=True) == ()
    assert got(encoder.fill(face(jawOpen=0.2512), found=True)).keys() == {"v2/JawOpen"}
    refreshed = got(encoder.fill(face(jawOpen=0.2513), found=True, everything=True))
    assert refreshed.keys() == everything
    (refreshed_to,) = refreshed["v2/JawOpen"]
    assert refreshed_to == pytest.approx(0.2513)
    assert encoder.fill(face(jawOpen=0.2513, emotion=0.2), found=True) == ()
    assert got(encoder.fill(face(jawOpen=0.2513, emotion=2), found=True)) == {
        "vtdrive/Emotion": (2,)
    }


def test_values_are_cut_to_minus_one_to_one_and_zero_has_no_sign() -> None:
    encoder = mute(avatar(float="v2/BrowUp v2/EyeLeftX v2/Head/PosX"))
    sent = got(encoder.fill(
        face(browInnerUp=1, browOuterUpLeft=1, browOuterUpRight=1, gaze__leftYaw=2.0, head__x=-0.0),
        found=True,
    ))  # fmt: skip
    assert sent["v2/BrowUp"] == (1.0,)
    assert sent["v2/EyeLeftX"] == (-1.0,)
    assert str(sent["v2/Head/PosX"]) == "(0.0,)"


@pytest.mark.parametrize(
    ("declared", "eyes", "look", "lids"),
    [
        ("", "auto", True, True),
        ("v2/JawOpen EyeTrackingActive v2/EyeSquintLeft", "auto", True, True),
        ("FT/v2/EyeLeftX", "auto", False, True),
        ("v2/EyeY", "auto", False, True),
        ("v2/EyeLidLeft", "auto", True, False),
        ("v2/EyeLeftX v2/EyeClosed", "auto", False, False),
        ("v2/EyeLeftX v2/EyeClosed", "on", True, True),
        ("", "off", False, False),
    ],
)
def test_vrchats_own_eyes_are_driven_where_the_avatar_has_none(
    declared: str, eyes: Eyes, look: bool, lids: bool
) -> None:
    encoder = ParamEncoder(avatar(float=declared), eyes=eyes)
    assert (encoder.native_look, encoder.native_lids) == (look, lids)
    sent = got(encoder.fill(face(gaze__leftYaw=0.1, eyeBlinkLeft=1), found=True))
    own = {name for name in sent if name.startswith("/tracking/eye/")}
    want = ["/tracking/eye/CenterPitchYaw"] * look + ["/tracking/eye/EyesClosedAmount"] * lids
    assert own == set(want)


def test_eyes_of_the_avatar_in_bits_count_too() -> None:
    encoder = ParamEncoder(avatar(bool="v2/EyeLeftX1 v2/EyeLeftXNegative v2/EyeLidLeft2"))
    assert (encoder.native_look, encoder.native_lids) == (False, False)


def test_one_look_address_and_the_signs_of_vrchats_example() -> None:
    """VRChat's page: 15 degrees up and 20 right is about (-15, 20)."""
    up, right = np.radians(15), -np.radians(20)
    looking = face(gaze__leftYaw=right, gaze__leftPitch=up, gaze__rightYaw=right,
                   gaze__rightPitch=up)  # fmt: skip
    sent = got(ParamEncoder(avatar()).fill(looking, found=True))
    assert sent["/tracking/eye/CenterPitchYaw"] == pytest.approx((-15.0, 20.0), abs=1e-4)
    looking[SIGNALS.index("gaze.leftYaw")] = 0.0
    sent = got(ParamEncoder(avatar(), look="each").fill(looking, found=True))
    assert sent["/tracking/eye/LeftRightPitchYaw"] == pytest.approx((-15, 0, -15, 20), abs=1e-4)
    assert len(sent) == 1 + 1 * ("/tracking/eye/EyesClosedAmount" in sent)


def test_vrchats_own_eyes_are_refreshed_with_a_face_only() -> None:
    encoder = ParamEncoder(avatar(float="v2/JawOpen"))
    looking = face(gaze__leftYaw=0.5, eyeBlinkLeft=0.5)
    assert len(got(encoder.fill(looking, found=True))) == 3
    assert len(got(encoder.fill(looking, found=True, everything=True))) == 3
    assert got(encoder.fill(looking, found=False, everything=True)).keys() == {"v2/JawOpen"}
    # While it eases to rest it is still told.
    assert len(got(encoder.fill(face(), found=False))) == 2


def test_nothing_lost_at_the_borders_of_datagrams() -> None:
    names = " ".join(f"{'x' * (i % 90)}/{i}/v2/JawOpen" for i in range(300))
    encoder = mute(avatar(float=names))
    sent = got(encoder.fill(face(jawOpen=0.5), found=True))
    assert list(sent) == names.split()
    assert set(sent.values()) == {(0.5,)}


def test_the_usual_set_is_driven_whole() -> None:
    usual = default_avatar()
    encoder = ParamEncoder(usual)
    assert encoder.names == tuple(one.name for one in usual.declared)
    assert (encoder.native_look, encoder.native_lids) == (False, False)
    assert len(encoder.fill(face(), found=True)) <= 3


@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(SHAPES), max_size=8))
def test_a_receiver_ends_up_where_the_face_is(seed: int, moved: list[str]) -> None:
    """However the face moves, what the receiver has put together is at most a deadband away."""
    rng = np.random.default_rng(seed)
    usual = default_avatar()
    encoder, fresh = mute(usual), mute(usual)
    seen: dict[str, tuple[osc.Arg, ...]] = {}
    values = face()
    for _ in range(6):
        for shape in moved:
            values[SIGNALS.index(shape)] = rng.random()
        seen |= got(encoder.fill(values, found=True))
    want = got(fresh.fill(values, found=True))
    assert seen.keys() == want.keys()
    for name, (arg,) in want.items():
        (had,) = seen[name]
        assert isinstance(had, (int, float))
        assert had == pytest.approx(arg, abs=1 / 1024 + 1e-6)


def test_the_chat_box_takes_144_printable_letters() -> None:
    (message,) = osc.decode(chatbox("überrascht\n\0" + "x" * 200))
    assert (message.address, message.tags) == ("/chatbox/input", "sTF")
    assert message.args == ("überrascht" + "x" * 134, True, False)
    (empty,) = osc.decode(chatbox(""))
    assert empty.args == ("", True, False)
