"""`vtdrive check` finds what would make a run fail, and says how to mend it."""

from __future__ import annotations

import shutil
import socket
import sys
import time
from pathlib import Path

import platformdirs
import pytest

from vtdrive.assets import data_dir
from vtdrive.config.inputs import INPUT_KINDS
from vtdrive.config.schema import Config, SourceConfig, TrackerConfig
from vtdrive.config.sinks import (
    SINK_KINDS,
    FilmSink,
    JsonlSink,
    OscSink,
    VirtualCamSink,
    VmcSink,
    WindowSink,
)
from vtdrive.config.urls import parse_input_url, parse_sink_url
from vtdrive.demo import demo_clip
from vtdrive.errors import SinkError
from vtdrive.render.stage.virtualcam import VirtualCam
from vtdrive.runtime import checkup_targets
from vtdrive.runtime.bounded import bounded
from vtdrive.runtime.checkup import checkup
from vtdrive.runtime.checkup_inputs import emotion_findings, source_findings, tracker_findings
from vtdrive.runtime.checkup_targets import CONNECTS, LISTENS, PHONES, target_findings
from vtdrive.runtime.finding import Finding
from vtdrive.sinks.lockfile import acquire
from vtdrive.sources.enumerate import CameraInfo

CAMERAS = [CameraInfo(0, "Integrated Webcam", "v4l2"), CameraInfo(2, "C920", "v4l2")]


@pytest.fixture(autouse=True)
def own_locks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: folder)


def of_source(uri: str, cameras: list[CameraInfo] = CAMERAS) -> list[Finding]:
    found = list(source_findings(SourceConfig(uri=uri), cameras=lambda: cameras))
    return [finding for finding in found if not finding.what.startswith("camera ")]


def assert_fatal(found: list[Finding], said: str) -> None:
    (fault,) = (finding for finding in found if finding.fatal)
    assert said in fault.what
    assert fault.remedy
    assert fault.mark == "✗"


def test_a_source_that_cannot_be_played_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "void").mkdir()
    assert_fatal(of_source(str(tmp_path / "gone.mp4")), "no such file")
    assert_fatal(of_source(str(tmp_path / "text.mp4")), "no video that can be decoded")
    assert_fatal(of_source(str(tmp_path / "void")), "holds no images")
    assert_fatal(of_source("take.mcap"), "is a recording")
    assert_fatal(of_source("  "), "empty")
    assert_fatal(of_source("ndi://studio"), "nothing here serves")


def test_a_source_that_plays_is_described() -> None:
    (found,) = of_source(str(demo_clip()))
    assert found.mark == "✓"
    assert "video" in found.what
    (found,) = of_source("rtsp://me:secret@127.0.0.1:9/x")
    assert "stream" in found.what
    assert "secret" not in found.what


def test_cameras_are_looked_up_in_the_list() -> None:
    for uri in ("0", "2", "c920", "/dev/video2"):
        assert of_source(uri) == []
    assert_fatal(of_source("1"), "no camera 1")
    assert_fatal(of_source("Kinect"), "Kinect")
    assert_fatal(of_source("c"), "several")
    assert_fatal(of_source("0", []), "no camera found")


def test_no_camera_is_no_fault() -> None:
    (found,) = source_findings(SourceConfig(uri="none"), cameras=list)
    assert found.what == "source: none, live inputs alone"
    assert not found.fatal


def test_an_emotion_model_that_cannot_be_used_is_fatal(tmp_path: Path) -> None:
    def of(model: str) -> list[Finding]:
        return list(emotion_findings(Config.model_validate({"emotion": {"model": model}})))

    assert_fatal(of("nowhere"), "'nowhere' is not allowed")
    assert_fatal(of(str(tmp_path / "nowhere.onnx")), "nowhere.onnx is missing")
    for suffix in (".onnx", ".toml"):
        shutil.copy(data_dir("models") / f"blendshapes{suffix}", tmp_path / f"mine{suffix}")
    assert_fatal(of(str(tmp_path / "mine.onnx")), "not 'emotion'")
    assert [finding.mark for finding in of("emotion-resnet50-int8")] == ["✓"]
    shapes = {"emotion": {"model": str(tmp_path / "gone.onnx"), "reads": "shapes"}}
    (only,) = emotion_findings(Config.model_validate(shapes))
    assert only.mark == "✓"
    assert "shapes" in only.what
    assert not list(emotion_findings(Config.model_validate({"emotion": {"enabled": False}})))


