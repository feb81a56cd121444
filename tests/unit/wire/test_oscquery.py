"""OSCQuery pages and VRChat's files: read what is right, survive what is not."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.wire.oscquery import HostInfo, MalformedTree, Node, answer, read_host, read_tree
from vtdrive.wire.vrchat_avatar import Declared, avatar_of_file, avatar_of_tree

PAGE = {
    "FULL_PATH": "/avatar",
    "ACCESS": 0,
    "CONTENTS": {
        "change": {"FULL_PATH": "/avatar/change", "ACCESS": 3, "TYPE": "s", "VALUE": ["avtr_1"]},
        "parameters": {
            "FULL_PATH": "/avatar/parameters",
            "ACCESS": 0,
            "CONTENTS": {
                "FT": {
                    "FULL_PATH": "/avatar/parameters/FT",
                    "CONTENTS": {
                        "v2": {
                            "CONTENTS": {
                                "JawOpen": {
                                    "FULL_PATH": "/avatar/parameters/FT/v2/JawOpen",
                                    "ACCESS": 3,
                                    "TYPE": "f",
                                    "VALUE": [0.0],
                                }
                            }
                        }
                    },
                },
                "Hat": {"FULL_PATH": "/avatar/parameters/Hat", "ACCESS": 3, "TYPE": "T"},
                "Shut": {"FULL_PATH": "/avatar/parameters/Shut", "ACCESS": 2, "TYPE": "F"},
                "Upright": {"FULL_PATH": "/avatar/parameters/Upright", "ACCESS": 1, "TYPE": "f"},
                "Emote": {"TYPE": "i"},
                "Two": {"FULL_PATH": "/avatar/parameters/Two", "ACCESS": 3, "TYPE": "ff"},
            },
        },
    },
}


def test_a_page_is_read_with_its_types_and_rights() -> None:
    nodes = read_tree(json.dumps(PAGE).encode())
    worn = avatar_of_tree(nodes)
    assert worn.id == "avtr_1"
    p = "/avatar/parameters/"
    assert worn.declared == (
        Declared("FT/v2/JawOpen", f"{p}FT/v2/JawOpen", "float"),
        Declared("Hat", f"{p}Hat", "bool"),
        Declared("Shut", f"{p}Shut", "bool"),
        Declared("Emote", f"{p}Emote", "int"),
    )
    assert [n.path for n in nodes if n.path.count("/") == 4] == [f"{p}FT/v2"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"3", b"null", b'"text"', b"\xff", b"[" * 100_000,
        b'{"CONTENTS":{"a":' * 70 + b"{}" + b"}}" * 70,
        b'{"CONTENTS":{' + b",".join(b'"%d":{}' % i for i in range(20_001)) + b"}}",
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_tree_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(MalformedTree):
        read_tree(body)


def test_a_long_name_with_many_below_it_does_not_fill_the_memory() -> None:
    inside: dict[str, Any] = {str(i): {} for i in range(10_000)}
    nodes = read_tree(json.dumps({"CONTENTS": {"x" * 1_000_000: {"CONTENTS": inside}}}).encode())
    assert len(nodes) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["/avatar/parameters/v2/JawOpen", "f", "T", "/", "/avatar/change"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["CONTENTS", "FULL_PATH", "TYPE", "ACCESS", "VALUE", "OSC_PORT", "OSC_IP",
                         "OSC_TRANSPORT", "NAME", "parameters", "id", "name", "input", "address",
                         "type", "avatar", "x"]), inner, max_size=6),
    max_leaves=40,
)  # fmt: skip


READERS: tuple[Callable[[bytes], object], ...] = (
    read_host,
    lambda body: avatar_of_tree(read_tree(body)),
    avatar_of_file,
)


@settings(max_examples=500)
@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    body = json.dumps(value).encode()
    for read in READERS:
        with contextlib.suppress(MalformedTree):
            read(body)


@settings(max_examples=500)
@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(MalformedTree):
            read(body)


def test_host_info() -> None:
    info = {"NAME": "VRChat-Client-AB12", "OSC_IP": "127.0.0.1", "OSC_PORT": 9000,
            "OSC_TRANSPORT": "UDP", "EXTENSIONS": {"ACCESS": True}}  # fmt: skip
    assert read_host(json.dumps(info).encode()) == HostInfo("VRChat-Client-AB12", "127.0.0.1", 9000)
    assert read_host(b'{"OSC_PORT": 1}') == HostInfo("", "", 1)


@pytest.mark.parametrize(
    "told",
    ['{"OSC_PORT": "9000"}', '{"OSC_PORT": 0}', '{"OSC_PORT": 65536}', '{"OSC_PORT": true}',
     '{"OSC_PORT": 9000.0}', "{}", '{"OSC_PORT": 9000, "OSC_TRANSPORT": "TCP"}'],
)  # fmt: skip
def test_a_host_without_a_usable_port_is_refused(told: str) -> None:
    with pytest.raises(MalformedTree):
        read_host(told.encode())


NODES = (
    Node("/avatar/change", "s", 2, (), "the worn one"),
    Node("/a b/level", "f", 3, (0.5,)),
)
HOST = HostInfo("vtdrive", "127.0.0.1", 5000)


def asked(target: str) -> Any:
    status, body = answer(target, NODES, HOST)
    assert status == 200
    return json.loads(body)


def test_our_page_answers_as_the_proposal_wants() -> None:
    change = {"FULL_PATH": "/avatar/change", "ACCESS": 2, "TYPE": "s",
              "DESCRIPTION": "the worn one"}  # fmt: skip
    assert asked("/avatar/change") == change
    assert asked("/avatar")["CONTENTS"] == {"change": change}
    assert asked("/").keys() == {"FULL_PATH", "ACCESS", "CONTENTS"}
    assert asked("/a%20b/level?VALUE") == {"VALUE": [0.5]}
    told = asked("/?HOST_INFO")
    assert (told["OSC_IP"], told["OSC_PORT"], told["OSC_TRANSPORT"]) == ("127.0.0.1", 5000, "UDP")


@pytest.mark.parametrize(
    ("target", "status"),
    [("/nowhere", 404), ("/avatar/change/x", 404), ("/avatar/change?VALUE", 204),
     ("/avatar?NONSENSE", 400), ("//avatar//change", 404), ("/..", 404)],
)  # fmt: skip
def test_what_is_not_there(target: str, status: int) -> None:
    assert answer(target, NODES, HOST) == (status, b"")


def test_what_we_say_we_can_read() -> None:
    _, tree = answer("/", NODES, HOST)
    read = {node.path: node for node in read_tree(tree)}
    assert {read[node.path] for node in NODES} == set(NODES)
    _, info = answer("/?HOST_INFO", NODES, HOST)
    assert read_host(info) == HOST


def test_a_file_is_read_by_its_inputs() -> None:
    text = """\ufeff{"id": "avtr_9", "name": "Me", "parameters": [
      {"name": "My FT/v2/JawOpen",
       "input": {"address": "/avatar/parameters/My_FT/v2/JawOpen", "type": "Float"},
       "output": {"address": "/avatar/parameters/My_FT/v2/JawOpen", "type": "Float"}},
      {"name": "Upright", "output": {"address": "/avatar/parameters/Upright", "type": "Float"}},
      {"name": "v2/JawX1", "input": {"address": "/my/own", "type": "Bool"}},
      {"name": "again", "input": {"address": "/my/own", "type": "Int"}},
      {"name": "odd", "input": {"address": "no slash", "type": "Int"}},
      {"name": "odd", "input": {"address": "/half\\ud800", "type": "Int"}},
      {"name": "odd", "input": {"address": "/type", "type": "String"}},
      {"name": 3, "input": {"address": "/name", "type": "Int"}}, null, {"name": "x", "input": 3}
    ]}"""
    worn = avatar_of_file(text.encode())
    assert worn.id == "avtr_9"
    assert worn.declared == (
        Declared("My FT/v2/JawOpen", "/avatar/parameters/My_FT/v2/JawOpen", "float"),
        Declared("v2/JawX1", "/my/own", "bool"),
    )
