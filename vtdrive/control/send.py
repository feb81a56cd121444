"""The other end: one command to a run that listens, and its answer."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Final

from vtdrive.config.control import place_of
from vtdrive.config.control_urls import parse_control_url
from vtdrive.control.desk import Answer
from vtdrive.control.osc import PREFIX, REPLY
from vtdrive.control.token import load_token
from vtdrive.core.commands import parse_command
from vtdrive.errors import UsageError, VtdriveError
from vtdrive.wire.osc import MalformedPacket, decode, encode

__all__ = ["send_command"]

_PATIENCE_S: Final = 12.0
"""A preset with models, or the end of a long recording, takes a while."""
_OSC_PATIENCE_S: Final = 4.0


def send_command(url: str, text: str, *, token_file: Path | None = None) -> Answer:
    """The answer of the run that listens at `url`. Raises VtdriveError where none comes."""
    kind, place = parse_control_url(url)
    parse_command(text)
    if kind == "midi":
        raise UsageError("commands cannot be sent by MIDI", "send them by osc:// or http://")
    host, port = place_of(place)
    try:
        if kind == "http":
            return _by_http(host, port, text, load_token(token_file))
        return _by_osc(host, port, text)
    except (OSError, http.client.HTTPException, ValueError) as fault:
        why = getattr(fault, "strerror", None) or str(fault) or "no answer came"
        raise VtdriveError(
            f"no run answers at {kind}://{place} ({why.lower()})",
            f"start one with --control {kind}://{place}",
        ) from fault


def _by_http(host: str, port: int, text: str, token: str) -> Answer:
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/command", json.dumps({"command": text}), headers)
        reply = connection.getresponse()
        tree = json.loads(reply.read(65536))
    finally:
        connection.close()
    if not isinstance(tree, dict):
        raise ValueError("the answer is not vtdrive's")
    said, remedy = str(tree.get("said", "")), str(tree.get("remedy", ""))
    return Answer("done" if tree.get("done") is True else "refused", said, remedy)


def _by_osc(host: str, port: int, text: str) -> Answer:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, _, _, _, place = sorted(found, key=lambda f: f[0] != socket.AF_INET)[0]
    head, *words = text.split()
    with socket.socket(family, socket.SOCK_DGRAM) as talk:
        talk.settimeout(_OSC_PATIENCE_S)
        talk.connect(place)
        talk.send(encode(PREFIX + head, *words))
        while True:
            try:
                messages = decode(talk.recv(4096))
            except MalformedPacket as fault:
                raise ValueError("the answer is not vtdrive's") from fault
            for message in messages:
                if message.address == REPLY and len(message.args) == 3:
                    status, _, said = map(str, message.args)
                    return Answer("done" if status == "done" else "refused", said)
