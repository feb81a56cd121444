"""obs-websocket 5 as text: what is said to OBS, what it answers, and what its codes mean.

Hello (op 0) → Identify (1) → Identified (2); then Request (6) → RequestResponse (7).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "NOT_FOUND",
    "NOT_READY",
    "RPC_VERSION",
    "SUBPROTOCOL",
    "Closing",
    "Hello",
    "Identified",
    "Response",
    "authentication",
    "closing",
    "identify",
    "parse",
    "request",
]

SUBPROTOCOL: Final = "obswebsocket.json"
RPC_VERSION: Final = 1
NOT_READY: Final = 207
NOT_FOUND: Final = 600

_LONGEST: Final = 200
"""Letters of a name or comment; OBS' own are shorter."""
_HELLO, _IDENTIFIED, _RESPONSE = 0, 2, 7


@dataclass(frozen=True, slots=True)
class Hello:
    """The first thing that OBS says."""

    version: str
    """Of obs-websocket."""
    rpc_version: int
    challenge: str = ""
    salt: str = ""

    @property
    def wants_password(self) -> bool:
        return bool(self.challenge)


@dataclass(frozen=True, slots=True)
class Identified:
    """OBS accepted us: requests may follow."""


@dataclass(frozen=True, slots=True)
class Response:
    """OBS' answer to one request."""

    request_id: str
    ok: bool
    code: int
    comment: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def names(self, listed: str, key: str) -> list[str]:
        """The names in a list of things: `names("scenes", "sceneName")`. What is no text is left
        out."""
        found = [thing.get(key) for thing in self.things(listed)]
        return [_plain(name) for name in found if isinstance(name, str)]

    def word(self, key: str) -> str:
        """One text of the answer; empty where there is none."""
        found = self.data.get(key)
        return _plain(found) if isinstance(found, str) else ""

    def things(self, listed: str) -> list[dict[str, Any]]:
        """The tables in a list."""
        found = self.data.get(listed)
        return [t for t in found if isinstance(t, dict)] if isinstance(found, list) else []


@dataclass(frozen=True, slots=True)
class Closing:
    """Why OBS ended the connection, in words."""

    what: str
    remedy: str
    final: bool
    """Whether connecting again by itself would be wrong or useless."""


def authentication(password: str, *, salt: str, challenge: str) -> str:
    """What proves that we know the password, without saying it."""
    secret = base64.b64encode(hashlib.sha256((password + salt).encode()).digest()).decode()
    return base64.b64encode(hashlib.sha256((secret + challenge).encode()).digest()).decode()


def identify(hello: Hello, password: str) -> str:
    """The answer to `hello`. It asks for no events."""
    data: dict[str, Any] = {"rpcVersion": RPC_VERSION, "eventSubscriptions": 0}
    if hello.wants_password:
        data["authentication"] = authentication(
            password, salt=hello.salt, challenge=hello.challenge
        )
    return _text(1, data)


def request(name: str, data: Mapping[str, Any], *, request_id: str) -> str:
    """One request."""
    inner: dict[str, Any] = {"requestType": name, "requestId": request_id}
    if data:
        inner["requestData"] = dict(data)
    return _text(6, inner)


def parse(text: str | bytes) -> Hello | Identified | Response | None:
    """What OBS said; None for events, and for whatever this protocol does not have."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("d"), dict):
        return None
    op, data = message.get("op"), message["d"]
    if op == _HELLO:
        return _hello(data)
    if op == _IDENTIFIED:
        return Identified()
    return _response(data) if op == _RESPONSE else None


def closing(code: int, reason: str = "") -> Closing:
    """What a close code means for the user."""
    if code == 4009:
        return Closing("OBS refused the password", "", final=True)
    if code == 4011:
        return Closing(
            "OBS ended the session: somebody pressed Kick in its WebSocket server settings",
            "start vtdrive again to connect anew",
            final=True,
        )
    if code == 4010:
        return Closing(
            f"OBS does not speak version {RPC_VERSION} of its protocol any more",
            "update vtdrive",
            final=True,
        )
    if 4000 <= code < 4100:
        said = f": {_plain(reason)}" if reason else ""
        return Closing(f"OBS ended the connection (code {code}{said})", _AGAIN, final=False)
    return Closing("OBS went away", _AGAIN, final=False)


_AGAIN: Final = "start OBS if it is not running; vtdrive connects again by itself"


def _plain(text: str) -> str:
    """Fit for a terminal: another machine wrote it."""
    return "".join(c if c.isprintable() else "?" for c in text[:_LONGEST])


def _text(op: int, data: Mapping[str, Any]) -> str:
    return json.dumps({"op": op, "d": data}, ensure_ascii=False)


def _hello(data: Mapping[str, Any]) -> Hello | None:
    version, rpc = data.get("obsWebSocketVersion"), data.get("rpcVersion")
    if not isinstance(rpc, int):
        return None
    keys = data.get("authentication")
    challenge = keys.get("challenge") if isinstance(keys, dict) else None
    salt = keys.get("salt") if isinstance(keys, dict) else None
    if keys is not None and not (isinstance(challenge, str) and challenge):
        return None
    return Hello(
        version=version if isinstance(version, str) else "",
        rpc_version=rpc,
        challenge=challenge if isinstance(challenge, str) else "",
        salt=salt if isinstance(salt, str) else "",
    )


def _response(data: Mapping[str, Any]) -> Response | None:
    status, found, request_id = (
        data.get("requestStatus"), data.get("responseData"), data.get("requestId")
    )  # fmt: skip
    if not isinstance(status, dict) or not isinstance(request_id, str):
        return None
    code, comment = status.get("code"), status.get("comment")
    return Response(
        request_id=request_id,
        ok=status.get("result") is True,
        code=code if isinstance(code, int) else 0,
        comment=_plain(comment) if isinstance(comment, str) else "",
        data=found if isinstance(found, dict) else {},
    )
