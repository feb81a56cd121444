"""What every sink promises (`vtdrive/sinks/base.py`), for each of them."""

from __future__ import annotations

import errno
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from avatar_frames import BONES, FULL, SMALL, frame_of
from vrm_models import glb, vrm1

from vtdrive.config.sinks import (
    IFacialMocapSink,
    JsonlSink,
    LiveLinkSink,
    McapSink,
    MqttSink,
    ObsSink,
    OpenSeeFaceSink,
    OpentrackSink,
    OscSink,
    PageSink,
    SinkConfig,
    VmcSink,
    VrchatSink,
    VtsPhoneSink,
    VtsSink,
    WebSocketSink,
)
from vtdrive.config.sinks.obs import ObsRule
from vtdrive.config.triggers import When
from vtdrive.errors import SinkError
from vtdrive.sinks.base import Sink
from vtdrive.sinks.make import make_sink
from vtdrive.types import AvatarFrame, Param, Profile, RigSchema
from vtdrive.vocab import SHAPES

BLINK = ObsRule(when=When(signal="eyeBlink", above=0.5), scene="Asleep")
Configure = Callable[[Path, int], SinkConfig]


def free_port() -> int:
    """A UDP port that nobody has; sinks that listen want one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def model_in(folder: Path) -> Path:
    """A .vrm file."""
    path = folder / "a.vrm"
    path.write_bytes(glb(vrm1()))
    return path


CONFIGS: dict[str, Configure] = {
    "vmc": lambda _, port: VmcSink(port=port),
    "vmc-unbundled": lambda _, port: VmcSink(port=port, bundle="off"),
    "vmc-assistant": lambda _, port: VmcSink(port=port, role="assistant", names="both"),
    "vmc-placed": lambda folder, port: VmcSink(port=port, vrm=str(model_in(folder))),
    "osc": lambda _, port: OscSink(port=port),
    "osc-typed": lambda _, port: OscSink(
        port=port,
        type="i",
        scale=255,
        only=("custom", "presets", "head", "emotion", "status"),
        send="changes",
    ),
    "jsonl": lambda folder, _: JsonlSink(path=str(folder / "a.jsonl")),
    "mcap": lambda folder, _: McapSink(path=str(folder / "a.mcap")),
    "paced": lambda _, port: VmcSink(port=port, max_hz=240),
    "vtsphone": lambda _, port: VtsPhoneSink(port=free_port()),
    "vtsphone-push": lambda _, port: VtsPhoneSink(port=port, push=True),
    "ifacialmocap": lambda _, port: IFacialMocapSink(port=port),
    "openseeface": lambda _, port: OpenSeeFaceSink(port=port, mirror=True),
    "livelink": lambda _, port: LiveLinkSink(port=port),
    "opentrack": lambda _, port: OpentrackSink(port=port),
    "ws": lambda _, port: WebSocketSink(port=free_port()),
    "mqtt": lambda _, port: MqttSink(port=free_port()),
    "vts": lambda _, port: VtsSink(port=free_port()),
    "vrchat": lambda _, port: VrchatSink(port=port, parameters="default"),
    "obs": lambda _, port: ObsSink(port=free_port(), rules=[BLINK]),
    "page": lambda _, port: PageSink(port=free_port()),
}
TRACKERS = ("vtsphone", "ifacialmocap", "openseeface", "livelink", "opentrack")
"""Kinds that imitate a tracker: they want all of the 52."""
# A way for each to fail at `open`.
BROKEN: dict[str, Configure] = {
    "vmc": lambda _, port: VmcSink(port=port, host="no such host"),
    "vmc-placed": lambda folder, port: VmcSink(port=port, vrm=str(folder / "no.vrm")),
    "osc": lambda _, port: OscSink(port=port, address="no slash"),
    "osc-typed": lambda _, port: OscSink(port=port, only=("jaw",)),
    "jsonl": lambda folder, _: JsonlSink(path=str(folder / "no" / "a.jsonl")),
    "mcap": lambda folder, _: McapSink(path=str(folder / "no" / "a.mcap")),
    "paced": lambda _, port: VmcSink(port=port, host="no such host", max_hz=30),
    "vtsphone-push": lambda _, port: VtsPhoneSink(port=port, host="no such host", push=True),
    "ifacialmocap": lambda _, port: IFacialMocapSink(port=port, host="no such host"),
    "openseeface": lambda _, port: OpenSeeFaceSink(port=port, host="no such host"),
    "livelink": lambda _, port: LiveLinkSink(port=port, host="no such host"),
    "opentrack": lambda _, port: OpentrackSink(port=port, host="no such host"),
    "ws": lambda folder, port: WebSocketSink(port=free_port(), page=str(folder / "no.html")),
}


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def shown(sink: Sink, schema: RigSchema, *, seq: int = 0, t_ns: int = 0) -> AvatarFrame:
    """A neutral frame as `sink` wants it."""
    return frame_of(schema, seq=seq, t_ns=t_ns, profiles=(sink.profile,))


def schemas(sink: Sink) -> tuple[RigSchema, RigSchema]:
    """Two that differ from FULL and from each other, and that `sink` can serve."""
    if sink.name.split()[0] in TRACKERS:
        return (
            RigSchema(tuple(Param(name, kind="shape") for name in SHAPES), ()),
            RigSchema((Param("x"), *(Param(n, kind="shape") for n in reversed(SHAPES))), BONES),
        )
    return SMALL, RigSchema((Param("only"),), ())


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        yield receiver.getsockname()[1]


@pytest.fixture(params=CONFIGS)
def sink(
    request: pytest.FixtureRequest, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sink]:
    # Where a process that paints would keep the token of its page.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    made = make_sink(CONFIGS[request.param](tmp_path, port))
    yield made
    made.close()


def test_it_says_what_it_is(sink: Sink) -> None:
    assert isinstance(sink, Sink)
    assert sink.name
    assert isinstance(sink.profile, Profile)
    assert sink.every_frame <= sink.slow


def test_frames_are_counted(sink: Sink) -> None:
    sink.open(FULL)
    for i in range(5):
        sink.send(shown(sink, FULL, seq=i, t_ns=i * 1_000_000_000))
    assert sink.stats.frames == 5
    if sink.name.startswith(("mqtt", "obs", "vts ")):
        return  # nobody listens here, but somebody does in the tests of their own
    if sink.name.startswith("vrchat"):  # sends in a thread of its own, and the newest frame only
        assert within(5, lambda: sink.stats.packets >= 1)
        assert sink.stats.bytes_sent > 0
    elif "-listen:" not in sink.target:  # one that listens sends only to who asks
        assert sink.stats.packets >= 5
        assert sink.stats.bytes_sent > 0
    assert sink.stats.last_error == ""


def test_a_changed_schema_is_taken_between_frames(sink: Sink) -> None:
    second, third = schemas(sink)
    sink.open(FULL)
    sink.send(shown(sink, FULL, seq=0))
    sink.open(second)
    sink.send(shown(sink, second, seq=1, t_ns=1_000_000_000))
    sink.open(third)
    sink.send(shown(sink, third, seq=2, t_ns=2_000_000_000))
    assert sink.stats.frames == 3


def test_time_may_start_at_zero_or_years_up(sink: Sink) -> None:
    schema, _ = schemas(sink)
    sink.open(schema)
    sink.send(shown(sink, schema, t_ns=0))
    sink.send(shown(sink, schema, seq=1, t_ns=2**60))
    assert sink.stats.frames == 2


def test_a_send_before_open_is_refused(sink: Sink) -> None:
    with pytest.raises(SinkError, match="not open"):
        sink.send(shown(sink, FULL))


def test_a_cheap_sink_is_back_within_a_millisecond(sink: Sink) -> None:
    if sink.slow:
        pytest.skip("a slow sink has a thread of its own")
    sink.open(FULL)
    frames = [shown(sink, FULL, seq=i, t_ns=i * 1_000_000_000) for i in range(100)]
    took = []
    for frame in frames:
        start = time.perf_counter()
        sink.send(frame)
        took.append(time.perf_counter() - start)
    assert statistics.median(took) < 1e-3


@pytest.mark.parametrize("kind", BROKEN)
def test_a_failed_open_names_the_sink_and_the_way_out(kind: str, tmp_path: Path, port: int) -> None:
    sink = make_sink(BROKEN[kind](tmp_path, port))
    with pytest.raises(SinkError) as caught:
        sink.open(FULL)
    assert caught.value.what.startswith(sink.name)
    assert caught.value.remedy
    with pytest.raises(SinkError):
        sink.send(shown(sink, FULL))
    sink.close()


@pytest.mark.parametrize("kind", ["vmc", "osc"])
def test_a_schema_that_does_not_fit_sends_nothing_until_one_does(kind: str, port: int) -> None:
    config = VmcSink(port=port) if kind == "vmc" else OscSink(port=port)
    twice = RigSchema((Param("a b"), Param("a b")), ())
    sink = make_sink(config)
    sink.open(FULL)
    with pytest.raises(SinkError, match="'a b' and 'a b' would"):
        sink.open(twice)
    with pytest.raises(SinkError, match="not open"):
        sink.send(frame_of(twice))
    sink.open(FULL)
    sink.send(frame_of(FULL))
    assert sink.stats.frames == 1
    sink.close()


def test_an_unreachable_network_degrades_and_recovers(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    sink = make_sink(VmcSink(port=port))
    sink.open(SMALL)

    class Down(socket.socket):
        def send(self, *_: object) -> int:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

    link = sink._link  # type: ignore[attr-defined]
    good = link._socket
    with Down(socket.AF_INET, socket.SOCK_DGRAM) as down:
        link._socket = down
        with pytest.raises(SinkError, match="network is unreachable"):
            sink.send(frame_of(SMALL))
        assert "unreachable" in sink.stats.last_error
    link._socket = good
    sink.send(frame_of(SMALL, seq=1))
    assert sink.stats.last_error == ""
    assert sink.stats.frames == 1
    sink.close()
