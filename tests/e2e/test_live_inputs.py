"""Another app's tracking through a whole run: UDP in, mixed, UDP out; gone and back again."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from avatar_frames import FULL, frame_of, posed
from conftest import Run
from runtime_parts import Heard

from vtdrive.config.inputs import VmcInput
from vtdrive.config.schema import Config
from vtdrive.config.sinks import VmcSink
from vtdrive.runtime.build import make_session
from vtdrive.runtime.session import Session
from vtdrive.sinks.vmc import VmcOutput
from vtdrive.spaces import quat_from_euler
from vtdrive.wire.vmc import VmcFrame, decode


class App:
    """An avatar app that listens: what it was sent last."""

    def __init__(self) -> None:
        self.link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.link.bind(("127.0.0.1", 0))
        self.link.settimeout(0.5)
        self.port = int(self.link.getsockname()[1])

    def now(self) -> VmcFrame:
        """One whole frame, the newest of those that wait."""
        self.link.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.link.recv(65536)
        self.link.settimeout(2.0)
        self._frame()
        return decode(self._frame())

    def _frame(self) -> list[bytes]:
        """Packets up to the one that ends a frame."""
        packets = [self.link.recv(65536)]
        while b"/VMC/Ext/Blend/Apply" not in packets[-1]:
            packets.append(self.link.recv(65536))
        return packets

    def until(self, what: Callable[[VmcFrame], bool], limit_s: float = 6.0) -> VmcFrame:
        end = time.monotonic() + limit_s
        while True:
            frame = self.now()
            if what(frame):
                return frame
            assert time.monotonic() < end, f"it did not come to pass: {frame.values}"


class Other:
    """A tracker of another program: sends a left wink and a turn to the subject's left."""

    def __init__(self, port: int) -> None:
        self._stop = threading.Event()
        self._sink = VmcOutput(VmcSink(port=port))
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        turn = tuple(quat_from_euler(yaw=0.4, pitch=0.0, roll=0.0))
        pose = posed(FULL, {"eyeBlinkLeft": 1.0, "jawOpen": 0.5}, {"Head": turn})
        self._sink.open(FULL)
        seq = 0
        while not self._stop.wait(1 / 60):
            with contextlib.suppress(Exception):
                self._sink.send(frame_of(FULL, pose, seq=seq, t_ns=time.monotonic_ns()))
            seq += 1

    def gone(self) -> None:
        self._stop.set()
        self._thread.join()
        self._sink.close()


@pytest.fixture
def app() -> Iterator[App]:
    listening = App()
    yield listening
    listening.link.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    config: Config, app: App, told: Heard, **options: object
) -> Iterator[tuple[Session, int]]:
    port = free_port()
    table = VmcInput.model_validate({"port": port, **options})
    update = {
        "source": config.source.model_copy(update={"uri": "none"}),
        "neutral": config.neutral.model_copy(update={"auto": False}),
        "inputs": [table],
        "sinks": [VmcSink(port=app.port)],
    }
    session = make_session(config.model_copy(update=update), listener=told)
    stop, faults = threading.Event(), []

    def drive() -> None:
        try:
            session.run(stop)
        except Exception as fault:
            faults.append(fault)

    thread = threading.Thread(target=drive)
    thread.start()
    try:
        yield session, port
    finally:
        stop.set()
        thread.join(10)
    assert faults == []


@pytest.mark.parametrize("when_lost", ["camera", "hold", "neutral"])
def test_another_apps_face_goes_through_and_its_loss_is_played(
    config: Config, app: App, when_lost: str
) -> None:
    told = Heard()
    with running(config, app, told, when_lost=when_lost) as (session, port):
        assert app.now().ok[-1] == 0
        other = Other(port)
        # The last of the easing: the jaw may be there a frame before the lid.
        live = app.until(
            lambda frame: (
                frame.values["JawOpen"] == pytest.approx(0.5, abs=0.01)
                and frame.values["EyeBlinkLeft"] == pytest.approx(1.0)
            )
        )
        assert live.values["EyeBlinkRight"] == 0.0
        assert live.ok[-1] == 1
        assert session.inlets.all[0].state() == "live"
        other.gone()
        if when_lost == "hold":
            time.sleep(1.5)
            assert app.now().values["JawOpen"] == pytest.approx(0.5, abs=0.01)
        else:
            app.until(lambda frame: frame.values["JawOpen"] == 0.0)
        again = Other(port)
        app.until(lambda frame: frame.values["JawOpen"] == pytest.approx(0.5, abs=0.01))
        again.gone()
    assert app.link.recv(65536)
    assert not any("broke" in event for event in told.events)
    assert session.stats.ticks > 20


def test_a_port_that_is_taken_ends_the_program_with_a_sentence(run: Run) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        done = run(
            "run",
            "--source",
            "none",
            "--in",
            f"vmc-in://127.0.0.1:{port}",
            "--sink",
            "jsonl:-",
            "--quiet",
        )
    assert done.returncode == 1
    assert f"vmc-in 127.0.0.1:{port}: cannot listen there" in done.stderr
    assert "another port" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_line_offers_inputs_alone(run: Run) -> None:
    port = free_port()
    done = run(
        "run",
        "--source",
        "none",
        "--in",
        f"vmc-in://127.0.0.1:{port}?channels=mouth",
        "--sink",
        "jsonl:-",
        "--max-seconds",
        "1",
    )
    assert done.returncode == 0, done.stderr
    assert 20 < len(done.stdout.splitlines()) < 60
    assert "ticks, 0 with a face" in done.stderr
