"""Host names: an answer that does not come holds nobody up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from vtdrive.sinks import lookup as lookup_module
from vtdrive.sinks.lookup import Lookup

ANSWER = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("10.0.0.7", 39539))]


def answering(
    monkeypatch: pytest.MonkeyPatch, by_name: Callable[[], list[Any]]
) -> list[threading.Thread]:
    """Lets names be answered by `by_name`; the threads that asked for one."""
    asked: list[threading.Thread] = []

    def getaddrinfo(*_: object, flags: int = 0, **__: object) -> list[Any]:
        if flags:
            raise socket.gaierror("not in digits")
        asked.append(threading.current_thread())
        return by_name()

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def until_answered(lookup: Lookup) -> tuple[int, Any]:
    for _ in range(1000):
        try:
            return lookup()
        except TimeoutError:
            time.sleep(0.005)
    raise AssertionError("it never came")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_digits_ask_nobody(host: str) -> None:
    before = threading.active_count()
    family, address = Lookup(host, 39539)()
    assert address[:2] == (host, 39539)
    assert family == (socket.AF_INET6 if ":" in host else socket.AF_INET)
    assert threading.active_count() == before


def test_a_silent_name_server_is_waited_for_once_and_then_polled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookup_module, "_AT_START_S", 0.05)
    go = threading.Event()
    asked = answering(monkeypatch, lambda: ANSWER if go.wait(30) else [])
    lookup = Lookup("gaming-pc", 39539)
    start = time.monotonic()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            lookup()
    assert time.monotonic() - start < 2
    assert len(asked) == 1
    assert threading.current_thread() not in asked
    go.set()
    assert until_answered(lookup) == (socket.AF_INET, ("10.0.0.7", 39539))


def test_an_unknown_host_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[list[Any] | None] = [None, ANSWER]

    def by_name() -> list[Any]:
        answer = answers.pop(0)
        if answer is None:
            raise socket.gaierror("Name or service not known")
        return answer

    answering(monkeypatch, by_name)
    lookup = Lookup("gaming-pc", 39539)
    with pytest.raises(socket.gaierror, match="not known"):
        until_answered(lookup)
    assert until_answered(lookup)[1] == ("10.0.0.7", 39539)
