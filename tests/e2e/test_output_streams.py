"""The avatar does not depend on who reads the program's words, nor on how they are spelt."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import Receiver, Run

from vtdrive.demo import demo_clip

pytestmark = pytest.mark.slow  # it waits much

RUN = ("run", "--source", str(demo_clip()), "--no-emotion", "--max-seconds", "3")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("words", [("check",), ("run", "--source", "missing.mp4"), ("--help",)])
def test_an_encoding_without_our_signs_costs_signs_only(
    home: dict[str, str], words: tuple[str, ...], encoding: str
) -> None:
    """Windows spells what goes to a file or another program in cp1252."""
    done = subprocess.run(
        [sys.executable, "-m", "vtdrive", *words],
        env=home | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.stdout + done.stderr


def test_status_lines_in_a_narrow_encoding_do_not_end_a_run(
    home: dict[str, str], receiver: Receiver
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vtdrive", *RUN, "--sink", receiver.url],
        env=home | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
    assert "LIVE" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a shell that closes streams is needed")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_keep_it_from_running(
    home: dict[str, str], receiver: Receiver, closed: str
) -> None:
    line = f'exec "$0" -m vtdrive "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, *RUN, "--sink", receiver.url],
        env=home,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert len(receiver.packets) > 100


def test_a_reader_of_messages_that_ends_does_not_end_the_run(
    home: dict[str, str], receiver: Receiver
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "vtdrive", *RUN, "--quiet", "--sink", receiver.url],
        env=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    process.stderr.close()
    process.wait(timeout=30)
    assert len(receiver.packets) > 150


@pytest.mark.parametrize("verb", ["run", "demo", "bench"])
def test_an_endless_time_is_no_time(run: Run, verb: str) -> None:
    done = run(verb, "--max-seconds", "inf")
    assert done.returncode == 2
    assert "max-seconds" in done.stderr
