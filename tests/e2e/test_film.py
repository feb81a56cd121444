"""Films by the real program, with a real avatar."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import av
import pytest
from conftest import Run, Start

from vtdrive.demo import demo_clip

pytestmark = pytest.mark.slow

CLIP = demo_clip()


def pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_a_recording_gives_the_same_film_each_time(run: Run, tmp_path: Path, suffix: str) -> None:
    take, fast = tmp_path / "take.mcap", tmp_path / f"fast.{suffix}"
    words = ("--source", CLIP, "--fast", "--avatar", "mochi", "--max-seconds", "6", "--quiet")
    done = run("record", take, *words, "--sink", f"file:{fast}", timeout=110)
    assert done.returncode == 0, done.stderr
    films = []
    for name in ("a", "b"):
        out = tmp_path / f"{name}.{suffix}"
        said = run("replay", take, "--speed", "0", "--avatar", "mochi", "--sink", f"file:{out}")
        assert said.returncode == 0, said.stderr
        assert f"wrote {out}" in said.stderr
        films.append(out.read_bytes())
    assert films[0] == films[1] == fast.read_bytes()
    shown = run("replay", take, "--speed", "0", "--avatar", "mochi", "--sink", "virtualcam:")
    assert "virtualcam: little will be seen at --speed 0" in shown.stderr
    assert pictures(tmp_path / f"a.{suffix}") > 30


def test_a_film_outlives_the_run_that_was_killed(start: Start, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    process = start(
        *("run", "--source", CLIP, "--avatar", "mochi", "--sink", f"file:{film}"),
        *("--quiet", "--no-emotion"),
    )
    part = film.with_name("film.unfinished.mp4")
    _wait(lambda: part.exists() and part.stat().st_size > 30_000)
    process.kill()
    process.wait(10)
    _wait(film.is_file)
    assert pictures(film) > 30
    assert not part.exists()


def _wait(for_what: object, timeout_s: float = 60.0) -> None:
    assert callable(for_what)
    end = time.monotonic() + timeout_s
    while not for_what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_stands_in_the_way_is_told_before_the_run(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("precious")
    for name, what in {"a.mp4": "exists already", "a.gif": "no kind of film"}.items():
        done: subprocess.CompletedProcess[str] = run(
            "run", "--source", CLIP, "--avatar", "mochi", "--sink", f"file:{tmp_path / name}"
        )
        assert done.returncode == 2
        assert what in done.stderr
    assert (tmp_path / "a.mp4").read_text() == "precious"
