"""A VTube Studio that is not there: its API as its manual and its list of errors describe them.

Strict where VTube Studio is, and mean where tests want it: slow, silent, killed, with events
between request and reply that bear the request's own id.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from fake_vts_rules import API, Rules, Session
from fake_vts_world import FakeModel, Refusal, World
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

__all__ = ["FakeVts"]

LAPSE_S = 1.0


class FakeVts(Rules):
    """Start it, talk to it on `port`, look at what it noted. A context manager."""

    def __init__(self, *, world: World | None = None, model: FakeModel | None = None) -> None:
        super().__init__(world=world, model=model)
        self.port = 0
        self.popup = "allow"
        """`allow`, `deny`, or `hang`: nobody clicks."""
        self.popup_s = 0.0
        self.reply_after_s = 0.0
        self.silent = False
        """Reads and never answers."""
        self.noisy = False
        """Sends an event with the request's own id before every reply."""
        self.garbage: list[str | bytes] = []
        """Sent before every reply."""
        self.requests: list[tuple[float, str, dict[str, Any]]] = []
        self.errors: list[int] = []
        self.popups = 0
        self.most_waiting = 0
        self._asking = False
        self._sessions: set[Session] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: Server | None = None

    # --- life ---------------------------------------------------------------------------------
    def __enter__(self) -> FakeVts:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the port of the last start where there was one."""
        ready = threading.Event()
        self.started_s = time.monotonic()
        self.active.clear()

        def run() -> None:
            asyncio.run(self._serve(ready))

        self._thread = threading.Thread(target=run, name="fake-vts")
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        """Die at once, without a closing handshake, as a killed program does."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._quit.set)
        thread.join(10)
        assert not thread.is_alive()

    async def _serve(self, ready: threading.Event) -> None:
        self._quit = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._server = await serve(
            self._session, "127.0.0.1", self.port, compression=None, ping_interval=None,
            close_timeout=0.1,
        )  # fmt: skip
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        ready.set()
        await self._quit.wait()
        for session in tuple(self._sessions):
            session.socket.transport.abort()
        self._server.close()
        await self._server.wait_closed()

    # --- what a user of VTube Studio does --------------------------------------------------------
    def revoke(self) -> None:
        """Take every plugin's permission away; its parameters go too."""
        self.world.tokens.clear()
        self.world.customs.clear()
        for session in self._sessions:
            session.revoked = True

    def load(self, model: FakeModel | None) -> None:
        """Load another model, or none."""
        self.model = model
        self.active.clear()
        data = {"modelLoaded": model is not None, "modelName": model.name if model else ""}
        self._announce("ModelLoadedEvent", {**data, "modelID": "0" * 32 if model else ""})

    def press(self, name: str) -> None:
        """Press a hotkey by hand."""
        key = self._hotkey(name)
        self._run(key)
        self._announce("HotkeyTriggeredEvent", self._told(key, by_api=False))

    def broadcast(self, *, title: str = "VTube Studio", instance: str = "93aa0d") -> bytes:
        """What it sends to UDP port 47779 every two seconds."""
        data = {
            "active": self.api_on,
            "port": self.port,
            "instanceID": instance,
            "windowTitle": title,
        }
        return self._envelope(
            "VTubeStudioAPIStateBroadcast", "VTubeStudioAPIStateBroadcast", data
        ).encode()

    # --- what tests ask ------------------------------------------------------------------------
    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of every request of that type."""
        return [data for _, k, data in tuple(self.requests) if k == kind]

    def value(self, name: str) -> float | None:
        """What drives an input now; None once nobody has sent it for a second."""
        for injection in reversed(tuple(self.injections)):
            if time.monotonic() - injection.t_s > LAPSE_S:
                return None
            if name in injection.values:
                return injection.values[name][0]
        return None

    @staticmethod
    def wait(check: Callable[[], object], *, seconds: float = 10.0) -> bool:
        """Whether `check` becomes true in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if check():
                return True
            time.sleep(0.01)
        return bool(check())

    # --- the protocol ----------------------------------------------------------------------------
    async def _session(self, socket: ServerConnection) -> None:
        session = Session(socket)
        self._sessions.add(session)
        tasks: set[asyncio.Task[None]] = set()
        line = asyncio.Lock()
        try:
            async for text in socket:
                if self.silent:
                    continue
                task = asyncio.create_task(self._answer(session, text, line))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                self.most_waiting = max(self.most_waiting, len(tasks))
        except ConnectionClosed:
            pass
        finally:
            self._sessions.discard(session)
            for task in tasks:
                task.cancel()

    async def _answer(self, session: Session, text: str | bytes, line: asyncio.Lock) -> None:
        request_id, kind = secrets.token_hex(16), "APIError"
        try:
            request_id, kind, data = self._opened(text, request_id)
            self.requests.append((time.monotonic(), kind, data))
            if kind == "AuthenticationTokenRequest":
                # The popup stands while everything else goes on.
                reply = await self._token(data)
            else:
                async with line:
                    if self.reply_after_s:
                        await asyncio.sleep(self.reply_after_s)
                    reply = self._handled(session, kind, data)
            kind = kind.removesuffix("Request") + "Response"
        except Refusal as refusal:
            self.errors.append(refusal.number)
            kind, reply = "APIError", {"errorID": refusal.number, "message": str(refusal)}
        with contextlib.suppress(ConnectionClosed):
            for piece in self.garbage:
                await session.socket.send(piece)
            if self.noisy:
                noise = {"yourTestMessage": "", "counter": 1, "authenticated": False}
                await session.socket.send(self._envelope("TestEvent", request_id, noise))
            await session.socket.send(self._envelope(kind, request_id, reply))

    async def _token(self, data: dict[str, Any]) -> dict[str, Any]:
        name, developer = data.get("pluginName"), data.get("pluginDeveloper")
        if not self.api_on:
            raise Refusal(1, "API access is deactivated")
        if not isinstance(name, str) or not 3 <= len(name) <= 32:
            raise Refusal(52, "pluginName invalid")
        if not isinstance(developer, str) or not 3 <= len(developer) <= 32:
            raise Refusal(53, "pluginDeveloper invalid")
        if self._asking:
            raise Refusal(51, "another token request is ongoing")
        self.popups += 1
        self._asking = True
        try:
            await asyncio.sleep(self.popup_s)
            while self.popup == "hang":
                await asyncio.sleep(0.02)
        finally:
            self._asking = False
        if self.popup == "deny":
            raise Refusal(50, "User has denied API access for your plugin.")
        token = secrets.token_hex(32)
        self.world.tokens[token] = f"{name}|{developer}"
        return {"authenticationToken": token}

    def _announce(self, event: str, data: dict[str, Any]) -> None:
        """To every session that has subscribed; from any thread."""
        loop = self._loop
        if loop is None:
            return

        def send() -> None:
            for session in self._sessions:
                if event in session.events:
                    text = self._envelope(event, secrets.token_hex(16), data)
                    task = asyncio.ensure_future(_sent(session.socket, text))
                    self._keep.add(task)
                    task.add_done_callback(self._keep.discard)

        loop.call_soon_threadsafe(send)

    _keep: set[asyncio.Future[None]] = set()  # noqa: RUF012 - only keeps tasks alive

    @staticmethod
    def _envelope(kind: str, request_id: str, data: dict[str, Any]) -> str:
        tree = {
            "apiName": API,
            "apiVersion": "1.0",
            "timestamp": int(time.time() * 1000),
            "messageType": kind,
            "requestID": request_id,
            "data": data,
        }
        return json.dumps(tree)


async def _sent(socket: ServerConnection, text: str) -> None:
    with contextlib.suppress(ConnectionClosed):
        await socket.send(text)