def test_an_absent_provider_is_told_of_and_not_fatal() -> None:
    chosen = {"emotion": {"provider": "coreml" if sys.platform != "darwin" else "directml"}}
    found = list(emotion_findings(Config.model_validate(chosen)))
    assert not any(finding.fatal for finding in found)
    (told,) = [finding for finding in found if "runs on the CPU" in finding.what]
    assert told.mark == "!"
    assert chosen["emotion"]["provider"] in told.what


def test_a_tracker_without_its_model_is_fatal(tmp_path: Path) -> None:
    text = tmp_path / "text.task"
    text.write_text("no bundle")

    def of(kind: str, model: str = "") -> list[Finding]:
        return list(tracker_findings(TrackerConfig(kind=kind, model=model)))

    assert_fatal(of("landmarker"), "no model file")
    assert_fatal(of("landmarker", str(tmp_path / "gone.task")), "gone.task")
    assert_fatal(of("landmarker", str(text)), "no Face Landmarker bundle")
    assert_fatal(of("facemash"), "unknown tracker kind")
    assert of("facemesh") == []


def test_a_target_that_another_run_holds_is_fatal() -> None:
    config = Config(sinks=[VmcSink(port=39999)])
    assert not any(finding.fatal for finding in target_findings(config))
    with acquire("udp:127.0.0.1:39999"):
        assert_fatal(list(target_findings(config)), "already sends to 127.0.0.1:39999")


def test_an_unknown_host_is_fatal_and_a_slow_lookup_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*args: object, **more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    def slow(*args: object, **more: object) -> None:
        time.sleep(1)

    config = Config(sinks=[OscSink(host="nowhere.invalid")])
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert_fatal(list(target_findings(config)), "'nowhere.invalid' is unknown")
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(checkup_targets, "_LOOKUP_S", 0.05)
    (found,) = target_findings(config)
    assert found.mark == "!"


def test_a_connection_is_tried() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        url = f"obs://127.0.0.1:{server.getsockname()[1]}"
        *_, silent = target_findings(Config(sinks=[parse_sink_url(url)]))
        server.listen()
        *_, there = target_findings(Config(sinks=[parse_sink_url(url)]))
    assert "nobody answers" in silent.what
    assert silent.remedy
    assert not silent.fatal
    assert "answers there" in there.what


@pytest.mark.parametrize("kind", ["ws", "vmc-in"])
def test_a_port_of_our_own_must_be_free(kind: str) -> None:
    with socket.socket(socket.AF_INET, LISTENS[kind]) as other:
        other.bind(("127.0.0.1", 0))
        url = f"{kind}://127.0.0.1:{other.getsockname()[1]}"
        taken = list(target_findings(listening_on(url)))
    assert_fatal([f for f in taken if f.what.startswith(kind)], "cannot listen")
    free = [f for f in target_findings(listening_on(url)) if f.what.startswith(kind)]
    assert [f.mark for f in free] == ["✓"]


def listening_on(url: str) -> Config:
    if url.partition(":")[0] in INPUT_KINDS:
        return Config(inputs=[parse_input_url(url)])
    return Config(sinks=[parse_sink_url(url)])


def test_every_kind_with_a_port_is_looked_at_as_what_it_is() -> None:
    ported = {k for k, t in {**SINK_KINDS, **INPUT_KINDS}.items() if "port" in t.model_fields}
    senders = {"vmc", "osc", "ifacialmocap", "openseeface", "livelink", "opentrack", "vrchat"}
    assert ported - CONNECTS - LISTENS.keys() == senders | PHONES


