"""Which source serves an address."""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from fake_sources import ScriptedSource, write_video

from vtdrive.config.schema import SourceConfig
from vtdrive.errors import SourceNotFound, UsageError
from vtdrive.sources import resolve
from vtdrive.sources.images import Images
from vtdrive.sources.pumped import Pumped
from vtdrive.sources.resolve import open_source
from vtdrive.sources.video import Video


def test_each_kind_gets_its_source(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", frames=2)
    assert isinstance(open_source(SourceConfig(uri=str(clip))), Video)
    assert isinstance(open_source(SourceConfig(uri=clip.as_uri())), Video)
    assert isinstance(open_source(SourceConfig(uri=f" {clip} ")), Video)
    assert isinstance(open_source(SourceConfig(uri=str(tmp_path))), Images)
    for uri in ("0", "C920", "http://127.0.0.1:9/video"):
        assert isinstance(open_source(SourceConfig(uri=uri)), Pumped)


def test_a_typing_slip_is_a_missing_file_and_names_the_near_one(tmp_path: Path) -> None:
    (tmp_path / "dance.mp4").touch()
    with pytest.raises(SourceNotFound, match="no such file") as caught:
        open_source(SourceConfig(uri=str(tmp_path / "dnace.mp4")))
    assert caught.value.remedy == "did you mean dance.mp4?"
    with pytest.raises(SourceNotFound, match=r"no such file: nowhere-at-all\.mp4"):
        open_source(SourceConfig(uri="nowhere-at-all.mp4"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_what_is_neither_file_nor_folder_is_not_played(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for uri in ("/dev/null", str(tmp_path / "pipe.mp4")):
        with pytest.raises(SourceNotFound, match="not a file that can be played") as caught:
            open_source(SourceConfig(uri=uri))
        assert caught.value.remedy


def test_a_recording_is_for_replay() -> None:
    with pytest.raises(UsageError, match="is a recording") as caught:
        open_source(SourceConfig(uri="take.mcap"))
    assert "vtdrive replay take.mcap" in caught.value.remedy


@pytest.mark.parametrize("uri", ["", "  ", "ndi://studio?key=hidden"])
def test_what_nothing_serves(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_source(SourceConfig(uri=uri))
    assert caught.value.remedy
    assert "hidden" not in str(caught.value)


def test_another_package_may_serve_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("ndi", "fake_sources:FakeClock", "vtdrive.sources")
    loaded: list[SourceConfig] = []

    def load(self: EntryPoint) -> object:
        def make(config: SourceConfig) -> object:
            loaded.append(config)
            return ScriptedSource(1) if len(loaded) == 1 else object()

        return make

    monkeypatch.setattr(EntryPoint, "load", load)
    monkeypatch.setattr(
        resolve, "entry_points", lambda group, name: [point] if name == "ndi" else []
    )
    assert isinstance(open_source(SourceConfig(uri="ndi://studio")), ScriptedSource)
    assert loaded[0].uri == "ndi://studio"
    with pytest.raises(UsageError, match="makes no source"):
        open_source(SourceConfig(uri="ndi://studio"))
