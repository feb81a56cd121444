from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from avatar_frames import FULL, SMALL, frame_of, posed
from vrm_models import glb, vrm0, vrm1

from vtdrive.config.sinks import VmcSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import SinkUnusable
from vtdrive.sinks.vmc import VmcOutput
from vtdrive.sinks.vrm_file import read_vrm
from vtdrive.types import RigSchema
from vtdrive.wire.vmc import VmcFrame, decode


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(2)
        yield link


def heard(link: socket.socket) -> VmcFrame:
    """One frame, up to its Apply."""
    packets: list[bytes] = []
    while not packets or b"/VMC/Ext/Blend/Apply" not in packets[-1]:
        packets.append(link.recv(2048))
    return decode(packets)


def test_an_assistant_has_the_performers_port_unless_it_is_given_one() -> None:
    assert VmcSink(role="assistant").port == 39540
    assert parse_sink_url("vmc://?role=assistant") == VmcSink(role="assistant", port=39540)
    assert parse_sink_url("vmc://:39539?role=assistant").model_dump()["port"] == 39539
    assert VmcSink().port == 39539


def test_an_assistant_over_udp(receiver: socket.socket) -> None:
    sink = VmcOutput(VmcSink(port=receiver.getsockname()[1], role="assistant"))
    sink.open(FULL)
    sink.send(frame_of(FULL, posed(FULL, {"happy": 0.5})))
    sink.close()
    frame = heard(receiver)
    assert [len(part) for part in (frame.ok, frame.root, frame.bones)] == [0, 0, 0]
    assert list(frame.eye) == [1, 0, 0, 10]
    assert frame.values["Joy"] == 0.5


def test_bones_stand_where_the_file_says(receiver: socket.socket, tmp_path: Path) -> None:
    model = tmp_path / "mein Modell.vrm"
    model.write_bytes(glb(vrm0()))
    sink = VmcOutput(VmcSink(port=receiver.getsockname()[1], vrm=str(model)))
    sink.open(FULL)
    sink.send(frame_of(FULL))
    assert heard(receiver).bones["Head"][:3] == pytest.approx((0, 0.1, 0.02))
    assert sink.stats.note == ""
    # Read once: it may be gone by the time that a config is reloaded.
    model.unlink()
    sink.open(SMALL)
    sink.send(frame_of(SMALL, seq=1))
    assert heard(receiver).bones["Head"][:3] == pytest.approx((0, 0.1, 0.02))
    sink.close()


def test_the_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "a.vrm").write_bytes(glb(vrm1()))
    sink = VmcOutput(VmcSink(vrm=str(Path("~") / "a.vrm")))
    sink.open(FULL)
    sink.close()


def test_what_the_user_should_know_of_a_model_is_noted(tmp_path: Path) -> None:
    model = vrm1()
    bones = model["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]
    model["nodes"][bones["neck"]["node"]]["rotation"] = [0, 0.6, 0, 0.8]
    path = tmp_path / "a.vrm"
    path.write_bytes(glb(model))
    wide = RigSchema((), ("UpperChest", "Neck", "Head"))
    sink = VmcOutput(VmcSink(vrm=str(path)))
    sink.open(wide)
    assert "has no UpperChest: not sent" in sink.stats.note
    assert "rest turned" in sink.stats.note
    sink.close()
    raw = VmcOutput(VmcSink(vrm=str(path), skeleton="raw"))
    raw.open(wide)
    assert "rest turned" not in raw.stats.note
    raw.close()


def test_an_assistant_reads_no_model(tmp_path: Path) -> None:
    sink = VmcOutput(VmcSink(role="assistant", vrm=str(tmp_path / "none.vrm")))
    sink.open(FULL)
    sink.close()


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "none.vrm", "is no file"),
        (lambda folder: folder, "is no file"),
        (lambda folder: Path("a\0b"), "a\0b"),
        (lambda folder: write(folder / "a.vrm", b""), "no binary glTF"),
        (lambda folder: write(folder / "a.vrm", b"PK\3\4" * 9), "no binary glTF"),
        (lambda folder: write(folder / "a.vrm", glb(vrm1())[:200]), "cut off"),
        (lambda folder: write(folder / "a.vrm", glb({"nodes": []})), "no VRM model"),
        (lambda folder: write(folder / "a.vrm", json.dumps(vrm1()).encode()), "no binary glTF"),
        pytest.param(
            lambda folder: Path("/dev/zero"),
            "is no file",
            marks=pytest.mark.skipif(os.name == "nt", reason="no devices among files"),
        ),
    ],
    ids=["absent", "folder", "nul", "empty", "zip", "cut", "gltf", "json", "device"],
)
def test_other_files_stop_this_sink_with_a_sentence(
    make: object, said: str, tmp_path: Path
) -> None:
    assert callable(make)
    with pytest.raises(SinkUnusable) as caught:
        read_vrm(make(tmp_path), label="vmc 127.0.0.1:39539")
    assert caught.value.what.startswith("vmc 127.0.0.1:39539: the model ")
    assert said in caught.value.what
    assert caught.value.remedy


def test_a_file_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.vrm", glb(vrm1()))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SinkUnusable, match="permission denied") as caught:
        read_vrm(path, label="vmc")
    assert caught.value.remedy == "make it a file that you may read"


def test_a_length_beyond_all_sense_is_not_read(tmp_path: Path) -> None:
    data = bytearray(glb(vrm1()))
    data[12:16] = (2**32 - 1).to_bytes(4, "little")
    with pytest.raises(SinkUnusable, match="more than"):
        read_vrm(write(tmp_path / "a.vrm", bytes(data)), label="x")