@pytest.mark.parametrize("kind", sorted(PHONES))
def test_a_phone_that_a_run_could_not_ask_is_fatal(kind: str) -> None:
    def found(host: str, port: int) -> Finding:
        # Each listens on the port under which the phone, or vtdrive to it, is known.
        options = {"listen_port": port} if kind == "vtsphone-in" else {"port": port}
        table = INPUT_KINDS[kind].model_validate({"host": host, **options})
        (finding,) = target_findings(
            Config.model_validate({"sinks": [JsonlSink()], "inputs": [table]})
        )
        return finding

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert_fatal([found("127.0.0.1", port)], "cannot listen there")
    assert_fatal([found("no-such-phone.invalid", port)], "there is no way to")
    free = found("127.0.0.1", port)
    assert free.mark == "✓"
    assert "a run will tell" in free.what


def test_a_port_where_a_connection_lingers_is_free() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers have it
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()  # who closes first keeps the port for a minute
    (finding,) = target_findings(Config(sinks=[parse_sink_url(f"ws://127.0.0.1:{port}")]))
    assert not finding.fatal, finding.what


def test_folders_of_file_sinks(tmp_path: Path) -> None:
    def of(path: Path | str) -> list[Finding]:
        return list(target_findings(Config(sinks=[JsonlSink(path=str(path))])))

    assert_fatal(of(tmp_path), "is a folder")
    assert_fatal(of(tmp_path / "none" / "a.jsonl"), "no folder")
    assert [finding.mark for finding in of(tmp_path / "a.jsonl")] == ["✓"]
    assert of("-") == []
    assert not list(tmp_path.iterdir())


def test_a_film_that_would_be_refused_is_fatal(tmp_path: Path) -> None:
    def of(path: Path, *, overwrite: bool = False) -> list[Finding]:
        sink = FilmSink(path=str(path), overwrite=overwrite)
        return list(target_findings(Config(sinks=[sink])))

    there = tmp_path / "there.mp4"
    there.touch()
    assert_fatal(of(there), "exists already")
    assert_fatal(of(tmp_path / "gone" / "a.mp4"), "there is no folder")
    assert [f.mark for f in of(there, overwrite=True)] == ["✓"]
    assert [f.mark for f in of(tmp_path / "stills.png")] == ["✓"]


@pytest.mark.parametrize("screen", [True, False])
def test_a_window_wants_a_screen(screen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup_targets, "has_screen", lambda: screen)
    (found,) = target_findings(Config(sinks=[WindowSink()]))
    assert found.mark == ("✓" if screen else "!"), "a run goes on without it"


def test_a_virtual_camera_is_opened_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    def opened(self: VirtualCam, width: int, height: int, fps: float) -> None:
        self.name, self.stats.note = "virtualcam Cam", f"Cam, {width}x{height} at {fps:g} fps"

    monkeypatch.setattr(VirtualCam, "open", opened)
    monkeypatch.setattr(VirtualCam, "close", lambda self: closed.append(self.name))
    (found,) = target_findings(Config(sinks=[VirtualCamSink()]))
    assert (found.mark, found.what) == ("✓", "virtualcam Cam: Cam, 1280x720 at 30 fps")
    assert closed == ["virtualcam Cam"]


def test_no_virtual_camera_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: VirtualCam, width: int, height: int, fps: float) -> None:
        raise SinkError("there is no virtual camera", "install one")

    monkeypatch.setattr(VirtualCam, "open", refused)
    (found,) = target_findings(Config(sinks=[VirtualCamSink()]))
    assert (found.mark, found.remedy) == ("!", "install one")
    assert "there is no virtual camera" in found.what


def test_all_is_looked_at_although_the_first_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('[emotion]\nmodel = "nowhere"\n[tracker]\nkind = "landmarker"\n')
    found = checkup([file], ["osc://127.0.0.1:9"], source=str(tmp_path / "gone.mp4"))
    fatal = " ".join(finding.what for finding in found if finding.fatal)
    for said in ("gone.mp4", "'nowhere'", "no model file"):
        assert said in fatal


def test_an_empty_source_is_not_the_camera() -> None:
    assert_fatal([f for f in checkup([], [], source="") if "source" in f.what], "empty")


def test_bounded_hands_on_what_was_raised_and_gives_up() -> None:
    assert bounded(lambda: 3, limit_s=5) == 3
    with pytest.raises(ZeroDivisionError):
        bounded(lambda: 1 / 0, limit_s=5)
    with pytest.raises(TimeoutError):
        bounded(lambda: time.sleep(1), limit_s=0.01)
