"""What an address means."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtdrive.sources.uri import Kind, is_live, is_recording, kind_of, local_path, near_names, shown


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("0", "camera"),
        ("12", "camera"),
        ("/dev/video2", "camera"),
        ("/dev/v4l/by-id/usb-046d_C920-video-index0", "camera"),
        ("C920", "camera"),
        ("HD Pro Webcam C920", "camera"),
        ("USB2.0 HD UVC WebCam", "camera"),
        ("OBS Virtual Camera", "camera"),
        ("clip.mp4", "video"),
        ("no/such/clip", "video"),
        (r"C:\clips\face.webm", "video"),
        ("file:///no/such.avi", "video"),
        ("face.PNG", "images"),
        ("http://10.0.0.4:8080/video", "stream"),
        ("RTSP://camera/1", "stream"),
        ("take 3.mcap", "recording"),
        ("ndi://studio", "plugin"),
        ("none", "none"),
        (" None ", "none"),
        ("none.mp4", "video"),
    ],
)
def test_kind(uri: str, kind: Kind) -> None:
    assert kind_of(uri) == kind
    assert is_live(uri) == (kind in ("camera", "stream"))
    assert is_recording(uri) == (kind == "recording")


def test_what_lies_on_the_disk_wins(tmp_path: Path) -> None:
    (tmp_path / "noext").write_bytes(b"x")
    assert kind_of(str(tmp_path)) == "images"
    assert kind_of(str(tmp_path / "noext")) == "video"


def test_a_path_is_understood_in_every_spelling(tmp_path: Path) -> None:
    path = tmp_path / "my clip %41.mp4"
    assert local_path(path.as_uri()) == local_path(str(path)) == path
    assert local_path("~/clip.mp4") == Path.home() / "clip.mp4"


def test_secrets_are_not_shown() -> None:
    text = shown("rtsp://anna:s3cret@10.0.0.4:554/live?key=hidden#part")
    assert text == "rtsp://10.0.0.4:554/live?…"
    assert shown("http://user:p@ss@host/a") == "http://host/a"
    assert shown("clip@home.mp4") == "clip@home.mp4"


def test_near_names(tmp_path: Path) -> None:
    for name in ("Clip1.mp4", "holiday.mov"):
        (tmp_path / name).touch()
    assert near_names(tmp_path / "clip.mp4") == ["Clip1.mp4"]
    assert near_names(tmp_path / "gone" / "clip.mp4") == []
