"""OSCQuery: the JSON that tells what an OSC program takes. Read strictly bounded, and answered.

A server is plain HTTP: `GET /path` is the node there with its contents, `GET /?HOST_INFO` where the
OSC packets go. Proposal: Vidvox/OSCQueryProposal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["READ", "WRITE", "HostInfo", "MalformedTree", "Node", "answer", "read_host", "read_tree"]

READ: Final = 1
WRITE: Final = 2

_MAX_NODES: Final = 20_000
_MAX_DEPTH: Final = 64
_MAX_PATH: Final = 1024
_QUOTED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


class MalformedTree(ValueError):
    """Bytes that are not what an OSCQuery server says; tells why."""


@dataclass(frozen=True, slots=True)
class Node:
    """One OSC address."""

    path: str
    tags: str = ""
    """OSC type tags (`f`, `T` or `F` for a bool); empty for a mere container."""
    access: int | None = None
    """READ | WRITE, or 0; None where the server does not say."""
    value: tuple[Any, ...] = ()
    """Whatever JSON stands there, one for each tag; check before use."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class HostInfo:
    """Where a server takes OSC."""

    name: str
    osc_ip: str
    """Empty: where the HTTP server is."""
    osc_port: int


def read_tree(body: bytes) -> tuple[Node, ...]:
    """Every node of a tree, parents first; raises MalformedTree.

    A node that contradicts itself is left out; a tree too large or too deep is refused whole.
    """
    root = _object(body)
    nodes: list[Node] = []
    todo: list[tuple[str, dict[str, Any], int]] = [("", root, 0)]
    while todo:
        path, raw, depth = todo.pop()
        if len(nodes) >= _MAX_NODES or depth > _MAX_DEPTH:
            raise MalformedTree(f"more than {_MAX_NODES} nodes, or {_MAX_DEPTH} levels")
        node = _node(path, raw)
        nodes.append(node)
        contents = raw.get("CONTENTS")
        if isinstance(contents, dict) and len(node.path) <= _MAX_PATH:
            below = node.path.rstrip("/")
            todo += (
                (f"{below}/{name}", child, depth + 1)
                for name, child in reversed(contents.items())
                if isinstance(child, dict)
            )
    return tuple(nodes)


def _object(body: bytes) -> dict[str, Any]:
    try:
        read: Any = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise MalformedTree(f"no JSON: {fault}") from fault
    if not isinstance(read, dict):
        raise MalformedTree("no JSON object")
    return read


def _node(path: str, raw: dict[str, Any]) -> Node:
    full, tags = raw.get("FULL_PATH"), raw.get("TYPE")
    access, value = raw.get("ACCESS"), raw.get("VALUE")
    said = raw.get("DESCRIPTION")
    is_path = isinstance(full, str) and full.startswith("/")
    is_access = isinstance(access, int) and not isinstance(access, bool)
    return Node(
        path=str(full) if is_path else path or "/",
        tags=tags if isinstance(tags, str) else "",
        access=access if is_access else None,
        value=tuple(value) if isinstance(value, list) else (),
        description=said if isinstance(said, str) else "",
    )


def read_host(body: bytes) -> HostInfo:
    """What `?HOST_INFO` answered; raises MalformedTree where no port for OSC over UDP stands."""
    read = _object(body)
    name, ip, port = read.get("NAME"), read.get("OSC_IP"), read.get("OSC_PORT")
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise MalformedTree(f"OSC_PORT is {port!r:.40}, no port")
    if str(read.get("OSC_TRANSPORT") or "UDP").upper() != "UDP":
        raise MalformedTree("it takes OSC by another way than UDP")
    return HostInfo(name if isinstance(name, str) else "", ip if isinstance(ip, str) else "", port)


def answer(target: str, nodes: Sequence[Node], host: HostInfo) -> tuple[int, bytes]:
    """HTTP status and JSON body for `GET target`, for a server with these nodes."""
    path, _, query = target.partition("?")
    if query == "HOST_INFO":
        return 200, _json(_host(host))
    path = "/" + _unquoted(path).strip("/")
    shown = _shown(path, nodes)
    if shown is None:
        return 404, b""
    if not query:
        return 200, _json(shown)
    if query not in ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "DESCRIPTION", "VALUE"):
        return 400, b""
    # An attribute that the node does not have, such as the value of what is only written.
    return (200, _json({query: shown[query]})) if query in shown else (204, b"")


def _unquoted(path: str) -> str:
    plain = _QUOTED.sub(lambda m: bytes.fromhex(m[1].decode()), path.encode("utf-8", "replace"))
    return plain.decode("utf-8", "replace")


def _host(host: HostInfo) -> dict[str, Any]:
    return {
        "NAME": host.name,
        "EXTENSIONS": {"ACCESS": True, "VALUE": True, "DESCRIPTION": True},
        "OSC_PORT": host.osc_port,
        "OSC_TRANSPORT": "UDP",
    } | ({"OSC_IP": host.osc_ip} if host.osc_ip else {})


def _shown(path: str, nodes: Sequence[Node]) -> dict[str, Any] | None:
    mine = next((node for node in nodes if node.path == path), None)
    below = path.rstrip("/") + "/"
    inside = [node.path[len(below) :] for node in nodes if node.path.startswith(below)]
    if mine is None and not inside and path != "/":
        return None
    shown: dict[str, Any] = {"FULL_PATH": path, "ACCESS": (mine.access or 0) if mine else 0}
    if mine is not None:
        shown |= {"DESCRIPTION": mine.description} if mine.description else {}
        shown |= {"TYPE": mine.tags} if mine.tags else {}
        shown |= {"VALUE": list(mine.value)} if mine.value else {}
    names = dict.fromkeys(part.partition("/")[0] for part in inside if part)
    if names:
        shown["CONTENTS"] = {name: _shown(below + name, nodes) for name in names}
    return shown


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
