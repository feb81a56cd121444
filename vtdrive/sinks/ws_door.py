"""Who may read the stream, and what they asked for. Pure."""

from __future__ import annotations

import hmac
import ipaddress
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from vtdrive.listening import is_loopback
from vtdrive.wire.stream import FIELDS, Field

__all__ = ["Refused", "Wish", "admit"]

_KEYS: Final = ("fields", "max_hz", "token")


class Refused(Exception):
    """This client is not served. `status` is the HTTP answer, the text a sentence for its user."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Wish:
    """What one client asked for."""

    fields: tuple[Field, ...]
    max_hz: float
    """0: every frame."""


def admit(
    path: str,
    *,
    origin: str | None,
    host: str | None,
    fields: Sequence[Field],
    token: str,
    origins: Collection[str],
) -> Wish:
    """What the client at `path` (`/?fields=emotion&max_hz=10`) wants; raises Refused.

    `origin` and `host` are the headers of that name; `fields` is what a client may have at most.
    Programs send no `Origin`, browsers always do, and a page cannot choose it. `null` is what files
    are called, but also any page inside a sandboxed frame: it is a stranger. Who knows a `token` is
    no stranger, wherever the page is from.
    """
    asked = _query(path)
    if token:
        # In constant time: a clock must not tell how much of a guess is right.
        if not hmac.compare_digest(asked.get("token", "").encode(), token.encode()):
            raise Refused(403, "the token is missing or wrong: connect to /?token=…")
    elif origin is not None and not _welcome(origin, host, origins):
        raise Refused(
            403,
            f"pages from {origin[:200]!r} may not read the face: open the page at this server's"
            " own address, or allow it with the option origins=, or use a token=",
        )
    return Wish(_fields(asked, fields), _max_hz(asked))


def _query(path: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(urlsplit(path).query, keep_blank_values=True, max_num_fields=16)
    except ValueError as fault:
        raise Refused(400, "the address cannot be read") from fault
    for key, _ in pairs:
        if key not in _KEYS:
            raise Refused(400, f"no option {key[:40]!r} here; there are: {', '.join(_KEYS)}")
    return dict(pairs)


def _fields(asked: dict[str, str], offered: Sequence[Field]) -> tuple[Field, ...]:
    if "fields" not in asked:
        return tuple(offered)
    wanted = {name for name in asked["fields"].split(",") if name}
    unknown = sorted(wanted - set(FIELDS))
    if unknown:
        raise Refused(400, f"no field {unknown[0][:40]!r}; there are: {', '.join(FIELDS)}")
    return tuple(name for name in offered if name in wanted)


def _max_hz(asked: dict[str, str]) -> float:
    text = asked.get("max_hz", "0")
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= 1000:
        raise Refused(400, f"max_hz={text[:40]!r} is no number from 0 to 1000")
    return rate


def _welcome(origin: str, host: str | None, origins: Collection[str]) -> bool:
    if "*" in origins or origin in origins:
        return True
    try:
        parts = urlsplit(origin)
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.path not in ("", "/"):
        return False
    if is_loopback(name):
        return True
    # A page that this server itself gave to another machine. By number only: a name may be made to
    # point here by whoever owns it.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return host is not None and parts.netloc.lower() == host.lower()
