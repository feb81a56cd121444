"""OSCQuery against npm's oscquery: on loopback, and with mDNS in a network of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from vrchat_announced import Npm, free_port

from vtdrive.sinks.http_get import http_get
from vtdrive.sinks.oscquery_server import OscQueryServer
from vtdrive.wire.oscquery import WRITE, Node, read_host, read_tree
from vtdrive.wire.vrchat_avatar import Declared, avatar_of_tree

HERE = Path(__file__).parent
# A network with nothing but a loopback interface, on which multicast comes back.
SETUP = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo"


def test_we_read_what_npm_serves() -> None:
    port = free_port()
    with contextlib.closing(Npm("serve-quietly", "VRChat-Client-NPM", port, 9123)) as server:
        assert server.told() == "ready"
        server.tell(add="/avatar/change", type="s", value="avtr_npm")
        server.tell(add="/avatar/parameters/FT/v2/JawOpen", type="f")
        server.tell(add="/avatar/parameters/FT/v2/JawOpen1", type="T")
        server.tell(add="/avatar/parameters/vtdrive/Emotion", type="i")
        info = read_host(asyncio.run(http_get("127.0.0.1", port, "/?HOST_INFO")))
        nodes = read_tree(asyncio.run(http_get("127.0.0.1", port, "/avatar")))
    assert (info.name, info.osc_ip, info.osc_port) == ("VRChat-Client-NPM", "127.0.0.1", 9123)
    worn = avatar_of_tree(nodes)
    assert worn.id == "avtr_npm"
    p = "/avatar/parameters/"
    assert set(worn.declared) == {
        Declared("FT/v2/JawOpen", f"{p}FT/v2/JawOpen", "float"),
        Declared("FT/v2/JawOpen1", f"{p}FT/v2/JawOpen1", "bool"),
        Declared("vtdrive/Emotion", f"{p}vtdrive/Emotion", "int"),
    }


def test_npm_reads_what_we_serve() -> None:
    async def served() -> Any:
        nodes = (Node("/avatar/change", "s", WRITE, (), "the worn one"),)
        server = OscQueryServer(name="vtdrive", host="127.0.0.1", nodes=nodes, take=lambda _: None)
        await server.open()
        try:
            with contextlib.closing(Npm("read", server.http_port)) as reader:
                return server.osc_port, await asyncio.to_thread(reader.told)
        finally:
            await server.close()

    osc_port, page = asyncio.run(served())
    assert page["host"]["oscPort"] == osc_port
    assert page["host"]["oscIp"] == "127.0.0.1"
    (node,) = page["nodes"]
    assert node["types"] == ["s"]


@pytest.mark.slow
def test_with_mdns_in_a_network_of_its_own() -> None:
    for tool in ("unshare", "ip"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    probe = subprocess.run(["unshare", "-n", "sh", "-c", SETUP], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("a network namespace of its own is not permitted here: it wants root")
    inside = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=60",
              str(HERE / "vrchat_announced.py")]  # fmt: skip
    run = subprocess.run(
        ["unshare", "-n", "sh", "-c", f'{SETUP} && exec "$@"', "sh", *inside],
        capture_output=True, text=True, timeout=110, check=False, cwd=HERE.parents[1],
    )  # fmt: skip
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
