"""A VRChat that is none: an OSCQuery page and an OSC port, strict about types as the real one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pythonosc.osc_packet import OscPacket

__all__ = ["FakeVrchat"]

TYPES = {"f": float, "T": bool, "i": int}


class FakeVrchat:
    """`wear` an avatar, then read what arrived. Packets are decoded by python-osc.

    `answer_with`, when set, makes the body of every HTTP answer from the path (None: hang).
    """

    def __init__(self, *, host_info: dict[str, Any] | None = None) -> None:
        self.avatar = "avtr_none"
        self.declared: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        """Parameter -> its last value of the declared type."""
        self.other: dict[str, list[tuple[Any, ...]]] = {}
        """Address outside of the avatar -> everything that came."""
        self.wrong: list[str] = []
        """Messages that VRChat would ignore: undeclared, or of another type."""
        self.sizes: list[int] = []
        self.count = 0
        self.answer_with: Callable[[str], bytes | None] | None = None
        self.asked: list[str] = []
        self._host_info = host_info or {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._udp.bind(("127.0.0.1", 0))
        self._udp.settimeout(0.05)
        self.osc_port: int = self._udp.getsockname()[1]
        self._threads = [threading.Thread(target=self._receive, daemon=True)]
        self._http: ThreadingHTTPServer | None = None
        self.http_port = 0
        self.open_page()
        self._threads[0].start()

    def open_page(self, port: int = 0) -> None:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append(self.path)
                body = fake._body(self.path)
                if body is None:
                    fake._stop.wait(20)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return  # the other side went away

            def log_message(self, *_: object) -> None:
                return

        ThreadingHTTPServer.allow_reuse_address = True
        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.http_port = self._http.server_address[1]
        thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self._threads.append(thread)

    def close_page(self) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
        self._http = None

    def close(self) -> None:
        self._stop.set()
        self.close_page()
        for thread in self._threads:
            thread.join(5)
        self._udp.close()

    def wear(self, avatar: str, declared: dict[str, str]) -> None:
        """`declared`: name -> OSC type tag."""
        with self._lock:
            self.avatar, self.declared = avatar, declared
            self.values, self.wrong = {}, []

    def wait(self, holds: Callable[[], object], *, within_s: float = 10.0) -> bool:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if holds():
                return True
            time.sleep(0.01)
        return bool(holds())

    def _body(self, path: str) -> bytes | None:
        if self.answer_with is not None:
            return self.answer_with(path)
        if path.endswith("?HOST_INFO"):
            info = {"NAME": "VRChat-Client-TEST", "OSC_IP": "127.0.0.1", "OSC_TRANSPORT": "UDP"}
            return json.dumps(info | {"OSC_PORT": self.osc_port} | self._host_info).encode()
        tree = self._tree()
        for part in filter(None, path.partition("?")[0].split("/")):
            tree = tree["CONTENTS"][part]
        return json.dumps(tree).encode()

    def _tree(self) -> dict[str, Any]:
        root: dict[str, Any] = {"FULL_PATH": "/", "ACCESS": 0, "CONTENTS": {}}
        with self._lock:
            leaves: list[tuple[str, str, list[Any]]] = [("/avatar/change", "s", [self.avatar])]
            leaves += [
                (f"/avatar/parameters/{name}", tags, [0]) for name, tags in self.declared.items()
            ]
        for path, tags, value in leaves:
            node, at = root, ""
            for part in path.strip("/").split("/"):
                at += "/" + part
                inside = node.setdefault("CONTENTS", {})
                node = inside.setdefault(part, {"FULL_PATH": at, "ACCESS": 0})
            node |= {"TYPE": tags, "ACCESS": 3, "VALUE": value}
        return root

    def _receive(self) -> None:
        while not self._stop.is_set():
            try:
                data = self._udp.recv(65536)
            except TimeoutError:
                continue
            with self._lock:
                self.sizes.append(len(data))
                for timed in OscPacket(data).messages:
                    self._take(timed.message.address, tuple(timed.message.params))

    def _take(self, address: str, args: tuple[Any, ...]) -> None:
        self.count += 1
        name = address.removeprefix("/avatar/parameters/")
        if name == address:
            self.other.setdefault(address, []).append(args)
            return
        tags = self.declared.get(name)
        if tags is None or len(args) != 1 or type(args[0]) is not TYPES[tags]:
            self.wrong.append(f"{name} {args!r}")
        else:
            self.values[name] = args[0]
