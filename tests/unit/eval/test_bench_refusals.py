"""What `bench` and `eval` cannot do is told before they measure."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from vtdrive.cli.bench import bench
from vtdrive.cli.evaluate import blendshapes
from vtdrive.cli.figures import write_figures
from vtdrive.errors import ModelError, TargetInUse, UsageError
from vtdrive.eval import bench as measuring
from vtdrive.eval.peer import LandmarkerPeer
from vtdrive.sinks.lockfile import acquire, holder_of

TARGET = "udp:127.0.0.1:39539"


@pytest.fixture(autouse=True)
def nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError("it measured")

    monkeypatch.setattr(measuring, "_live", refuse)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache")


@pytest.mark.parametrize("place", ["none/figures.json", "."])
def test_a_place_that_cannot_be_written_is_refused(place: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--json") as caught:
        bench(json_file=tmp_path / place)
    assert caught.value.remedy
    with pytest.raises(UsageError, match="--json"):
        blendshapes(tmp_path / "pairs.npz", json_file=tmp_path / place)


def test_what_fails_at_the_end_is_told_too(tmp_path: Path) -> None:
    write_figures(tmp_path / "a.json", {"a": 1})
    assert (tmp_path / "a.json").read_text() == '{\n "a": 1\n}\n'
    with pytest.raises(UsageError, match="--json"):
        write_figures(tmp_path, {"a": 1})


def test_a_bundle_that_is_none_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.task"
    text.write_text("no bundle")
    with pytest.raises(ModelError, match="no Face Landmarker bundle") as caught:
        bench(peer="landmarker", landmarker_model=text)
    assert "\n" not in caught.value.what
    with pytest.raises(ModelError, match="no such file"):
        bench(peer="landmarker", landmarker_model=tmp_path / "gone.task")


def test_an_archive_that_is_no_bundle_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    archive = tmp_path / "other.task"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("a.txt", "a")
    with pytest.raises(ModelError, match="no Face Landmarker bundle"):
        LandmarkerPeer(archive).open()


def test_a_target_in_use_is_refused() -> None:
    with acquire(TARGET), pytest.raises(TargetInUse):
        bench()
    with acquire(TARGET), pytest.raises(AssertionError, match="it measured"):
        bench(force=True)
    with pytest.raises(AssertionError, match="it measured"):
        bench()
    assert holder_of(TARGET) is None


def test_an_empty_source_is_not_the_demo_clip() -> None:
    with pytest.raises(UsageError, match="source is empty"):
        bench(source="")
