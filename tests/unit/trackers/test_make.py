"""From `kind` to a tracker."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from vtdrive.config.schema import TrackerConfig
from vtdrive.errors import UsageError
from vtdrive.trackers import make
from vtdrive.trackers.base import Tracker
from vtdrive.types import Track, VideoFrame


class Absent:
    """A third party's tracker that never sees anybody."""

    name = "absent"

    def __init__(self, config: TrackerConfig, vertical_fov_deg: float) -> None:
        self.fov_deg = vertical_fov_deg

    def open(self) -> None: ...

    def track(self, frame: VideoFrame) -> Track:
        return Track(frame.seq, frame.t_ns, None)

    def close(self) -> None: ...


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages that offer trackers; one of them is broken."""
    entries = {
        "absent": EntryPoint("absent", f"{__name__}:Absent", make.GROUP),
        "broken": EntryPoint("broken", "no_such_package:Tracker", make.GROUP),
    }
    monkeypatch.setattr(make, "_installed", lambda: entries)


@pytest.mark.parametrize("kind", ["facemesh", "landmarker"])
def test_built_in_kinds_are_made_without_loading_anything(kind: str) -> None:
    tracker = make.make_tracker(TrackerConfig(kind=kind), vertical_fov_deg=50.0)
    assert isinstance(tracker, Tracker)
    assert tracker.name == kind
    tracker.close()


@pytest.mark.parametrize(("typo", "near"), [("face_mesh", "facemesh"), ("landmark", "landmarker")])
def test_a_misspelt_kind_names_the_nearest(typo: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"unknown tracker kind '{typo}'.*mean '{near}'") as caught:
        make.make_tracker(TrackerConfig(kind=typo), vertical_fov_deg=63.0)
    assert "facemesh, landmarker" in caught.value.remedy


def test_a_kind_like_no_other_lists_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        make.make_tracker(TrackerConfig(kind="zzz"), vertical_fov_deg=63.0)
    assert "did you mean" not in caught.value.what


@pytest.mark.usefixtures("installed")
def test_an_installed_package_adds_a_kind() -> None:
    assert make.tracker_kinds() == ("facemesh", "landmarker", "absent", "broken")
    tracker = make.make_tracker(TrackerConfig(kind="absent"), vertical_fov_deg=70.0)
    assert isinstance(tracker, Absent)
    assert tracker.fov_deg == 70.0


@pytest.mark.usefixtures("installed")
def test_a_broken_package_is_named() -> None:
    with pytest.raises(UsageError, match=r"'broken' \(no_such_package:Tracker\)"):
        make.make_tracker(TrackerConfig(kind="broken"), vertical_fov_deg=63.0)
