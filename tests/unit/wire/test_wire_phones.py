"""VTube Studio's phone, MeowFace and iFacialMocap: there and back, and what makes no sense."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_faces import face_of, head_off, mutated, plain_faces, sound

from vtdrive.types import Incoming
from vtdrive.vocab import SHAPE_INDEX, SHAPES, pascal
from vtdrive.wire import ifacialmocap, vtsphone
from vtdrive.wire.face import PlainFace
from vtdrive.wire.ifacialmocap import HELLO, IFacialMocapEncoder
from vtdrive.wire.vtsphone import PhoneEncoder

FACE = face_of(
    yaw_deg=20, pitch_deg=10, roll_deg=5, at_m=(0.05, 0.02, -0.1),
    gaze_deg=((8, 4), (10, 4)), t_ns=7_000_000, eyeBlinkLeft=1.0, mouthLeft=0.25, jawOpen=0.5,
)  # fmt: skip


def shape(found: Incoming, name: str) -> float:
    return float(found.shapes[SHAPE_INDEX[name]])


def came_back(found: Incoming, face: PlainFace, *, shapes_within: float) -> None:
    sound(found)
    assert head_off(found, face) < 0.01
    assert found.head_m == pytest.approx(face.head_m, abs=1e-4)
    assert found.gaze_rad is not None
    looks = np.radians([(eye.yaw_deg, eye.pitch_deg) for eye in face.eyes])
    assert found.gaze_rad == pytest.approx(looks, abs=1e-4)
    assert found.known.all()
    assert found.shapes == pytest.approx(np.array(face.shapes), abs=shapes_within)


@given(plain_faces(), st.sampled_from(["pascal", "camel"]))
def test_a_phones_face_comes_back(face: PlainFace, keys: vtsphone.Keys) -> None:
    found = vtsphone.decode(PhoneEncoder(keys).encode(face), t_ns=3)
    assert (found.t_ns, found.found) == (3, face.found)
    came_back(found, face, shapes_within=1e-4)


@given(plain_faces(), st.sampled_from(["v1", "v2"]))
def test_an_ifacialmocap_face_comes_back(face: PlainFace, version: ifacialmocap.Version) -> None:
    found = ifacialmocap.decode(IFacialMocapEncoder(version).encode(face), t_ns=3)
    assert (found.t_ns, found.found) == (3, True)
    came_back(found, face, shapes_within=0.0051)


def test_a_phones_frame_has_the_fields_of_the_real_one() -> None:
    frame = json.loads(PhoneEncoder().encode(FACE))
    assert list(frame) == [
        "Timestamp", "Hotkey", "FaceFound", "Rotation", "Position", "EyeLeft", "EyeRight",
        "BlendShapes",
    ]  # fmt: skip
    assert [entry["k"] for entry in frame["BlendShapes"]] == [pascal(name) for name in SHAPES]
    assert type(frame["Timestamp"]) is int


def test_no_two_phone_frames_are_alike() -> None:
    encoder = PhoneEncoder()
    sent = [encoder.encode(FACE) for _ in range(50)]
    assert len(set(sent)) == 50
    times = [json.loads(text)["Timestamp"] for text in sent]
    assert times == sorted(times)
    assert times[0] == 7


def test_no_two_ifacialmocap_frames_in_a_row_are_alike_while_a_face_is_found() -> None:
    encoder = IFacialMocapEncoder()
    sent = [encoder.encode(FACE) for _ in range(50)]
    assert all(a != b for a, b in pairwise(sent))
    angles = [float(re.findall(rb"=head#([^,]+)", text)[0]) for text in sent]
    assert max(angles) - min(angles) < 2e-4
    lost = face_of(found=False)
    encoder.encode(lost)
    assert encoder.encode(lost) == encoder.encode(lost), "two alike say that tracking is lost"


@given(plain_faces(), plain_faces(), st.lists(st.booleans(), min_size=2, max_size=8))
def test_nor_where_faces_change_to_and_fro(a: PlainFace, b: PlainFace, order: list[bool]) -> None:
    encoder = IFacialMocapEncoder()
    sent = [(f.found, encoder.encode(f)) for f in (a if first else b for first in order)]
    for (_, text), (found, then) in pairwise(sent):
        assert text != then or not found


def test_ifacialmocap_text_is_as_receivers_want_it() -> None:
    text = IFacialMocapEncoder().encode(FACE).decode("ascii")
    assert text.count("=") == 1
    assert text.endswith("|")
    assert 800 < len(text) < 1100
    shapes = dict(part.split("-") for part in text.partition("=")[0].rstrip("|").split("|"))
    assert len(shapes) == 52
    assert all(re.fullmatch(r"\d{1,3}", value) for value in shapes.values())
    assert {"mouthLeft", "jawRight", "eyeBlink_L", "browInnerUp", "cheekPuff"} <= shapes.keys()
    assert not [name for name in shapes if re.search("(?<!mouth)(?<!jaw)(Left|Right)$", name)]
    assert shapes["eyeBlink_L"] == "100"
    assert shapes["mouthLeft"] == "25"


# Built as phones build theirs, extra names included: a head turned to the right, eyes to the left.
REAL_IFM = (
    b"eyeLookIn_R-50|noseSneer_L-5|eyeLookOut_L-40|eyeLookDown_L-15|jawOpen-2|trackingStatus-1|"
    b"hapihapi-0|=head#-1.5000001,-7.25,2.75,0.08,0.03125,-0.5000001|"
    b"rightEye#5.2500005,17.5,1.75|leftEye#5.25,14.000001,1.5|"
)


def test_a_real_ifacialmocap_frame() -> None:
    found = ifacialmocap.decode(REAL_IFM, t_ns=0)
    sound(found)
    assert found.found
    assert int(found.known.sum()) == 5
    assert shape(found, "eyeLookInRight") == pytest.approx(0.5)
    assert found.gaze_rad is not None
    assert (found.gaze_rad[:, 0] > 0.2).all(), "both look to the subject's left"
    assert (found.gaze_rad[:, 1] < 0).all(), "and down"
    assert found.head_m == pytest.approx([0.08, 0.03125, -0.5], abs=1e-3)
    lost = REAL_IFM.replace(b"trackingStatus-1", b"trackingStatus-0")
    assert not ifacialmocap.decode(lost, t_ns=0).found
    spaced = REAL_IFM.replace(b"|=head", b"|=|head")
    assert head_off(ifacialmocap.decode(spaced, t_ns=0), face_of()) > 5


def test_names_in_full_are_known_too() -> None:
    found = ifacialmocap.decode(b"eyeBlinkLeft&40|mouthLeft&20|=", t_ns=0)
    assert shape(found, "eyeBlinkLeft") == pytest.approx(0.4)
    assert shape(found, "mouthLeft") == pytest.approx(0.2)


def test_a_phone_without_a_face_need_not_say_more() -> None:
    found = vtsphone.decode(b'{"FaceFound":false}', t_ns=0)
    sound(found)
    assert not found.found
    assert not found.known.any()


def test_what_ifacialmocap_does_not_say_is_not_known() -> None:
    found = ifacialmocap.decode(b"jawOpen-50|=", t_ns=0)
    assert found.head_xyzw is None
    assert found.head_m is None
    assert found.gaze_rad is None
    assert [SHAPES[i] for i in np.flatnonzero(found.known)] == ["jawOpen"]


def meow(**extra: object) -> bytes:
    shapes = {
        "eyeBlinkLeft": 0.75, "eyeLookOutLeft": 0.4, "eyeLookInLeft": 0.0, "eyeLookUpLeft": 0.0,
        "eyeLookDownLeft": 0.0, "eyeLookInRight": 0.4, "eyeLookOutRight": 0.0,
        "eyeLookUpRight": 0.0, "eyeLookDownRight": 0.2, "browInnerUpLeft": 0.2,
        "browInnerUpRight": 0.6, "headLeft": 0.1, "headRight": 0.0,
    }  # fmt: skip
    frame: dict[str, object] = {
        "faceFound": True,
        "rotation": {"x": 10, "y": 5, "z": 0},
        # To the other side than the shapes say, as readers of MeowFace report it.
        "eyeLeft": {"x": 0, "y": -14, "z": 0},
        "eyeRight": {"x": 0, "y": -14, "z": 0},
        "blendShapes": [{"k": key, "v": value} for key, value in shapes.items()],
    }
    return json.dumps(frame | extra).encode()


def test_meowface_is_read_by_its_shapes() -> None:
    found = vtsphone.decode(meow(), t_ns=0)
    sound(found)
    assert shape(found, "eyeBlinkLeft") == 0.75
    assert shape(found, "browInnerUp") == pytest.approx(0.4)
    assert found.gaze_rad is not None
    assert np.degrees(found.gaze_rad) == pytest.approx(np.array([[14, 0], [14, -7]]), abs=0.01)
    assert found.head_m is None
    told = vtsphone.decode(meow(), t_ns=0, gaze="angles")
    assert told.gaze_rad is not None
    assert told.gaze_rad[0, 0] < 0


def test_gaze_by_shapes_wants_all_eight() -> None:
    frame = json.loads(meow())
    frame["blendShapes"] = frame["blendShapes"][:3]
    assert vtsphone.decode(json.dumps(frame).encode(), t_ns=0, gaze="shapes").gaze_rad is None


def test_a_request_is_read_as_it_was_asked() -> None:
    request = vtsphone.decode_request(vtsphone.encode_request(seconds=5.0, port=4711, sent_by="me"))
    assert request == vtsphone.Request(5.0, (4711,), "me")


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"time": 3}, 3.0),
        ({"sendForSeconds": 3}, 3.0),
        ({"time": 2, "sendForSeconds": 9}, 2.0),
        ({}, 1.0),
        ({"time": None}, 1.0),
        ({"time": 0.01}, 0.5),
        ({"time": -4}, 0.5),
        ({"time": 1e9}, 10.0),
    ],
)
def test_how_long_a_request_lasts(fields: dict[str, object], seconds: float) -> None:
    asked = {"messageType": "iOSTrackingDataRequest", "sentBy": "x", "ports": [1, 2, 1]} | fields
    request = vtsphone.decode_request(json.dumps(asked).encode())
    assert request.seconds == seconds
    assert request.ports == (1, 2)


UGLY_REQUESTS = [
    b"", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 3000, b"{" * 3000,
    b'{"messageType":"x","ports":[1]}',
    *(
        b'{"messageType":"iOSTrackingDataRequest",' + rest
        for rest in (
            b'"ports":[]}', b'"ports":"1"}', b'"ports":[0]}', b'"ports":[65536]}',
            b'"ports":[true]}', b'"ports":[1.5]}', b'"ports":[1],"time":"5"}',
            b'"ports":[1],"time":NaN}', b'"ports":[1],"time":true}',
            b'"ports":[1],"time":1' + b"0" * 400 + b"}",
            b'"ports":[1],"time":1' + b"0" * 4000 + b"}",
            b'"ports":[' + b",".join(b"%d" % i for i in range(1, 34)) + b"]}",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("datagram", UGLY_REQUESTS)
def test_ugly_requests_are_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        vtsphone.decode_request(datagram)


UGLY_FRAMES = [
    b"", b"[]", b"1", b"{}", b"{" * 50_000, b'{"a":' * 50_000, b"\x00" * 100, b"x" * 70_000,
    b'{"BlendShapes":{}}', b'{"BlendShapes":[1]}', b'{"BlendShapes":[{"k":1,"v":1}]}',
    b'{"BlendShapes":[{"k":"JawOpen"}]}', b'{"BlendShapes":[{"k":"JawOpen","v":NaN}]}',
    b'{"BlendShapes":[{"k":"JawOpen","v":1e999}]}', b'{"BlendShapes":[{"k":"JawOpen","v":"1"}]}',
    b'{"BlendShapes":[{"k":"JawOpen","v":1},{"k":"jawOpen","v":0}]}',
    b'{"BlendShapes":[{"k":"JawOpen","v":1' + b"0" * 400 + b"}]}",
    b'{"BlendShapes":[' + b",".join(b'{"k":"%d","v":0}' % i for i in range(300)) + b"]}",
    b'{"BlendShapes":[],"FaceFound":"yes"}', b'{"BlendShapes":[],"Rotation":[1,2,3]}',
    b'{"BlendShapes":[],"Rotation":{"x":1,"y":2}}',
    b'{"BlendShapes":[],"Rotation":{"x":1,"y":Infinity,"z":0}}',
    b'{"BlendShapes":[],"Position":{"x":1e9,"y":0,"z":0}}',
    b'{"BlendShapes":[],"EyeLeft":{"x":NaN,"y":0,"z":0},"EyeRight":{"x":0,"y":0,"z":0}}',
]  # fmt: skip


@pytest.mark.parametrize("datagram", UGLY_FRAMES)
def test_ugly_frames_of_phones_are_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        vtsphone.decode(datagram, t_ns=0)


def test_what_is_out_of_range_is_clipped_and_whole_turns_do_not_matter() -> None:
    frame = b'{"BlendShapes":[{"k":"JawOpen","v":7},{"k":"TongueOut","v":-3},{"k":"New","v":1}],'
    frame += b'"Rotation":{"x":370,"y":0,"z":0},'
    frame += b'"EyeLeft":{"x":0,"y":170,"z":0},"EyeRight":{"x":0,"y":0,"z":0}}'
    found = vtsphone.decode(frame, t_ns=0)
    sound(found)
    assert shape(found, "jawOpen") == 1.0
    assert shape(found, "tongueOut") == 0.0
    assert head_off(found, face_of(yaw_deg=10)) < 1e-3
    assert found.gaze_rad is not None
    assert np.degrees(found.gaze_rad[0, 0]) == pytest.approx(89)


UGLY_TEXTS = [
    b"", b"=", b"|=|", b"jawOpen-50|", b"jawOpen-50|==", b"jawOpen-50|=a=b", b"jawOpen|=",
    b"-5|=", b"jawOpen-|=", b"jawOpen-nan|=", b"jawOpen-inf|=", b"jawOpen-1_0|=",
    b"jawOpen-\xd9\xa3|=", b"jawOpen-5|jawOpen-6|=", b"unknown-5|=", HELLO["v1"], HELLO["v2"],
    b"jawOpen-5|=head#1,2,3|", b"jawOpen-5|=head#1,2,3,4,5,6|head#1,2,3,4,5,6|",
    b"jawOpen-5|=head#1,2,3,4,5,nan|", b"jawOpen-5|=head#1e999,2,3,4,5,6|",
    b"jawOpen-5|=head#0,0,0,500,0,0|", b"jawOpen-5|=leftEye#,,|", b"a-1|" * 6000 + b"=",
]  # fmt: skip


@pytest.mark.parametrize("datagram", UGLY_TEXTS)
def test_ugly_texts_are_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        ifacialmocap.decode(datagram, t_ns=0)


def heard_or_refused(decoded: Incoming | None) -> None:
    if decoded is not None:
        sound(decoded)


@given(st.one_of(st.binary(max_size=300), mutated(PhoneEncoder().encode(FACE)), mutated(meow())))
def test_a_phones_decoder_raises_nothing_but_value_errors(datagram: bytes) -> None:
    try:
        heard_or_refused(vtsphone.decode(datagram, t_ns=0))
    except ValueError:
        return


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["BlendShapes", "blendShapes", "Rotation", "Position", "EyeLeft", "EyeRight",
             "FaceFound", "messageType", "ports", "time", "sendForSeconds", "sentBy"]
        ),
        _json | st.just("iOSTrackingDataRequest")
        | st.lists(st.fixed_dictionaries({"k": st.sampled_from(SHAPES), "v": _json}), max_size=3),
    )
)  # fmt: skip
def test_any_json_is_understood_or_refused(value: dict[str, object]) -> None:
    datagram = json.dumps(value).encode()
    for decode in (lambda d: vtsphone.decode(d, t_ns=0), vtsphone.decode_request):
        try:
            found = decode(datagram)
        except ValueError:
            continue
        if isinstance(found, Incoming):
            sound(found)


@given(
    st.one_of(
        st.binary(max_size=300),
        mutated(IFacialMocapEncoder().encode(FACE)),
        mutated(REAL_IFM),
        st.text(alphabet="jawOpen-&|=#,.0123456789eE+", max_size=80).map(str.encode),
    )
)
def test_an_ifacialmocap_decoder_raises_nothing_but_value_errors(datagram: bytes) -> None:
    try:
        heard_or_refused(ifacialmocap.decode(datagram, t_ns=0))
    except ValueError:
        return
