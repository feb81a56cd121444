"""The real program on real input, from the outside: what it sends, what it says, how it ends."""

from __future__ import annotations

import json
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from conftest import Receiver, Run, Start

from vtdrive.assets import data_dir
from vtdrive.demo import demo_clip
from vtdrive.wire.osc import decode

CLIP = demo_clip()


def values(packets: list[tuple[float, bytes]]) -> dict[str, list[float]]:
    """Every /VMC/Ext/Blend/Val by name."""
    out: dict[str, list[float]] = {}
    for _, data in packets:
        for message in decode(data):
            if message.address == "/VMC/Ext/Blend/Val":
                name, value = message.args
                assert isinstance(value, float)
                out.setdefault(str(name), []).append(value)
    return out


def stills(folder: Path, *, count: int = 3) -> Path:
    """A folder of pictures without any face."""
    folder.mkdir()
    for i in range(count):
        grey = np.full((120, 160, 3), 90 + 10 * i, np.uint8)
        assert cv2.imwrite(str(folder / f"{i}.png"), grey)
    return folder


def _sides(film: Path) -> list[list[npt.NDArray[np.int16]]]:
    """Left third, middle and right third of every picture of a film, coarse."""
    container = cv2.VideoCapture(str(film))
    out: list[list[npt.NDArray[np.int16]]] = []
    while True:
        ok, picture = container.read()
        if not ok:
            return out
        assert picture.shape == (480, 1280, 3)
        coarse = cv2.resize(picture, (96, 36), interpolation=cv2.INTER_AREA).astype(np.int16)
        out.append([coarse[:, a : a + 32] for a in (0, 32, 64)])


class TestWhatItSends:
    def test_a_run_without_config_sends_vmc(self, run: Run, receiver: Receiver) -> None:
        done = run("run", "--source", CLIP, "--sink", receiver.url, "--max-seconds", "6", "--quiet")
        assert done.returncode == 0, done.stderr
        shown = values(receiver.packets)
        assert len(shown["JawOpen"]) == len(shown["A"]) == len(shown["Joy"]) > 100
        assert shown["EyeBlinkLeft"][-1] == shown["Joy"][-1] == 0.0
        assert "neutral taken" in done.stderr

    def test_status_lines_go_to_stdout_where_there_is_no_terminal(
        self, run: Run, receiver: Receiver, tmp_path: Path
    ) -> None:
        film = tmp_path / "side by side.mp4"
        words = ("--max-seconds", "6", "--film", film, "--avatar", "mochi")
        done = run("demo", "--sink", receiver.url, *words)
        assert done.returncode == 0, done.stderr
        assert re.search(r"LIVE head .* fps .* packets", done.stdout)
        assert "camera → wire" in done.stdout
        assert f"the avatar: {film}" in " ".join(done.stdout.split())
        sides = _sides(film)
        assert 150 <= len(sides) <= 182
        # The camera's picture, the signals' scrolling curves and the avatar all move.
        moved = np.abs(np.diff(np.array(sides), axis=0)).max(axis=(0, 2, 3, 4))
        assert (moved > 30).all()

    def test_a_recording_replays_to_the_same_bytes(self, run: Run, tmp_path: Path) -> None:
        take, sent = tmp_path / "take.mcap", tmp_path / "live.jsonl"
        recorded = run(
            *("record", take, "--source", CLIP, "--fast", "--max-seconds", "8", "--quiet"),
            *("--sink", f"jsonl:{sent}"),
        )
        assert recorded.returncode == 0, recorded.stderr
        again = []
        for name in ("a", "b"):
            out = tmp_path / f"{name}.jsonl"
            done = run("replay", take, "--sink", f"jsonl:{out}", "--speed", "0")
            assert done.returncode == 0, done.stderr
            again.append(out.read_bytes())
        assert again[0] == again[1]
        assert len(again[0].splitlines()) > 50
        assert again[0] == sent.read_bytes()

    def test_a_recording_may_carry_its_time_and_an_empty_one_is_removed(
        self, run: Run, tmp_path: Path
    ) -> None:
        words = ("--source", CLIP, "--fast", "--quiet", "--no-emotion")
        done = run("record", tmp_path / "{time}.mcap", *words, "--max-seconds", "1")
        assert done.returncode == 0, done.stderr
        assert len(list(tmp_path.glob("20*.mcap"))) == 1
        (tmp_path / "no.mp4").write_text("no film")
        failed = run("record", tmp_path / "no.mcap", "--source", tmp_path / "no.mp4", "--quiet")
        assert failed.returncode == 1
        assert not (tmp_path / "no.mcap").exists()


