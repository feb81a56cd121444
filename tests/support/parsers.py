"""Every parser that reads what others send, in one table: for the fuzzers and their corpus."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from parsers_pngtuber import (
    import_refusals,
    imports,
    mini_files,
    picture,
    pictures,
    plus_files,
    remix_files,
    veado_files,
)

from vtdrive.types import Incoming

__all__ = ["PARSERS", "Parser"]


@dataclass(frozen=True, slots=True)
class Parser:
    """What is fed with bytes from outside, and how it may refuse them."""

    feed: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    """Bytes that it takes, to mutate."""
    refuses: Callable[[], tuple[type[Exception], ...]] = lambda: (ValueError,)


def _sound(found: object) -> object:
    """Nothing that is not a number gets past a parser."""
    if isinstance(found, Incoming):
        assert np.isfinite(found.shapes).all()
        assert 0.0 <= found.shapes.min() <= found.shapes.max() <= 1.0
        for part in (found.head_xyzw, found.head_m, found.gaze_rad, found.weights, found.voice):
            assert part is None or np.isfinite(part).all()
    return found


def _osc(data: bytes) -> object:
    from vtdrive.wire.osc import decode

    return decode(data)


def _vmc_packets() -> list[bytes]:
    from avatar_frames import FULL, posed

    from vtdrive.types import Status
    from vtdrive.wire.vmc import VmcTemplate

    pose = posed(FULL, {"jawOpen": 0.5, "happy": 1.0}, {"Head": (0.0, 0.1, 0.0, 0.995)})
    made = VmcTemplate(FULL).fill(pose, t_s=1.0, status=Status.LIVE)
    return [bytes(datagram) for datagram in made]


def _vmc_in(data: bytes) -> object:
    from vtdrive.config.inputs import VmcInput
    from vtdrive.track_sources.vmc_in import VmcIn

    source = VmcIn(VmcInput())
    found = None
    for seq, part in enumerate((data, data)):
        found = _sound(source.decode(part, "127.0.0.1:1", seq * 10**8)) or found
    return found


def _phone_request(data: bytes) -> object:
    from vtdrive.wire.vtsphone import decode_request

    return decode_request(data)


def _phone_requests() -> list[bytes]:
    from vtdrive.wire.vtsphone import encode_request

    return [encode_request(seconds=5.0, port=50000, sent_by="somebody")]


def _phone_frame(data: bytes) -> object:
    from vtdrive.wire.vtsphone import decode

    return _sound(decode(data, t_ns=0))


def _phone_frames() -> list[bytes]:
    frame: dict[str, Any] = {
        "Timestamp": 1, "Hotkey": -1, "FaceFound": True,
        "Rotation": {"x": 1.0, "y": 2.0, "z": -3.0}, "Position": {"x": 0.1, "y": 0, "z": 40},
        "EyeLeft": {"x": 1, "y": 2, "z": 0}, "EyeRight": {"x": 1, "y": 2, "z": 0},
        "BlendShapes": [{"k": "JawOpen", "v": 0.5}, {"k": "eyeBlinkLeft", "v": 1}],
    }  # fmt: skip
    return [json.dumps(frame).encode()]


def _facial_mocap(data: bytes) -> object:
    from vtdrive.wire.ifacialmocap import decode

    return _sound(decode(data, t_ns=0))


def _open_see_face(data: bytes) -> object:
    from vtdrive.wire.openseeface import decode

    return _sound(decode(data, t_ns=0))


def _live_link(data: bytes) -> object:
    from vtdrive.wire.livelink import decode

    return decode(data)


def _live_links() -> list[bytes]:
    uuid = b"0" * 36
    head = b"\x06" + (36).to_bytes(4, "big") + uuid + (1).to_bytes(4, "big") + b"v"
    return [head + bytes(16) + b"\x3d" + bytes(61 * 4), head + bytes(16)]


def _opentrack(data: bytes) -> object:
    from vtdrive.wire.opentrack import decode

    return decode(data)


def _vts_message(data: bytes) -> object:
    from vtdrive.wire import vts, vts_replies

    message = vts.parse(data)
    if message is not None:
        for read in (
            vts_replies.token_in,
            vts_replies.inputs_in,
            vts_replies.hotkeys_in,
            vts_replies.active_expressions,
            vts_replies.uptime_s_in,
        ):
            read(message.data)
    return vts_replies.announced_in(data) or message


def _vts_messages() -> list[bytes]:
    whole = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": "a"}
    bodies = [
        {"messageType": "APIError", "data": {"errorID": 8, "message": "no"}},
        {"messageType": "AuthenticationTokenResponse", "data": {"authenticationToken": "x"}},
        {
            "messageType": "HotkeysInCurrentModelResponse",
            "data": {
                "availableHotkeys": [
                    {
                        "name": "a",
                        "hotkeyID": "1",
                        "type": "ToggleExpression",
                        "file": "a.exp3.json",
                    }
                ]
            },
        },
        {
            "messageType": "VTubeStudioAPIStateBroadcast",
            "data": {"active": True, "port": 8001, "instanceID": "x", "windowTitle": "VTS"},
        },
    ]
    return [json.dumps({**whole, **body}).encode() for body in bodies]


def _obs_message(data: bytes) -> object:
    from vtdrive.wire.obs import parse

    return parse(data)


def _obs_messages() -> list[bytes]:
    return [
        b'{"op":0,"d":{"obsWebSocketVersion":"5.1.0","rpcVersion":1,'
        b'"authentication":{"challenge":"a","salt":"b"}}}',
        b'{"op":7,"d":{"requestType":"GetVersion","requestId":"1","requestStatus":'
        b'{"result":true,"code":100},"responseData":{"availableRequests":["GetVersion"]}}}',
    ]


def _osc_query(data: bytes) -> object:
    from vtdrive.wire.oscquery import MalformedTree, read_host, read_tree
    from vtdrive.wire.vrchat_avatar import avatar_of_tree

    with contextlib.suppress(MalformedTree):
        read_host(data)
    return avatar_of_tree(read_tree(data))


def _osc_queries() -> list[bytes]:
    return [
        b'{"FULL_PATH":"/avatar","CONTENTS":{"parameters":{"FULL_PATH":"/avatar/parameters",'
        b'"CONTENTS":{"JawOpen":{"FULL_PATH":"/avatar/parameters/FT/v2/JawOpen","ACCESS":3,'
        b'"TYPE":"f","VALUE":[0.5]}}}}}',
        b'{"NAME":"VRChat-Client-1","OSC_IP":"127.0.0.1","OSC_PORT":9000,"OSC_TRANSPORT":"UDP"}',
    ]


def _avatar_file(data: bytes) -> object:
    from vtdrive.wire.vrchat_avatar import avatar_of_file

    return avatar_of_file(data)


def _avatar_files() -> list[bytes]:
    return [
        b'{"id":"avtr_1","name":"a","parameters":[{"name":"v2/JawOpen","input":'
        b'{"address":"/avatar/parameters/v2/JawOpen","type":"Float"}}]}'
    ]


def _vrm(data: bytes) -> object:
    from vtdrive.wire.gltf_humanoid import GLB_HEAD_BYTES, humanoid, json_bytes

    size = json_bytes(data[:GLB_HEAD_BYTES])
    return humanoid(data[GLB_HEAD_BYTES : GLB_HEAD_BYTES + size])


def _vrms() -> list[bytes]:
    from vrm_models import glb, vrm0, vrm1

    return [glb(vrm0()), glb(vrm1())]


def _http(data: bytes) -> object:
    from vtdrive.control.words import from_query
    from vtdrive.core.commands import parse_command
    from vtdrive.http_request import parse_head

    request = parse_head(data)
    return parse_command(from_query(request.path[1:], request.query))


def _http_refusals() -> tuple[type[Exception], ...]:
    from vtdrive.errors import UsageError
    from vtdrive.http_request import BadRequest

    return BadRequest, UsageError


def _https() -> list[bytes]:
    return [
        b"POST /command/expression/happiness?for=5 HTTP/1.1\r\nHost: 127.0.0.1:9011\r\n"
        b"Authorization: Bearer x\r\nContent-Length: 0\r\n\r\n"
    ]


def _osc_command(data: bytes) -> object:
    from vtdrive.control.words import from_osc
    from vtdrive.core.commands import parse_command
    from vtdrive.wire.osc import decode

    return [
        parse_command(from_osc(m.address.removeprefix("/vtdrive/").split("/"), m.args))
        for m in decode(data)
    ]


def _osc_refusals() -> tuple[type[Exception], ...]:
    from vtdrive.errors import UsageError

    return ValueError, UsageError


def _osc_commands() -> list[bytes]:
    from vtdrive.wire.osc import encode

    return [encode("/vtdrive/expression", "happiness", 5.0), encode("/vtdrive/panic", 1)]


def _overlay_client(data: bytes) -> object:
    from vtdrive.sinks.ws_door import admit
    from vtdrive.wire.stream import FIELDS

    text = data.decode("latin-1")
    path, _, origin = text.partition("\n")
    return admit(
        path, origin=origin or None, host="127.0.0.1:8765", fields=FIELDS, token="", origins=()
    )


def _overlay_refusals() -> tuple[type[Exception], ...]:
    from vtdrive.sinks.ws_door import Refused

    return (Refused,)


def _page_request(data: bytes) -> object:
    from vtdrive.http_request import parse_head
    from vtdrive.render.stage.page_door import admit

    wish = admit(parse_head(data), token="secret", host="127.0.0.1")
    assert all(0 <= shade <= 255 for shade in wish.background)
    return wish


def _page_refusals() -> tuple[type[Exception], ...]:
    from vtdrive.http_request import BadRequest

    return (BadRequest,)


def _page_requests() -> list[bytes]:
    return [
        b"GET /mjpeg?token=secret&background=%23ff0080 HTTP/1.1\r\nHost: 127.0.0.1:8770\r\n\r\n",
        b"GET /stream?token=secret HTTP/1.1\r\nHost: localhost:8770\r\nUpgrade: websocket\r\n"
        b"Origin: http://localhost:8770\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ]


PARSERS: Final[dict[str, Parser]] = {
    "osc": Parser(_osc, _vmc_packets),
    "vmc-in": Parser(_vmc_in, _vmc_packets),
    "vtsphone-request": Parser(_phone_request, _phone_requests),
    "vtsphone-in": Parser(_phone_frame, _phone_frames),
    "ifacialmocap-in": Parser(
        _facial_mocap,
        lambda: [b"jawOpen-50|eyeBlink_L-100|=head#1,2,3,0.1,0,0|rightEye#1,2,0|leftEye#1,2,0|"],
    ),
    "openseeface-in": Parser(_open_see_face, lambda: [bytes(1785)]),
    "livelink": Parser(_live_link, _live_links),
    "opentrack": Parser(_opentrack, lambda: [bytes(48)]),
    "vts": Parser(_vts_message, _vts_messages),
    "obs": Parser(_obs_message, _obs_messages),
    "oscquery": Parser(_osc_query, _osc_queries),
    "vrchat-avatar": Parser(_avatar_file, _avatar_files),
    "vrm": Parser(_vrm, _vrms),
    "control-http": Parser(_http, _https, _http_refusals),
    "control-osc": Parser(_osc_command, _osc_commands, _osc_refusals),
    "overlay-client": Parser(
        _overlay_client,
        lambda: [b"/?fields=emotion&max_hz=10\nhttp://127.0.0.1:1"],
        _overlay_refusals,
    ),
    "avatar-page": Parser(_page_request, _page_requests, _page_refusals),
    "pngtuber-plus": Parser(imports("plus"), plus_files, import_refusals),
    "veado": Parser(imports("veado"), veado_files, import_refusals),
    "veadomini": Parser(imports("mini"), mini_files, import_refusals),
    "pngremix": Parser(imports("remix"), remix_files, import_refusals),
    "picture-size": Parser(picture, pictures, import_refusals),
}
"""Name -> parser."""
