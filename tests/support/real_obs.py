"""OBS Studio itself, on a screen of its own that nobody sees, with a home of its own.

Needs `obs` and `Xvfb` (Debian: obs-studio obs-plugins xvfb xauth libgl1-mesa-dri).
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

__all__ = ["ObsClient", "RealObs", "missing_programs"]

_READY_S = 60.0
_GLOBAL = """\
[General]
FirstRun=true
LastVersion=486539266

[Basic]
Profile=vt
ProfileDir=vt
SceneCollection=vt
SceneCollectionFile=vt

[BasicWindow]
PreviewEnabled=false
SysTrayEnabled=false

[Video]
Renderer=OpenGL

[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AlertsEnabled=false
AuthRequired=true
ServerPassword={password}
"""
_BASIC = """\
[General]
Name=vt

[Video]
BaseCX=640
BaseCY=360
OutputCX=640
OutputCY=360
FPSType=1
FPSInt=10
"""


def missing_programs() -> list[str]:
    """Which of the programs that are needed are not installed."""
    return [name for name in ("obs", "Xvfb") if shutil.which(name) is None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ObsClient:
    """A client of OBS that shares no code with vtdrive."""

    def __init__(self, port: int, password: str) -> None:
        self._ids = itertools.count()
        self._stack = ExitStack()
        self._socket: ClientConnection = self._stack.enter_context(
            connect(
                f"ws://127.0.0.1:{port}",
                subprotocols=[Subprotocol("obswebsocket.json")],
                open_timeout=5,
                proxy=None,
                max_size=2**24,
            )
        )
        try:
            self._identify(password)
        except BaseException:
            self._stack.close()
            raise

    def _identify(self, password: str) -> None:
        keys = json.loads(self._socket.recv(5))["d"]["authentication"]
        secret = base64.b64encode(hashlib.sha256((password + keys["salt"]).encode()).digest())
        proof = base64.b64encode(hashlib.sha256(secret + keys["challenge"].encode()).digest())
        self._say(1, {"rpcVersion": 1, "authentication": proof.decode(), "eventSubscriptions": 0})
        assert json.loads(self._socket.recv(5))["op"] == 2

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def ask(self, name: str, **data: Any) -> Mapping[str, Any]:
        """OBS' answer; a refusal is an AssertionError."""
        wanted = str(next(self._ids))
        self._say(6, {"requestType": name, "requestId": wanted, "requestData": data})
        while True:
            message = json.loads(self._socket.recv(10))
            if message["op"] == 7 and message["d"]["requestId"] == wanted:
                status = message["d"]["requestStatus"]
                assert status["result"], f"{name} {data}: {status}"
                found: Mapping[str, Any] = message["d"].get("responseData") or {}
                return found

    @property
    def on_air(self) -> str:
        return str(self.ask("GetCurrentProgramScene")["currentProgramSceneName"])

    def pixel(self, source: str) -> tuple[int, int, int]:
        """Red, green and blue in the lower right corner of a source or scene, as OBS draws it."""
        answer = self.ask(
            "GetSourceScreenshot",
            sourceName=source, imageFormat="png", imageWidth=64, imageHeight=36,
        )  # fmt: skip
        raw = base64.b64decode(str(answer["imageData"]).partition(",")[2])
        image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
        blue, green, red = (int(value) for value in image[-3, -3])
        return red, green, blue

    def _say(self, op: int, data: Mapping[str, Any]) -> None:
        self._socket.send(json.dumps({"op": op, "d": data}))


class RealObs:
    """A context manager: Xvfb and OBS, ended again by their process ids."""

    def __init__(self, folder: Path, *, password: str = "open sesame") -> None:
        self.port = free_port()
        self.password = password
        self._folder = folder
        self._display = ""
        self._screen: subprocess.Popen[bytes] | None = None
        self._obs: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._write_settings()
        try:
            self._start_screen()
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def start(self) -> None:
        """Start OBS and wait until its WebSocket server takes clients."""
        with (self._folder / "obs.log").open("ab") as log:
            self._obs = subprocess.Popen(
                [
                    "obs", "--multi", "--collection", "vt", "--profile", "vt",
                    "--minimize-to-tray", "--disable-updater", "--disable-missing-files-check",
                    "--disable-shutdown-check",  # OBS 30 asks after a crash
                ],
                env=self._environment(), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.until(self._takes_clients, seconds=_READY_S)

    def kill(self) -> None:
        """End OBS as a crash does."""
        assert self._obs is not None
        os.killpg(self._obs.pid, signal.SIGKILL)
        self._obs.wait(10)
        self._obs = None

    def client(self) -> ObsClient:
        return ObsClient(self.port, self.password)

    def until(self, met: Callable[[], bool], *, seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not met():
            assert time.monotonic() < end, f"did not come to pass; {self._last_words()}"
            time.sleep(0.05)

    @property
    def scenes_file(self) -> Path:
        return self._folder / "config" / "obs-studio" / "basic" / "scenes" / "vt.json"

    def _takes_clients(self) -> bool:
        assert self._obs is not None
        assert self._obs.poll() is None, f"OBS ended: {self._last_words()}"
        try:
            with self.client() as client:
                client.ask("GetSceneList")
        except (OSError, AssertionError, TimeoutError, EOFError):
            return False
        return True

    def _last_words(self) -> str:
        log = self._folder / "obs.log"
        return log.read_text("utf-8", "replace")[-1500:] if log.exists() else "no log"

    def _write_settings(self) -> None:
        base = self._folder / "config" / "obs-studio"
        profile = base / "basic" / "profiles" / "vt"
        for folder in (profile, base / "basic" / "scenes", self._folder / "run"):
            folder.mkdir(parents=True)
        (self._folder / "run").chmod(0o700)
        told = _GLOBAL.format(port=self.port, password=self.password)
        (base / "global.ini").write_text(told, encoding="utf-8")
        (profile / "basic.ini").write_text(_BASIC, encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL") if key in os.environ}
        return kept | {
            "DISPLAY": self._display,
            "HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder / "config"),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "GALLIUM_DRIVER": "llvmpipe",
            "LP_NUM_THREADS": "1",
            "QT_QPA_PLATFORM": "xcb",
        }

    def _start_screen(self) -> None:
        """Xvfb chooses a display that is free, and tells which."""
        read, write = os.pipe()
        try:
            self._screen = subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x720x24",
                 "-nolisten", "tcp"],
                pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            os.close(write)
            write = -1
            with os.fdopen(read, "rb", closefd=False) as told:
                number = told.readline().decode().strip()
        finally:
            os.close(read)
            if write >= 0:
                os.close(write)
        assert number.isdigit(), "Xvfb did not start"
        self._display = f":{number}"

    def _end(self) -> None:
        if self._obs is not None:
            self.kill()
        if self._screen is not None:
            self._screen.terminate()
            self._screen.wait(10)
            self._screen = None
