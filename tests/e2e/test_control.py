"""A real run of the demo clip that is told what to do by `vtdrive control send`."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

from conftest import Run, Start

from vtdrive.demo import demo_clip


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def frames(file: Path) -> list[dict[str, object]]:
    text = file.read_text("utf-8") if file.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def test_a_run_is_controlled_by_http_and_osc(run: Run, start: Start, tmp_path: Path) -> None:
    http = f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    osc = f"osc://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    out, calm, mine = (tmp_path / name for name in ("out.jsonl", "calm.toml", "my.toml"))
    calm.write_text("[head]\ngain = 0.5\n")
    mine.write_text(
        f'[control]\npresets = ["{calm.as_posix()}"]\nrecordings = "{tmp_path.as_posix()}"\n'
    )
    token = run("control", "token").stdout.strip()
    assert len(token) >= 32
    start(
        *("run", "--source", demo_clip(), "--loop", "--no-emotion", "--sink", f"jsonl:{out}"),
        *("--config", mine, "--control", http, "--control", osc, "--max-seconds", "60"),
    )
    deadline = time.monotonic() + 60
    while len(frames(out)) < 10:
        assert time.monotonic() < deadline
        time.sleep(0.1)

    def told(url: str, *words: str) -> str:
        answer = run("control", "send", url, *words)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    assert told(http, "preset", "next") == "preset calm is in force\n"
    assert "take.mcap" in told(osc, "record", "start", "take")
    assert told(osc, "freeze", "on") == "freeze on\n"
    seen = len(frames(out))
    while len(frames(out)) < seen + 10:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    last = [row["params"] for row in frames(out)[-5:]]
    assert all(params == last[0] for params in last), "a frozen avatar holds still"
    assert "wrote" in told(http, "record", "stop")
    refused = run("control", "send", http, "record", "stop")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "nothing is being recorded" in refused.stderr
    wrong = run("control", "send", osc, "freze")
    assert wrong.returncode == 2
    assert "did you mean 'freeze'?" in wrong.stderr
    replayed = run("replay", tmp_path / "take.mcap", "--sink", f"jsonl:{tmp_path / 're.jsonl'}")
    assert replayed.returncode == 0, replayed.stderr


def test_a_preset_that_is_faulty_ends_a_run_at_its_start(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[haed]\n")
    mine = tmp_path / "my.toml"
    mine.write_text(f'[control]\npresets = ["{(tmp_path / "bad.toml").as_posix()}"]\n')
    ended = run("run", "--source", demo_clip(), "--config", mine)
    assert ended.returncode == 2
    assert "bad.toml:1" in ended.stderr


def test_the_list_names_every_command_and_address(run: Run) -> None:
    listed = run("control", "list").stdout
    for wanted in ("/vtdrive/panic", "/command/panic", "expression NAME for SECONDS", "midi:NAME"):
        assert wanted in listed


def test_nobody_listens(run: Run) -> None:
    port = free_port(socket.SOCK_STREAM)
    sent = run("control", "send", f"http://127.0.0.1:{port}", "panic", "on")
    assert sent.returncode == 1
    assert f"start one with --control http://127.0.0.1:{port}" in sent.stderr


def test_config_check_reads_what_pads_do(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "my.toml"
    mine.write_text('[control.midi.notes]\n36 = "freze"\n')
    checked = run("config", "check", mine)
    assert checked.returncode == 2
    assert "[control.midi.notes] 36 = 'freze'" in checked.stderr
    assert "did you mean 'freeze'?" in checked.stderr
