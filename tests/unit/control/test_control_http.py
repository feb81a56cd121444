"""HTTP in over a real socket: who is let in, what is done, and what a hostile client gets."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.control.desk import Desk
from vtdrive.control.http import HttpListener
from vtdrive.control.http_door import http_path
from vtdrive.control.send import send_command
from vtdrive.control.token import load_token
from vtdrive.core.commands import COMMANDS, parse_command
from vtdrive.errors import UsageError, VtdriveError
from vtdrive.http_request import BadRequest, parse_head


class Server:
    """A listener on a free port of this machine."""

    def __init__(self, folder: Path, **desk: Any) -> None:
        self.done: list[str] = []
        self.told: list[str] = []
        self.token_file = folder / "vtdrive" / "control-token"
        self.listener = HttpListener(
            "127.0.0.1",
            0,
            Desk(self._do, lambda: {"freeze": True}, **desk),
            self.told.append,
            origins=["https://deck.example/"],
            token_file=self.token_file,
        )
        self.listener.open()
        self.port = self.listener.port
        self.token = load_token(self.token_file)

    def _do(self, text: str) -> str:
        if text == "replay save":
            raise UsageError("no output can", "add one")
        said = parse_command(text).text
        self.done.append(said)
        return said

    def ask(
        self, method: str, path: str, body: str | bytes = b"", **headers: str | None
    ) -> tuple[int, Any]:
        """The status and the decoded body; a header None is left out, `_` stands for `-`."""
        sent: dict[str, str | None] = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        kept = {name: value for name, value in sent.items() if value is not None}
        connection.request(method, path, body, kept)
        reply = connection.getresponse()
        data = reply.read()
        allowed = str(sent.get("Origin")) == "https://deck.example"
        granted = reply.getheader("Access-Control-Allow-Origin")
        assert granted == ("https://deck.example" if allowed else None)
        connection.close()
        return reply.status, json.loads(data)

    def raw(self, data: bytes, *, then_s: float = 0.0) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as talk:
            talk.sendall(data)
            time.sleep(then_s)
            talk.shutdown(socket.SHUT_WR)
            out = b""
            try:
                while piece := talk.recv(4096):
                    out += piece
            except ConnectionResetError:
                pass
            return out


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.listener.close()


def test_commands_by_path_by_query_as_json_and_as_text(server: Server) -> None:
    ways: list[tuple[str, str, str | None]] = [
        ("/command/panic/on", "", None),
        ("/command/panic?to=on", "", None),
        ("/command", '{"command": "panic on"}', "application/json; charset=utf-8"),
        ("/command", "panic on", "text/plain"),
        ("/command/", "panic on\n", None),
    ]
    for path, body, kind in ways:
        status, told = server.ask("POST", path, body, Content_Type=kind)
        assert (status, told["done"], told["said"]) == (200, True, "panic on"), path
    assert server.done == ["panic on"] * 5
    assert server.ask("POST", http_path("preset Café 2"))[0] == 200
    assert server.done[-1] == "preset Café 2"


def test_every_listed_command_has_a_path_that_works(server: Server) -> None:
    status, told = server.ask("GET", "/commands")
    assert status == 200
    assert [row["command"] for row in told] == [spec.words for spec in COMMANDS]
    assert server.ask("GET", "/state") == (200, {"freeze": True})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/command/freze", "", 400, "did you mean 'freeze'?"),
        ("POST", "/command", "{", 400, "command"),
        ("POST", "/command", "", 400, "empty"),
        ("POST", "/command/freeze?too=1", "", 400, "no value is called 'too'"),
        ("POST", "/command/replay/save", "", 409, "no output can"),
        ("GET", "/command/panic/on", "", 405, "use POST here"),
        ("POST", "/state", "", 405, "use GET here"),
        ("GET", "/", "", 404, "nothing at this address"),
        ("GET", "/commands/x", "", 404, "nothing at this address"),
        ("OPTIONS", "/command", "", 405, "use POST here"),
        ("POST", "/command", "x" * 5000, 413, "more than 4096 bytes"),
        ("POST", "/command/panic?to=on&to=off", "", 400, "given twice"),
    ],
)
def test_what_is_wrong_is_said(
    server: Server, method: str, path: str, body: str, status: int, said: str
) -> None:
    got, told = server.ask(method, path, body)
    assert got == status
    assert said in told["said"]
    assert told["done"] is False
    assert server.done == []


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"[" * 4000, b'{"command": 5}', b'["panic"]', b'"panic"', b"null"]
)
def test_bodies_that_are_no_command(server: Server, body: bytes) -> None:
    status, told = server.ask("POST", "/command", body, Content_Type="application/json")
    assert (status, told["done"]) == (400, False)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic {token}"}, 401),
        ({"Authorization": "bearer {token}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "[::1]:{port}"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:{port}"}, 403),
        ({"Origin": "https://deck.example"}, 200),
        ({"Origin": "https://deck.example", "Authorization": None}, 401),
    ],
)
def test_who_is_let_in(server: Server, headers: dict[str, str | None], status: int) -> None:
    filled = {
        name: None if value is None else value.format(token=server.token, port=server.port)
        for name, value in headers.items()
    }
    assert server.ask("POST", "/command/panic/on", b"", **filled)[0] == status
    assert server.done == (["panic on"] if status == 200 else [])


def test_strangers_use_up_nothing_of_what_the_user_may_ask(tmp_path: Path) -> None:
    server = Server(tmp_path, burst=3, rate_hz=0.1)
    strangers: tuple[dict[str, Any], ...] = (
        {"Authorization": "Bearer guess"},
        {"Authorization": None},
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
    )
    try:
        for headers in strangers * 5:
            assert server.ask("POST", "/command/panic/on", **headers)[0] in (401, 403)
        found = [server.ask("POST", "/command/panic/on")[0] for _ in range(5)]
        assert found == [200] * 3 + [429] * 2
        assert b"Retry-After: 1" in server.raw(
            b"GET /state HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + server.token.encode()
            + b"\r\n\r\n"
        )
    finally:
        server.listener.close()


def preflight(origin: str, host: str = "127.0.0.1") -> bytes:
    return (
        f"OPTIONS /command/panic/on HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n"
        "Access-Control-Request-Method: POST\r\n"
        "Access-Control-Request-Headers: authorization\r\n"
        "Access-Control-Request-Private-Network: true\r\n\r\n"
    ).encode()


def test_a_browser_learns_what_an_allowed_page_may_do(server: Server) -> None:
    said = server.raw(preflight("https://deck.example"))
    assert said.startswith(b"HTTP/1.1 200 ")
    for header in (
        b"Access-Control-Allow-Origin: https://deck.example\r\n",
        b"Access-Control-Allow-Headers: Authorization, Content-Type\r\n",
        b"Access-Control-Allow-Methods: GET, POST\r\n",
        b"Access-Control-Allow-Private-Network: true\r\n",
        b"Vary: Origin\r\n",
    ):
        assert header in said
    for stranger in (preflight("https://evil.example"), preflight("https://deck.example", "evil")):
        said = server.raw(stranger)
        assert said.startswith(b"HTTP/1.1 403 ")
        assert b"Access-Control-Allow-Methods" not in said
    assert server.done == []


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(server: Server) -> None:
    head = (
        "POST /command HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        f"Content-Length: 8\r\nAuthorization: Bearer {server.token}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=4) as talk:
        talk.sendall(head.encode())
        assert talk.recv(100).startswith(b"HTTP/1.1 100 ")
        talk.sendall(b"panic on")
        assert talk.recv(100).startswith(b"HTTP/1.1 200 ")
    assert server.done == ["panic on"]


UGLY = [
    b"",
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST /command HTTP/9\r\n\r\n",
    b"post /command HTTP/1.1\r\n\r\n",
    b"GET /%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
    b"GET / HTTP/1.1\nHost: localhost\n\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 20000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 30,
    b"GET http://[::1 HTTP/1.1\r\n\r\n",
    b"GET //[ HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("data", UGLY, ids=range(len(UGLY)))
def test_ugly_requests_are_refused_and_the_next_is_served(server: Server, data: bytes) -> None:
    out = server.raw(data)
    assert out == b"" or out.split(b" ")[1][:1] in (b"4", b"5")
    assert server.ask("POST", "/command/panic/on")[0] == 200


@given(
    st.binary(max_size=400)
    | st.lists(
        st.sampled_from(
            [
                "GET ",
                "POST ",
                "/command",
                "?a=%zz",
                "//[",
                "%",
                " HTTP/1.1",
                "\r\n",
                "Host: x",
                "Content-Length: ",
                "9",
                "-",
                "\x00",
                "é",
                ":",
                "#",
                "@",
                " ",
            ]
        )
    ).map(lambda parts: "".join(parts).encode())
)
def test_no_head_breaks_the_parser(data: bytes) -> None:
    try:
        request = parse_head(data + b"\r\n\r\n")
    except BadRequest as fault:
        status = fault.status
    else:
        status = HTTPStatus.OK
        assert 0 <= request.body_bytes <= 4096
    assert status in HTTPStatus


def test_clients_that_dawdle_neither_block_others_nor_the_end(tmp_path: Path) -> None:
    before = {t.ident for t in threading.enumerate()}
    server = Server(tmp_path)
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(15)]
    for talk in slow:
        talk.sendall(b"POST /command HTTP/1.1\r\nHost: loc")
    assert server.ask("POST", "/command/panic/on")[0] == 200
    more = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(8)]
    # The 17th and later at once are told so, without a byte of theirs being read.
    told = [talk.recv(4096) for talk in more[1:]]
    assert all(b"503" in answer for answer in told)
    started = time.monotonic()
    server.listener.close()
    assert time.monotonic() - started < 2
    for talk in (*slow, *more):
        talk.close()
    deadline = time.monotonic() + 2
    while not {t.ident for t in threading.enumerate()} <= before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {t.ident for t in threading.enumerate()} <= before


def test_the_token_is_made_once_for_its_owner_alone(server: Server) -> None:
    assert len(server.token) >= 32
    assert load_token(server.token_file) == server.token
    assert str(server.token_file) in server.told[0]
    assert server.token not in server.told[0]
    if os.name == "posix":
        assert server.token_file.stat().st_mode & 0o777 == 0o600
        server.token_file.chmod(0o644)
        assert load_token(server.token_file) == server.token
        assert server.token_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "short", "with blank " * 5, "\n", "é" * 40])
def test_a_token_of_no_use_is_replaced(tmp_path: Path, text: str) -> None:
    file = tmp_path / "control-token"
    file.write_text(text, "utf-8")
    token = load_token(file)
    assert len(token) >= 32
    assert file.read_text("utf-8").strip() == token
    assert [path.name for path in tmp_path.iterdir()] == ["control-token"]


def test_a_place_that_holds_no_token_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be read or written"):
        load_token(tmp_path / "file" / "control-token")


def test_a_port_in_use_is_told(server: Server) -> None:
    second = HttpListener("127.0.0.1", server.port, Desk(str), print, token_file=server.token_file)
    with pytest.raises(UsageError, match="cannot listen there"):
        second.open()
    second.close()


def test_the_other_end_gets_the_answer(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}"
    assert send_command(url, "freeze on", token_file=server.token_file).said == "freeze on"
    refused = send_command(url, "replay save", token_file=server.token_file)
    assert (refused.done, refused.sentence) == (False, "no output can; add one")
    server.listener.close()
    with pytest.raises(VtdriveError, match="no run answers"):
        send_command(url, "freeze on", token_file=server.token_file)
