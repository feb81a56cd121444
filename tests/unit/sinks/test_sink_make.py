from __future__ import annotations

from typing import Literal

import pytest

from vtdrive.config.base import Table
from vtdrive.config.sinks import JsonlSink, McapSink, OscSink, SinkConfig, VmcSink
from vtdrive.config.urls import parse_input_url, parse_sink_url
from vtdrive.errors import UsageError
from vtdrive.sinks import make
from vtdrive.sinks.base import Sink
from vtdrive.sinks.jsonl import JsonlOutput
from vtdrive.sinks.make import make_sink, recorders, tap_sent
from vtdrive.sinks.mcap import McapRecorder, RunFacts
from vtdrive.sinks.osc import OscOutput
from vtdrive.sinks.paced import Paced
from vtdrive.sinks.vmc import VmcOutput


@pytest.mark.parametrize(
    ("url", "config"),
    [
        ("vmc://", VmcSink()),
        ("vmc:", VmcSink()),
        ("vmc://127.0.0.1:39539", VmcSink()),
        ("VMC://localhost", VmcSink(host="localhost")),
        ("vmc://:39540", VmcSink(port=39540)),
        ("vmc://pc.local:1/", VmcSink(host="pc.local", port=1)),
        ("vmc://[::1]:39539", VmcSink(host="::1")),
        ("vmc://[fe80::1%25eth0]", VmcSink(host="fe80::1%eth0")),
        ("vmc://[fe80::1%eth0]", VmcSink(host="fe80::1%eth0")),
        (
            "vmc://h:9?names=vrm0&shapes=pascal&drive=both&mirror=true",
            VmcSink(host="h", port=9, mirror=True),
        ),
        (
            "vmc://h?names=both&shapes=off&drive=shapes&mirror=no&max_hz=29.5&eyes=shapes&bundle=off",
            VmcSink(
                host="h",
                names="both",
                shapes="off",
                drive="shapes",
                max_hz=29.5,
                eyes="shapes",
                bundle="off",
            ),
        ),
        ("osc://h:9001?address=/x/{name}", OscSink(host="h", port=9001, address="/x/{name}")),
        ("osc://?address=%2Fx%2F%7Bname%7D", OscSink(address="/x/{name}")),
        ("jsonl:-", JsonlSink()),
        ("jsonl:out/a b.jsonl", JsonlSink(path="out/a b.jsonl")),
        ("jsonl:what?.jsonl", JsonlSink(path="what?.jsonl")),
        (r"mcap:C:\takes\1.mcap", McapSink(path=r"C:\takes\1.mcap")),
        ("mcap:///takes/a.mcap", McapSink(path="/takes/a.mcap")),
        ("mcap:a.mcap?landmarks=false&flush_hz=4",
         McapSink(path="a.mcap", landmarks=False, flush_hz=4)),
    ],
)  # fmt: skip
def test_urls(url: str, config: SinkConfig) -> None:
    assert parse_sink_url(url) == config


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "starts with its kind"),
        ("127.0.0.1:39539", "starts with its kind"),
        ("vcm://h:1", "allowed: vmc, osc, vts, .*, jsonl, mcap; did you mean 'vmc'?"),
        ("http://h:1", "kind 'http'"),
        ("vmc://h:0", "'0' is no number from 1 to 65535"),
        ("vmc://h:65536", "'65536' is no number"),
        ("vmc://h:39539x", "'39539x' is no number"),
        ("vmc://h:\u0663", "is no number"),
        ("vmc://::1:39539", r"in brackets, as in vmc://\[::1\]:39539"),
        ("vmc://[::1:39539", "HOST:PORT"),
        ("vmc://[localhost]:1", "no IPv6 address"),
        ("vmc://me:pw@h:1", "password"),
        ("vmc://h:1/avatar", "'/avatar' after the port"),
        ("vmc://h:1?nmaes=vrm0", "did you mean 'names'?"),
        ("vmc://h:1?names=vmr0", "allowed: vrm0, vrm1, both; did you mean 'vrm0'?"),
        ("vmc://h:1?drive=shape", "did you mean 'shapes'?"),
        ("vmc://h:1?names", "'names' has no value"),
        ("vmc://h:1?names=vrm0&names=vrm1", "twice"),
        ("vmc://h:1?mirror=perhaps", "mirror 'perhaps' should be a valid boolean"),
        ("vmc://h:1?max_hz=fast", "max_hz 'fast' should be a valid number"),
        ("vmc://h:1?max_hz=-1", "greater than or equal to 0"),
        ("vmc://h:1?max_hz=nan", "finite"),
        ("vmc://h:1?host=x", "'host' is not allowed"),
        ("vmc://h:1?kind=osc", "'kind' is not allowed"),
        ("livelink://?subject=", "subject '' should have at least 1 character\n"),
        ("opentrack://?invert=x,jaw", r"'jaw' is not allowed \(allowed: x, y, z, yaw, pitch, roll"),
        ("osc://h:1?adress=/x", "did you mean 'address'?"),
        ("jsonl:", "file is missing"),
        ("mcap:", "write mcap:FILE"),
        ("mcap:-", "standard output"),
        ("mcap:a.mcap?flush=1", "did you mean 'flush_hz'?"),
    ],
)
def test_wrong_urls_say_what_is_allowed(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_sink_url(url)
    assert repr(url.replace("me:pw", "…")) in caught.value.what
    assert caught.value.remedy
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("vtsphone-in://", "the host is missing\n"),
        ("openseeface-in://?channels=mouht", r"allowed: head, gaze, .*; did you mean 'mouth'\?"),
    ],
)
def test_wrong_urls_of_inputs(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_input_url(url)
    assert "for example: " in caught.value.remedy


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (VmcSink(), VmcOutput),
        (OscSink(), OscOutput),
        (JsonlSink(), JsonlOutput),
        (McapSink(path="x"), McapRecorder),
        (VmcSink(max_hz=30), Paced),
    ],
)
def test_each_config_has_its_sink(
    config: VmcSink | OscSink | JsonlSink | McapSink, kind: type
) -> None:
    sink = make_sink(config)
    assert isinstance(sink, kind)
    assert isinstance(sink, Sink)
    assert sink.profile == config.profile


def test_a_recorder_is_told_about_the_run() -> None:
    facts = RunFacts(config_json="{}", signals=("a",))
    sink = make_sink(McapSink(path="x"), facts)
    assert isinstance(sink, McapRecorder)
    assert sink._facts is facts
    vmc = make_sink(VmcSink(max_hz=30))
    assert recorders([vmc, sink]) == [sink]
    tap_sent([vmc, sink])
    assert isinstance(vmc, Paced)
    assert isinstance(vmc.inner, VmcOutput)
    assert vmc.inner.on_sent is not None
    alone = VmcOutput(VmcSink())
    tap_sent([alone])
    assert alone.on_sent is None


class Lamp(Table):
    kind: Literal["lamp"] = "lamp"


def test_other_packages_bring_sinks(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no installed package knows the sink kind 'lamp'"):
        make_sink(Lamp())
    made: list[Table] = []

    def lamp(config: Table) -> Sink:
        made.append(config)
        return VmcOutput(VmcSink())

    class Entry:
        def load(self) -> object:
            return lamp

    def found(*, group: str, name: str) -> list[Entry]:
        assert (group, name) == ("vtdrive.sinks", "lamp")
        return [Entry()]

    monkeypatch.setattr(make, "entry_points", found)
    assert isinstance(make_sink(Lamp()), VmcOutput)
    assert made == [Lamp()]
