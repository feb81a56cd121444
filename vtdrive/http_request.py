"""HTTP/1.1 requests of a few hundred bytes, read strictly, and answers to them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = [
    "MOST_BODY_BYTES",
    "MOST_HEAD_BYTES",
    "BadRequest",
    "Request",
    "answer",
    "answer_head",
    "parse_head",
    "response",
]

MOST_HEAD_BYTES: Final = 8192
MOST_BODY_BYTES: Final = 4096
_LINE: Final = re.compile(r"([A-Z]{3,10}) (/[!-~]{0,2000}) HTTP/1\.[01]")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\t\x80-\xff]*)")
_ONCE: Final = frozenset({"host", "content-length", "authorization", "origin", "content-type"})


class BadRequest(Exception):
    """A request that is not served: the status of the answer, and why."""

    def __init__(self, status: HTTPStatus, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.status, self.why, self.remedy = status, why, remedy


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request."""

    method: str
    path: tuple[str, ...]
    """Its parts, decoded: `/command/panic/on` is ("command", "panic", "on")."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    body_bytes: int
    """How many bytes of body follow."""

    @property
    def awaits_go_ahead(self) -> bool:
        """Whether the body only comes once it is asked for, as .NET's older client has it."""
        return self.headers.get("expect", "").lower() == "100-continue"


def parse_head(head: bytes) -> Request:
    """The request that begins with `head`, up to and with the empty line; raises BadRequest."""
    lines = head.decode("latin-1").split("\r\n")
    match = _LINE.fullmatch(lines[0])
    if match is None:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "this is no HTTP request")
    headers = _headers(lines[1:-2])
    if "transfer-encoding" in headers:
        raise BadRequest(HTTPStatus.NOT_IMPLEMENTED, "chunked bodies are not read")
    return Request(match[1], *_target(match[2]), headers, _body_bytes(headers))


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadRequest(HTTPStatus.BAD_REQUEST, "a header is malformed")
        name = match[1].lower()
        # Two of one kind are how one program is made to believe the first and another the last.
        if name in headers and name in _ONCE:
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"the header {name} is given twice")
        headers[name] = match[2].strip()
    return headers


def _target(target: str) -> tuple[tuple[str, ...], dict[str, str]]:
    try:
        parts = urlsplit(target)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=16, errors="strict")
        path = tuple(unquote(part, errors="strict") for part in parts.path.split("/") if part)
    except ValueError as fault:  # UnicodeDecodeError is one, too
        raise BadRequest(HTTPStatus.BAD_REQUEST, "the address cannot be read") from fault
    query = dict(pairs)
    if len(query) != len(pairs):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "a value is given twice in the address")
    return path, query


def _body_bytes(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "the length of the body is no number")
    if int(text) > MOST_BODY_BYTES:
        raise BadRequest(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_BODY_BYTES} bytes of body"
        )
    return int(text)


def response(status: HTTPStatus, body: object, extra: Mapping[str, str] | None = None) -> bytes:
    """A whole answer with a JSON body, after which the connection ends."""
    data = json.dumps(body, indent=1).encode() + b"\n"
    return answer(status, data, "application/json; charset=utf-8", extra)


def answer(
    status: HTTPStatus, data: bytes, kind: str, extra: Mapping[str, str] | None = None
) -> bytes:
    """A whole answer with a body of that content type, after which the connection ends."""
    headers = {"Content-Type": kind, "Content-Length": str(len(data)), **(extra or {})}
    return answer_head(status, headers) + data


def answer_head(status: HTTPStatus, headers: Mapping[str, str]) -> bytes:
    """The head of an answer, up to and with the empty line; ended by the end of the connection."""
    common = {
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in {**common, **headers}.items()]
    return "\r\n".join([*lines, "", ""]).encode()
