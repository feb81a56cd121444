"""One HTTP GET that neither hangs nor fills the memory, whatever answers."""

from __future__ import annotations

import asyncio
from typing import Final

__all__ = ["NoAnswer", "http_get"]

_MAX_BODY: Final = 4 << 20
_MAX_LINE: Final = 8192
_MAX_HEADERS: Final = 64


class NoAnswer(OSError):
    """The server gave nothing usable; says why."""


async def http_get(host: str, port: int, target: str, *, timeout_s: float = 3.0) -> bytes:
    """The body of a 200 answer, "" for 204; raises NoAnswer for all else, within `timeout_s`.

    HTTP/1.1 over plain TCP; redirections are not followed, more than 4 MiB are not read.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _get(host, port, target)
    except TimeoutError:
        raise NoAnswer(f"no answer within {timeout_s:g} s") from None
    except NoAnswer:
        raise
    except (OSError, EOFError, ValueError, UnicodeError) as fault:
        raise NoAnswer(str(fault) or type(fault).__name__) from fault


async def _get(host: str, port: int, target: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port, limit=_MAX_LINE)
    try:
        named = f"[{host}]" if ":" in host else host
        head = f"GET {target} HTTP/1.1\r\nHost: {named}:{port}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode("ascii"))
        await writer.drain()
        return await _answer(reader)
    finally:
        # Not awaited: a server that does not close must not hold this up.
        writer.transport.abort()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    words = (await reader.readline()).decode("latin-1").split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise NoAnswer("what answers does not speak HTTP")
    headers = await _headers(reader)
    if words[1] == "204":
        return b""
    if words[1] != "200":
        raise NoAnswer(f"HTTP status {words[1]}")
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    length = headers.get("content-length")
    if length is not None:
        return await reader.readexactly(_allowed(int(length)))
    body = bytearray()
    while piece := await reader.read(65536):
        body += piece
        _allowed(len(body))
    return bytes(body)


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = (await reader.readline()).decode("latin-1")
        if not line.endswith("\n"):
            raise NoAnswer("the answer ends inside its head")
        if not line.strip():
            return headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise NoAnswer(f"more than {_MAX_HEADERS} header lines")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        if size == 0:
            return bytes(body)
        _allowed(len(body) + size)
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise NoAnswer("a chunk is not as long as it says")


def _allowed(size: int) -> int:
    if not 0 <= size <= _MAX_BODY:
        raise NoAnswer(f"an answer of {size} bytes is too long")
    return size