class TestHowItEnds:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_it_within_a_second_at_rest(
        self, start: Start, receiver: Receiver, number: int
    ) -> None:
        process = start("run", "--source", CLIP, "--sink", receiver.url, "--loop", "--quiet")
        assert receiver.wait_for(90)
        asked = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert time.monotonic() - asked < 1.5
        time.sleep(0.3)
        shown = values(receiver.packets[-3:])
        assert len(shown) > 60
        assert all(series[-1] == 0.0 for series in shown.values())

    def test_a_second_instance_is_refused_by_name(
        self, run: Run, start: Start, receiver: Receiver, tmp_path: Path
    ) -> None:
        first = start("run", "--source", CLIP, "--sink", receiver.url, "--loop", "--quiet")
        assert receiver.wait_for(3)
        pictures = stills(tmp_path / "pictures")
        words = ("run", "--source", pictures, "--fast", "--sink", receiver.url, "--quiet")
        second = run(*words)
        assert second.returncode == 2
        assert str(first.pid) in second.stderr
        assert "--force" in second.stderr
        assert run(*words, "--force").returncode == 0


class TestBadInput:
    def test_no_camera(self, run: Run) -> None:
        if any(Path("/dev").glob("video*")):
            pytest.skip("this machine has a camera")
        done = run("run", "--source", "0", "--quiet")
        assert done.returncode == 1
        assert "no camera" in done.stderr
        assert "→" in done.stderr

    @pytest.mark.parametrize("name", ["missing.mp4", "empty.mp4", "folder"])
    def test_sources_that_are_none(self, run: Run, tmp_path: Path, name: str) -> None:
        (tmp_path / "empty.mp4").touch()
        (tmp_path / "folder").mkdir()
        done = run("run", "--source", tmp_path / name, "--sink", "jsonl:-", "--quiet")
        assert done.returncode == 1
        assert name in done.stderr
        assert "→" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_truncated_video_plays_what_there_is(self, run: Run, tmp_path: Path) -> None:
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(CLIP.read_bytes()[: CLIP.stat().st_size // 3])
        done = run("run", "--source", cut, "--fast", "--sink", "jsonl:-", "--quiet")
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1)
        assert "cut.mp4" in done.stderr

    def test_no_face_ever(self, run: Run, tmp_path: Path) -> None:
        pictures = stills(tmp_path / "pictures")
        done = run("run", "--source", pictures, "--fast", "--sink", "jsonl:-", "--quiet")
        assert done.returncode == 0
        assert "no face was seen" in done.stderr
        assert len(done.stdout.splitlines()) == 4

    def test_a_picture_of_one_pixel(self, run: Run, tmp_path: Path) -> None:
        dot = tmp_path / "dot.png"
        assert cv2.imwrite(str(dot), np.zeros((1, 1, 3), np.uint8))
        done = run("run", "--source", dot, "--fast", "--sink", "jsonl:-", "--quiet")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[0])["status"].lower() == "lost"

    def test_an_unknown_key_names_file_line_and_neighbour(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "my.toml"
        file.write_text("[filters.head]\nmin_cutof_hz = 1.0\n")
        done = run("run", "--config", file)
        assert done.returncode == 2
        assert "my.toml:2" in done.stderr
        assert "min_cutoff_hz" in done.stderr

    @pytest.mark.parametrize("url", ["vmcc://127.0.0.1:1", "vmc://h:99999", "vmc://h:1?nams=vrm0"])
    def test_a_wrong_sink_says_what_is_allowed(self, run: Run, url: str) -> None:
        done = run("run", "--sink", url)
        assert done.returncode == 2
        assert "→" in done.stderr

    @pytest.mark.parametrize(
        "url", ["osc://127.0.0.1:9?address=x/{name}", "jsonl:/nonexistent/x", "mcap:/nonexistent/x"]
    )
    def test_a_sink_that_cannot_work_ends_the_run_at_its_start(self, run: Run, url: str) -> None:
        done = run("run", "--source", CLIP, "--sink", url)
        assert done.returncode == 2
        assert url.split(":")[0] in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("damage", ["missing", "altered"])
    def test_a_damaged_model(self, run: Run, tmp_path: Path, damage: str) -> None:
        model = tmp_path / "mine.onnx"
        if damage == "altered":
            model.write_bytes(b"not a network")
            card = data_dir("models") / "emotion-resnet50-int8.toml"
            model.with_suffix(".toml").write_text(card.read_text())
        file = tmp_path / "my.toml"
        file.write_text(f"[emotion]\nmodel = {json.dumps(str(model))}\n")
        pictures = stills(tmp_path / "pictures")
        done = run("run", "--config", file, "--source", pictures, "--fast", "--sink", "jsonl:-")
        assert done.returncode == 1
        assert "mine.onnx" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_syntax_error_while_live_keeps_the_old_config(
        self, start: Start, receiver: Receiver, tmp_path: Path
    ) -> None:
        file = tmp_path / "my.toml"
        file.write_text("[outputs.mine]\nsum = { jawOpen = 1.0 }\n")
        process = start(
            *("run", "--source", CLIP, "--loop", "--quiet"),
            *("--config", file, "--sink", receiver.url),
        )
        assert receiver.wait_for(60)
        file.write_text("[outputs.mine\n")
        time.sleep(2.0)
        file.write_text("[outputs.other]\nsum = { jawOpen = 1.0 }\n")
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "not reloaded" in said
        assert "my.toml:1" in said
        shown = values(receiver.packets)
        assert {"mine", "other"} <= shown.keys()

    def test_a_full_disk_stops_the_recording_and_nothing_else(
        self, home: dict[str, str], receiver: Receiver, tmp_path: Path
    ) -> None:
        def small_files() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

        take = tmp_path / "take.mcap"
        words = ["record", str(take), "--source", str(CLIP), "--max-seconds", "6", "--quiet"]
        done = subprocess.run(
            [sys.executable, "-m", "vtdrive", *words, "--sink", receiver.url],
            env=home | {"PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=small_files,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert re.search(r"full|space|limit|large", done.stderr)
        assert len(values(receiver.packets)["JawOpen"]) > 100
        assert take.stat().st_size <= 200_000


class TestOtherVerbs:
    def test_check_names_problems_and_remedies(self, run: Run) -> None:
        done = run("check", "--report")
        assert "models:" in done.stdout
        assert "mediapipe" in done.stdout
        assert done.returncode in (0, 1)

    def test_models_are_verified(self, run: Run) -> None:
        done = run("models")
        assert done.returncode == 0
        assert done.stdout.count("verified") >= 2

    def test_cameras_says_what_to_do_without_any(self, run: Run) -> None:
        assert run("cameras").returncode == 0

    @pytest.mark.parametrize(
        "verb",
        [
            "run",
            "demo",
            "cameras",
            "record",
            "replay",
            "config",
            "bench",
            "check",
            "models",
            "eval",
        ],
    )
    def test_every_verb_has_help(self, run: Run, verb: str) -> None:
        done = run(verb, "--help")
        assert done.returncode == 0
        assert len(done.stdout.split()) > 20

    def test_an_unknown_verb_is_a_usage_error(self, run: Run) -> None:
        assert run("rum").returncode == 2
