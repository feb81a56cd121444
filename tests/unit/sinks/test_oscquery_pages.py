"""Our HTTP, both ways, against what hangs, lies and floods; and whom we talk to at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from vtdrive.sinks.http_get import NoAnswer, http_get
from vtdrive.sinks.oscquery_server import OscQueryServer
from vtdrive.sinks.vrchat_browse import may_reach, osc_host, own_addresses
from vtdrive.sinks.vrchat_files import avatar_folders, newest_file
from vtdrive.wire.osc import Message
from vtdrive.wire.oscquery import WRITE, Node

OWN = frozenset({"192.168.1.9", "fe80::1"})
CHANGE = Node("/avatar/change", "s", WRITE)


async def answered_with(reply: bytes, *, ends: bool = True, timeout_s: float = 3.0) -> bytes:
    """What `http_get` makes of a server that sends these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)
            await writer.drain()
            if not ends:
                await reader.read()
            writer.close()
            await writer.wait_closed()
        except (OSError, EOFError):
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        return await http_get("127.0.0.1", port, "/avatar", timeout_s=timeout_s)
    finally:
        server.close()
        await asyncio.sleep(0.002)  # for the server's side to see the end


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (OK + b"Content-Length: 2\r\n\r\n{}and more", b"{}"),
        (OK + b"content-length:2\r\n\r\n{}", b"{}"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"{}"),
        (b"HTTP/1.0 200\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_ways_to_end_an_answer(reply: bytes, body: bytes) -> None:
    assert asyncio.run(answered_with(reply)) == body


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 999999999999 \r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://example.org/\r\n\r\n", OK + b"X: y",
        OK + b"Content-Length: 9\r\n\r\n{}", OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: x\r\n\r\n{}", OK + b"Content-Length: 99999999999\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", OK + b"X: y\r\n" * 100 + b"\r\n",
        OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n", OK + b"\r\n" + b" " * (5 << 20),
    ],
)  # fmt: skip
def test_answers_that_are_none(reply: bytes) -> None:
    with pytest.raises(NoAnswer) as caught:
        asyncio.run(answered_with(reply))
    assert str(caught.value)


@pytest.mark.parametrize("reply", [b"", OK, OK + b"Content-Length: 9\r\n\r\n{"])
def test_a_server_that_never_ends_is_left_in_time(reply: bytes) -> None:
    start = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no answer within 0\.2 s"):
        asyncio.run(answered_with(reply, ends=False, timeout_s=0.2))
    assert time.monotonic() - start < 1.0


@settings(max_examples=150)
@given(st.binary(max_size=80), st.booleans())
def test_any_answer_is_read_or_refused(tail: bytes, good: bool) -> None:
    with contextlib.suppress(NoAnswer):
        asyncio.run(answered_with((OK if good else b"") + tail))


def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(NoAnswer):
        asyncio.run(http_get("127.0.0.1", port, "/"))


@contextlib.asynccontextmanager
async def serving(take: Callable[[Message], None]) -> AsyncIterator[OscQueryServer]:
    server = OscQueryServer(name="vtdrive", host="127.0.0.1", nodes=(CHANGE,), take=take)
    await server.open()
    try:
        yield server
    finally:
        await server.close()


async def said(server: OscQueryServer, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.http_port)
    try:
        writer.write(request)
        async with asyncio.timeout(5):
            return await reader.read()
    except OSError:
        return b""
    finally:
        writer.transport.abort()


def with_server(run: Callable[[OscQueryServer], Awaitable[None]]) -> list[Message]:
    taken: list[Message] = []

    async def main() -> None:
        async with serving(taken.append) as server:
            await run(server)

    asyncio.run(main())
    return taken


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"GET /?HOST_INFO HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /avatar/change?VALUE HTTP/1.1\r\n\r\n", b"204"),
        (b"GET /x HTTP/1.1\r\n\r\n", b"404"),
        (b"POST / HTTP/1.1\r\n\r\n", b"405"),
        (b"GET http://x/ HTTP/1.1\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"\xff\xfe \x00 \x01\r\n\r\n", b"400"),
    ],
)
def test_our_page_answers(request_: bytes, status: bytes) -> None:
    async def run(server: OscQueryServer) -> None:
        reply = await said(server, request_)
        assert reply.split(b" ")[1] == status
        head, _, body = reply.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        if status == b"200":
            assert json.loads(body)

    with_server(run)


