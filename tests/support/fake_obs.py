"""A stand-in for OBS: speaks obs-websocket 5 as its protocol page has it, in a thread of its own.

What it holds is checked with a client that we did not write; OBS itself is in test_obs_real.py.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgpack
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

__all__ = ["FakeObs"]

Answer = tuple[int, str, dict[str, Any] | None]

_BASE = (
    "GetVersion", "GetSceneList", "GetCurrentProgramScene", "SetCurrentProgramScene",
    "GetSceneItemList", "GetSceneItemId", "SetSceneItemEnabled", "GetSceneItemEnabled",
    "GetInputList", "SetInputSettings", "GetInputSettings", "GetSourceFilterList",
    "SetSourceFilterEnabled", "SetSourceFilterSettings", "GetHotkeyList", "TriggerHotkeyByName",
    "TriggerHotkeyByKeySequence", "StartRecord", "StopRecord", "SaveReplayBuffer",
)  # fmt: skip


class FakeObs:
    """A context manager. Attributes may be set while it runs; `asked` holds what came."""

    def __init__(self, *, password: str = "", version: str = "30.2.0", port: int = 0) -> None:
        self.port = port
        self.password = password
        self.version = version
        self.greets = True
        """False: it listens and says nothing."""
        self.unready = 0
        """So many requests are answered with 207 first."""
        self.answers = True
        """False: requests stay unanswered."""
        self.scenes: dict[str, dict[str, bool]] = {
            "Main": {"Camera": True, "Hearts": False},
            "Laughing": {"Camera": True},
            "Away": {},
        }
        self.on_air = "Main"
        self.texts = {"Mood": ""}
        self.filters: dict[tuple[str, str], dict[str, Any]] = {
            ("Camera", "Glow"): {"enabled": False, "settings": {"keep": 1}}
        }
        self.hotkeys = ["OBSBasic.Transition"]
        self.pressed: list[Any] = []
        self.recording = False
        self.replay_runs = True
        self.replays = 0
        self.chapters: list[str] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.early: list[Any] = []
        """What arrived before Identify, which real OBS answers with close code 4007."""
        self.connections = 0
        self._live: set[ServerConnection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def offered(self) -> list[str]:
        """`availableRequests`: chapters came with 30.2."""
        at_least = tuple(map(int, self.version.split("."))) >= (30, 2)
        return [*_BASE, *(["CreateRecordChapter", "SplitRecordFile"] if at_least else [])]

    def start(self) -> None:
        """Listen; again on the same port after `kill`."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(5), "the fake did not start"

    def kill(self) -> None:
        """End at once, as a process that dies: connections break without a word."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        loop.call_soon_threadsafe(self._stop.set)
        thread.join(5)
        assert not thread.is_alive()

    def close_all(self, code: int, reason: str = "") -> None:
        """Close every session with a code: 4011 is Kick."""
        loop = self._loop
        assert loop is not None
        for each in tuple(self._live):
            asyncio.run_coroutine_threadsafe(each.close(code, reason), loop).result(5)

    def say(self, raw: str | bytes) -> None:
        """Send anything to every session."""
        loop = self._loop
        assert loop is not None
        for each in tuple(self._live):
            asyncio.run_coroutine_threadsafe(each.send(raw), loop).result(5)

    def requests(self, name: str) -> list[dict[str, Any]]:
        """The data of every request of that name so far."""
        return [data for asked, data in self.asked if asked == name]

    def until(self, met: Callable[[], bool], seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        while not met():
            assert time.monotonic() < end, f"did not come to pass; asked: {self.asked[-8:]}"
            time.sleep(0.005)

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._live.clear()
        protocols = [Subprotocol("obswebsocket.json"), Subprotocol("obswebsocket.msgpack")]
        async with serve(
            self._session, "127.0.0.1", self.port, subprotocols=protocols, compression=None
        ) as server:
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await self._stop.wait()
            for each in tuple(self._live):
                each.transport.abort()

    async def _session(self, socket: ServerConnection) -> None:
        self.connections += 1
        self._live.add(socket)
        packed = socket.subprotocol == "obswebsocket.msgpack"

        async def say(op: int, data: dict[str, Any]) -> None:
            message = {"op": op, "d": data}
            await socket.send(msgpack.packb(message) if packed else json.dumps(message))

        try:
            if not self.greets:
                await socket.wait_closed()
                return
            if not await self._identified(socket, say, packed=packed):
                return
            async for text in socket:
                message = msgpack.unpackb(text) if packed else json.loads(text)
                if message["op"] != 6:
                    await socket.close(4006, "bad op")
                elif self.answers:
                    await say(7, self._response(message["d"]))
        except ConnectionClosed:
            pass
        finally:
            self._live.discard(socket)

    async def _identified(self, socket: ServerConnection, say: Any, *, packed: bool) -> bool:
        challenge, salt = (
            "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=",
            "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=",
        )
        hello: dict[str, Any] = {"obsWebSocketVersion": "5.5.0", "rpcVersion": 1}
        if self.password:
            hello["authentication"] = {"challenge": challenge, "salt": salt}
        await say(0, hello)
        text = await socket.recv()
        message = msgpack.unpackb(text) if packed else json.loads(text)
        if message["op"] != 1:
            self.early.append(message)
            await socket.close(4007, "not identified")
            return False
        if message["d"].get("rpcVersion") != 1:
            await socket.close(4010, "rpc version")
            return False
        if self.password:
            secret = base64.b64encode(hashlib.sha256((self.password + salt).encode()).digest())
            expected = base64.b64encode(hashlib.sha256(secret + challenge.encode()).digest())
            if message["d"].get("authentication") != expected.decode():
                await socket.close(4009, "Authentication failed.")
                return False
        await say(2, {"negotiatedRpcVersion": 1})
        return True

    def _response(self, asked: dict[str, Any]) -> dict[str, Any]:
        name, data = asked["requestType"], asked.get("requestData", {})
        self.asked.append((name, data))
        if self.unready > 0:
            self.unready -= 1
            code, comment, found = 207, "OBS is not ready to perform the request.", None
        elif name not in self.offered:
            code, comment, found = 204, "Your request type is not valid.", None
        else:
            code, comment, found = self._answer(name, data)
        status: dict[str, Any] = {"result": code == 100, "code": code}
        if comment:
            status["comment"] = comment
        answer = {
            "requestType": name,
            "requestId": asked["requestId"],
            "requestStatus": status,
        }
        return answer | ({"responseData": found} if found is not None else {})

    def _answer(self, name: str, data: dict[str, Any]) -> Answer:
        gone = (600, "No source was found by that name.", None)
        done: tuple[int, str, None] = (100, "", None)
        lists: dict[str, dict[str, Any]] = {
            "GetVersion": {
                "obsVersion": self.version,
                "obsWebSocketVersion": "5.5.0",
                "rpcVersion": 1,
                "availableRequests": self.offered,
            },
            "GetSceneList": {
                "currentProgramSceneName": self.on_air,
                "scenes": [{"sceneName": each} for each in reversed(self.scenes)],
            },
            "GetCurrentProgramScene": {"currentProgramSceneName": self.on_air},
            "GetInputList": {
                "inputs": [
                    {"inputName": "Camera", "inputKind": "v4l2_input"},
                    *({"inputName": n, "inputKind": "text_ft2_source_v2"} for n in self.texts),
                ]
            },
            "GetHotkeyList": {"hotkeys": self.hotkeys},
        }
        if name in lists:
            return 100, "", lists[name]
        if "sceneName" in data and data["sceneName"] not in self.scenes:
            return gone
        if name == "SetCurrentProgramScene":
            self.on_air = data["sceneName"]
            return done
        if name.startswith(("GetSceneItem", "SetSceneItem")):
            return self._item(name, data) or gone
        if "Filter" in name:
            return self._filter(name, data) or gone
        if name == "SetInputSettings":
            if data["inputName"] not in self.texts:
                return gone
            self.texts[data["inputName"]] = data["inputSettings"]["text"]
            return done
        return self._once(name, data) or gone

    def _filter(self, name: str, data: dict[str, Any]) -> Answer | None:
        source = data["sourceName"]
        if name == "GetSourceFilterList":
            if source not in ("Camera", *self.texts, *self.scenes):
                return None
            names = [f for owner, f in self.filters if owner == source]
            return 100, "", {"filters": [{"filterName": each} for each in names]}
        found = self.filters.get((source, data["filterName"]))
        if found is None:
            return None
        if name.endswith("Enabled"):
            found["enabled"] = data["filterEnabled"]
        else:
            kept = found["settings"] if data.get("overlay", True) else {}
            found["settings"] = {**kept, **data["filterSettings"]}
        return 100, "", None

    def _item(self, name: str, data: dict[str, Any]) -> Answer | None:
        items = self.scenes[data["sceneName"]]
        if name == "GetSceneItemList":
            return 100, "", {"sceneItems": [{"sourceName": each} for each in items]}
        names = list(items)
        if name == "GetSceneItemId":
            source = data["sourceName"]
            return (100, "", {"sceneItemId": names.index(source) + 1}) if source in names else None
        source = names[data["sceneItemId"] - 1]
        if name == "SetSceneItemEnabled":
            items[source] = data["sceneItemEnabled"]
            return 100, "", None
        return 100, "", {"sceneItemEnabled": items[source]}

    def _once(self, name: str, data: dict[str, Any]) -> tuple[int, str, None] | None:
        if name == "TriggerHotkeyByName":
            if data["hotkeyName"] not in self.hotkeys:
                return None
            self.pressed.append(data["hotkeyName"])
        elif name == "TriggerHotkeyByKeySequence":
            self.pressed.append((data["keyId"], sorted(data["keyModifiers"])))
        elif name in ("StartRecord", "StopRecord"):
            wanted = name == "StartRecord"
            if self.recording == wanted:
                return (500 if wanted else 501), "", None
            self.recording = wanted
        elif name == "SaveReplayBuffer":
            if not self.replay_runs:
                return 501, "", None
            self.replays += 1
        elif name == "CreateRecordChapter":
            if not self.recording:
                return 501, "", None
            self.chapters.append(data["chapterName"])
        return 100, "", None
