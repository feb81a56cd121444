"""`vtdrive check` looks at what commands would come in by, and at the presets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from vtdrive.config.control import Control
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.control.midi import Port
from vtdrive.runtime.checkup import checkup
from vtdrive.runtime.checkup_control import control_findings
from vtdrive.runtime.finding import Finding


@pytest.fixture(autouse=True)
def own_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name: folder)
    return folder


class Pads:
    """A MIDI system with one device, or none that works."""

    def __init__(self, *names: str, broken: bool = False) -> None:
        self._names, self._broken = list(names), broken

    def names(self) -> list[str]:
        if self._broken:
            raise OSError("no sequencer")
        return self._names

    def listen(self, name: str, heard: Callable[[Any], None]) -> Port:
        raise AssertionError("a check opens no device")


def found(backend: Pads | None = None, **control: Any) -> list[Finding]:
    def load(files: Sequence[Path]) -> Config:
        return load_config(files)

    made = Control.model_validate(control)
    return list(control_findings(made, load=load, backend=lambda: backend or Pads()))


def test_nothing_is_said_where_nothing_listens() -> None:
    assert found() == []


@pytest.mark.parametrize("kind", ["osc", "http"])
def test_a_port_of_its_own_must_be_free(kind: str, own_token: Path) -> None:
    form = socket.SOCK_STREAM if kind == "http" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, form) as other:
        other.bind(("127.0.0.1", 0))
        if kind == "http":
            other.listen()
        port = other.getsockname()[1]
        taken = found(None, **{kind: f"127.0.0.1:{port}"})[0]
        assert taken.fatal
        assert f"control {kind} 127.0.0.1:{port}: cannot listen there" in taken.what
        assert "another" in taken.remedy
    free = found(None, **{kind: f"127.0.0.1:{port}"})
    assert [finding.mark for finding in free] == ["✓"] * len(free)
    assert "free to listen on" in free[0].what
    assert "every device" not in free[0].what
    assert "every network" in found(None, **{kind: f"0.0.0.0:{port}"})[0].what
    if kind == "http":
        token = (own_token / "control-token").read_text().strip()
        assert str(own_token / "control-token") in free[1].what
        assert all(token not in finding.what for finding in free)


def test_presets_are_read(tmp_path: Path) -> None:
    (tmp_path / "calm.toml").write_text("[head]\ngain = 0.5\n")
    (tmp_path / "bad.toml").write_text("[haed]\n")
    names = ("calm.toml", "bad.toml", "gone.toml")
    calm, bad, gone = found(presets=tuple(str(tmp_path / name) for name in names))
    assert (calm.mark, calm.what) == ("✓", "preset calm: good")
    assert bad.fatal
    assert "bad.toml:1" in bad.what
    assert gone.fatal
    assert "no such file" in gone.what


def test_the_folder_of_recordings(tmp_path: Path) -> None:
    assert found(recordings=str(tmp_path)) == []
    (missing,) = found(recordings=str(tmp_path / "gone"))
    assert (missing.mark, missing.remedy) == ("!", "make it")


def test_pads(tmp_path: Path) -> None:
    def midi(backend: Pads, **notes: str) -> Finding:
        (finding,) = found(backend, midi={"device": "pad", "notes": notes})
        return finding

    assert midi(Pads("Launchpad X"), **{"36": "panic"}).mark == "✓"
    absent = midi(Pads("Piano"), **{"36": "panic"})
    assert (absent.mark, "Piano" in absent.what) == ("!", True)
    assert midi(Pads(broken=True), **{"36": "panic"}).mark == "!"
    wrong = midi(Pads("Launchpad X"), **{"36": "pannic"})
    assert wrong.fatal
    assert "did you mean 'panic'?" in wrong.what
    assert midi(Pads("Launchpad X")).fatal


def test_check_has_it_from_config_and_command_line(tmp_path: Path) -> None:
    mine = tmp_path / "my.toml"
    mine.write_text(f'[control]\npresets = ["{(tmp_path / "gone.toml").as_posix()}"]\n')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        url = f"osc://127.0.0.1:{other.getsockname()[1]}"
        said = [f.what for f in checkup([mine], [], source="none", control=[url]) if f.fatal]
    assert any(what.startswith("control osc 127.0.0.1") for what in said)
    assert any("gone.toml" in what for what in said)
    wrong = [f.what for f in checkup([], [], source="none", control=["tcp://x"]) if f.fatal]
    assert any("the kind 'tcp' is not allowed" in what for what in wrong)