def test_our_page_survives_a_flood() -> None:
    async def run(server: OscQueryServer) -> None:
        assert await said(server, b"GET /" + b"x" * 100_000) == b""
        idle = [await asyncio.open_connection("127.0.0.1", server.http_port) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert await said(server, b"GET / HTTP/1.1\r\n\r\n") == b""
        for _, writer in idle:
            writer.transport.abort()
        await asyncio.sleep(0.1)
        assert (await said(server, b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert server.refused >= 1

    with_server(run)


def test_closing_does_not_wait_for_clients_that_hang() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def run(server: OscQueryServer) -> None:
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", server.http_port)
            writers.append(writer)
        await asyncio.sleep(0.05)
        await server.close()
        for writer in writers:
            writer.transport.abort()

    start = time.monotonic()
    with_server(run)
    assert time.monotonic() - start < 1.0


def test_only_what_the_page_declares_is_taken() -> None:
    def packet(address: str) -> bytes:
        builder = OscMessageBuilder(address)
        builder.add_arg("avtr_2")
        return bytes(builder.build().dgram)

    async def run(server: OscQueryServer) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            for data in (b"", b"\xff" * 40, packet("/avatar/other"), packet("/avatar/change")):
                link.sendto(data, ("127.0.0.1", server.osc_port))
        for _ in range(100):
            if server.refused >= 3:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert server.refused == 3

    taken = with_server(run)
    assert [(m.address, m.args) for m in taken] == [("/avatar/change", ("avtr_2",))]


@pytest.mark.parametrize(
    ("address", "near", "in_lan"),
    [
        ("127.0.0.1", True, True), ("::1", True, True), ("192.168.1.9", True, True),
        ("fe80::1%eth0", True, True), ("192.168.1.20", False, True), ("10.1.2.3", False, True),
        ("fe80::2", False, True), ("203.0.113.5", False, True), ("8.8.8.8", False, False),
        ("2606:4700::1", False, False), ("0.0.0.0", False, False), ("224.0.0.1", False, False),
        ("example.org", False, False), ("", False, False),
    ],
)  # fmt: skip
def test_whom_we_talk_to(address: str, near: bool, in_lan: bool) -> None:
    assert may_reach(address, lan=False, own=OWN) is near
    if not address.startswith("203."):  # for documents only: Python counts it as private
        assert may_reach(address, lan=True, own=OWN) is in_lan


@pytest.mark.parametrize(
    ("page", "told", "lan", "want"),
    [
        ("127.0.0.1", "127.0.0.1", False, "127.0.0.1"),
        ("127.0.0.1", "", False, "127.0.0.1"),
        ("127.0.0.1", "0.0.0.0", False, "127.0.0.1"),
        ("127.0.0.1", "192.168.1.9", False, "192.168.1.9"),
        ("127.0.0.1", "8.8.8.8", True, "127.0.0.1"),
        ("192.168.1.20", "127.0.0.1", True, "192.168.1.20"),
        ("192.168.1.20", "192.168.1.20", True, "192.168.1.20"),
    ],
)
def test_where_osc_goes(page: str, told: str, lan: bool, want: str) -> None:
    assert osc_host(page, told, lan=lan, own=OWN) == want


def test_this_computer_knows_its_addresses() -> None:
    assert "127.0.0.1" in own_addresses()


def test_where_vrchat_keeps_its_files(tmp_path: Path) -> None:
    (windows,) = avatar_folders(
        platform="win32", environ={"APPDATA": str(tmp_path / "AppData" / "Roaming")}
    )
    assert windows == tmp_path / "AppData" / "LocalLow" / "VRChat" / "VRChat" / "OSC"
    assert PureWindowsPath(*windows.parts[-3:]) == PureWindowsPath(r"VRChat\VRChat\OSC")
    assert avatar_folders(platform="win32", environ={}) == ()
    proton = avatar_folders(platform="linux", home=tmp_path)
    assert all("438100" in folder.parts for folder in proton)
    assert newest_file(proton[0]) is None
