"""VTube Studio found by its announcements: who counts, who is chosen, and over real broadcasts."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from fake_vts import FakeVts
from vts_stage import Stage

from vtdrive.config.sinks import VtsSink
from vtdrive.errors import SinkError
from vtdrive.sinks import vts_discovery
from vtdrive.sinks.vts_discovery import Found, chosen, heard
from vtdrive.wire.vts_replies import Announced


def found(*titles: str, active: bool = True) -> list[Found]:
    return [
        Found("127.0.0.1", Announced(active, 8001 + i, f"id{i}", title))
        for i, title in enumerate(titles)
    ]


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def hear(host: str, *packets: bytes) -> list[Found]:
    port = free_udp_port()
    listening = asyncio.create_task(heard(host, port=port, listen_s=0.3))
    await asyncio.sleep(0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for packet in packets:
            sender.sendto(packet, ("127.0.0.1", port))
    return await listening


def told(port: int, title: str = "VTube Studio", *, on: bool = True) -> bytes:
    fake = FakeVts()
    fake.port, fake.api_on = port, on
    return fake.broadcast(title=title, instance=f"id{port}")


def test_this_computers_are_heard_and_ordered() -> None:
    packets = (told(8002, "VTube Studio Window 2"), told(8001), told(8001), b"{", b"\xff" * 9000)
    one, two = asyncio.run(hear("127.0.0.1", *packets))
    assert (one.host, one.said.port, one.said.title) == ("127.0.0.1", 8001, "VTube Studio")
    assert two.said.port == 8002
    assert len(asyncio.run(hear("0.0.0.0", *packets))) == 2


def test_a_stranger_does_not_count() -> None:
    assert asyncio.run(hear("192.0.2.7", told(8001))) == []


def test_a_flood_is_bounded() -> None:
    packets = [told(1000 + i) for i in range(200)]
    assert len(asyncio.run(hear("localhost", *packets))) <= 64


def test_an_unknown_host_is_told() -> None:
    with pytest.raises(SinkError, match=r"no-such-host\.invalid is not known"):
        asyncio.run(heard("no-such-host.invalid", port=free_udp_port(), listen_s=0.1))


def test_a_taken_port_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        with pytest.raises(SinkError, match="cannot listen for VTube Studio") as caught:
            asyncio.run(heard("127.0.0.1", port=other.getsockname()[1], listen_s=0.1))
    assert caught.value.remedy


def test_one_is_chosen() -> None:
    assert chosen(found("VTube Studio"), instance="") == (found("VTube Studio")[0], "")


def test_of_several_the_first_is_taken_and_the_others_named() -> None:
    one, note = chosen(found("VTube Studio", "VTube Studio Window 2"), instance="")
    assert one.said.port == 8001
    assert "'VTube Studio Window 2' (port 8002)" in note


@pytest.mark.parametrize("instance", ["window 2", "ID1"])
def test_an_instance_by_title_or_id(instance: str) -> None:
    one, note = chosen(found("VTube Studio", "VTube Studio Window 2"), instance=instance)
    assert (one.said.port, note) == (8002, "")


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(SinkError, match="'Window 3' in its title was heard, only 'VTube Studio'"):
        chosen(found("VTube Studio"), instance="Window 3")
    with pytest.raises(SinkError, match="API switched off") as caught:
        chosen(found("VTube Studio", active=False), instance="")
    assert "Start API" in caught.value.remedy
    one, _ = chosen([*found("a", active=False), *found("b")], instance="")
    assert one.said.title == "b"


def test_a_sink_finds_its_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def told_of(host: str) -> list[Found]:
        assert host == "127.0.0.1"
        return [Found("127.0.0.1", Announced(True, vts.port, "x", "VTube Studio"))]

    monkeypatch.setattr("vtdrive.sinks.vts_discovery.heard", told_of)
    with FakeVts() as vts, Stage(VtsSink(discover=True, port=1), tmp_path) as play:
        assert vts.wait(lambda: vts.injections)
        assert play.sink.stats.note == ""


def test_nobody_heard_is_still_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def nobody(_: str) -> list[Found]:
        return []

    monkeypatch.setattr("vtdrive.sinks.vts_discovery.heard", nobody)
    with FakeVts() as vts, Stage(VtsSink(discover=True, port=vts.port), tmp_path) as play:
        assert vts.wait(lambda: vts.injections)
        assert "was not heard" in play.sink.stats.note


def test_a_long_search_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each note that differs from the one before is a line for the user."""

    async def nobody(_: str) -> list[Found]:
        return []

    monkeypatch.setattr("vtdrive.sinks.vts_discovery.heard", nobody)
    notes: list[str] = []
    for attempt in range(4):
        place = vts_discovery.place_of(VtsSink(discover=True), again=attempt > 0, tell=notes.append)
        assert asyncio.run(place) == ("127.0.0.1", 8001)
    changes = [note for note, before in zip(notes, ["", *notes], strict=False) if note != before]
    assert len(changes) == 2
    assert "open to every device" in changes[0]
    assert "was not heard" in changes[1]


BROADCAST = """
    import asyncio, socket, sys
    sys.path[:0] = {path!r}
    from fake_vts import FakeVts
    from vtdrive.sinks.vts_discovery import heard

    async def main():
        listening = asyncio.create_task(heard("127.0.0.1", listen_s=0.8))
        await asyncio.sleep(0.3)
        fake = FakeVts()
        fake.port = 8123
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(fake.broadcast(), ("127.255.255.255", 47779))
        print(*((one.host, one.said.port) for one in await listening))

    asyncio.run(main())
"""


def test_a_real_broadcast_in_a_network_of_its_own() -> None:
    if not all(map(shutil.which, ("unshare", "ip"))):
        pytest.skip("needs unshare and ip (Linux)")
    code = textwrap.dedent(BROADCAST).format(path=sys.path)
    script = 'ip link set lo up && "$P" -c "$C"'
    try:
        done = subprocess.run(
            ["unshare", "-rn", "sh", "-c", script],
            env={**os.environ, "C": code, "P": sys.executable},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    except OSError as fault:
        pytest.skip(f"no network namespace: {fault}")
    if "unshare" in done.stderr or "ip:" in done.stderr or "RTNETLINK" in done.stderr:
        pytest.skip(f"no network namespace: {done.stderr.strip()[:100]}")
    assert done.stdout.strip() == "('127.0.0.1', 8123)", done.stderr
    assert vts_discovery.ANNOUNCE_PORT == 47779
