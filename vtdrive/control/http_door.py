"""Who may send commands by HTTP, and what each address does. Pure but for the desk."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from vtdrive.control.desk import Answer, Desk
from vtdrive.control.words import from_query
from vtdrive.core.commands import COMMANDS, CommandError
from vtdrive.http_request import BadRequest, Request, response
from vtdrive.listening import names_listener

__all__ = ["Door", "http_path", "refusal", "told"]

_STATUS: Final = {
    "done": HTTPStatus.OK,
    "wrong": HTTPStatus.BAD_REQUEST,
    "refused": HTTPStatus.CONFLICT,
    "limited": HTTPStatus.TOO_MANY_REQUESTS,
}


def http_path(text: str) -> str:
    """The address that does a command: `panic on` is `/command/panic/on`."""
    return "/".join(["/command", *(quote(word, safe="") for word in text.split())])


class Door:
    """Answers requests. A request is admitted by its `Host`, `Origin` and token, in this order."""

    def __init__(self, desk: Desk, *, token: str, host: str, origins: Collection[str]) -> None:
        self._desk = desk
        self._token = token
        self._host = host
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    def check(self, request: Request) -> None:
        """Raises BadRequest where the request is a stranger's. Reads no body."""
        if not names_listener(request.headers.get("host", ""), self._host):
            raise BadRequest(
                HTTPStatus.FORBIDDEN,
                "the Host of the request is not this server",
                "write the address with a number, as http://127.0.0.1:9011",
            )
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() not in self._origins:
            raise BadRequest(
                HTTPStatus.FORBIDDEN,
                f"web pages from {origin[:100]} may not send commands",
                'allow the page: [control] origins = ["https://…"]',
            )
        given = request.headers.get("authorization", "")
        scheme, _, token = given.partition(" ")
        # In constant time: a clock must not tell how much of a guess is right.
        right = hmac.compare_digest(token.strip().encode(), self._token.encode())
        if scheme.lower() != "bearer" or not right:
            raise BadRequest(
                HTTPStatus.UNAUTHORIZED,
                "the token is missing or wrong",
                "send the header `Authorization: Bearer TOKEN`; `vtdrive control token` prints it",
            )

    def grants(self, request: Request) -> Mapping[str, str]:
        """The headers by which a browser lets an allowed page read the answer; else none."""
        origin = request.headers.get("origin")
        if origin is None or origin.lower() not in self._origins:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}

    def preflight(self, request: Request) -> bytes:
        """The answer to a browser that asks what an allowed page may do; else empty.

        It carries no token yet, which is why `check` would refuse it.
        """
        grants = self.grants(request)
        wanted = "access-control-request-method" in request.headers
        if not (grants and wanted and request.method == "OPTIONS"):
            return b""
        if not names_listener(request.headers.get("host", ""), self._host):
            return b""
        may = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
        }
        if "access-control-request-private-network" in request.headers:
            may["Access-Control-Allow-Private-Network"] = "true"
        return response(HTTPStatus.OK, {}, {**grants, **may})

    def answer(self, request: Request, body: bytes) -> bytes:
        """What to send back to a request that was admitted. May take long: presets are loaded.

        Never raises BadRequest.
        """
        grants = self.grants(request)
        try:
            return self._done(request, body, grants)
        except BadRequest as fault:
            return refusal(fault, grants)

    def _done(self, request: Request, body: bytes, grants: Mapping[str, str]) -> bytes:
        head, *rest = request.path or ("",)
        if head == "command":
            if request.method != "POST":
                raise _method("POST")
            try:
                text = from_query(rest, request.query) if rest else _text(request, body)
            except CommandError as fault:
                return told(Answer("wrong", fault.what, fault.remedy), "", grants)
            return told(self._desk.answer(text), text, grants)
        if rest or head not in ("commands", "state"):
            raise BadRequest(
                HTTPStatus.NOT_FOUND,
                "there is nothing at this address",
                "there are: POST /command, POST /command/NAME, GET /commands, GET /state",
            )
        if request.method != "GET":
            raise _method("GET")
        if head == "state":
            return response(HTTPStatus.OK, dict(self._desk.state()), grants)
        listed = [{"command": c.words, "does": c.does} for c in COMMANDS]
        return response(HTTPStatus.OK, listed, grants)


def told(answer: Answer, text: str, extra: Mapping[str, str]) -> bytes:
    """What came of a command, with `extra` headers."""
    body: dict[str, object] = {"done": answer.done, "command": text, "said": answer.said}
    if answer.remedy:
        body["remedy"] = answer.remedy
    later = {"Retry-After": "1"} if answer.status == "limited" else {}
    return response(_STATUS[answer.status], body, {**extra, **later})


def refusal(fault: BadRequest, extra: Mapping[str, str] | None = None) -> bytes:
    """That a request was not served, with `extra` headers."""
    body: dict[str, object] = {"done": False, "said": fault.why}
    if fault.remedy:
        body["remedy"] = fault.remedy
    return response(fault.status, body, extra)


def _method(allowed: str) -> BadRequest:
    return BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, f"use {allowed} here")


def _text(request: Request, body: bytes) -> str:
    """The command in a body: text, or JSON `{"command": "freeze on"}`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = body.decode("utf-8")
        if kind != "application/json":
            return text.strip()
        tree = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise CommandError("the body is not UTF-8, or no JSON", _FORM) from fault
    command = tree.get("command") if isinstance(tree, dict) else None
    if not isinstance(command, str):
        raise CommandError("the body names no command", _FORM)
    return command


_FORM: Final = 'send the command as text, or {"command": "freeze on"} as application/json'
