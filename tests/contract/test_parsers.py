"""What every parser of foreign bytes promises: to take what is sound and refuse the rest."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import PARSERS
from plain_faces import mutated

CORPUS = Path(__file__).parents[1] / "golden" / "corpus"
FUZZER = Path(__file__).parents[1] / "support" / "fuzz_parser.py"
FUZZ_S = 30
_MOST_BYTES = 24 << 20
"""Of memory for one packet: a few thousand times its size, and nothing like a bomb."""


def fed(name: str, data: bytes) -> None:
    parser = PARSERS[name]
    try:
        parser.feed(data)
    except parser.refuses():
        return


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_sound_is_taken(name: str) -> None:
    parser = PARSERS[name]
    taken = 0
    for seed in parser.seeds():
        try:
            taken += parser.feed(seed) is not None
        except parser.refuses():
            continue
    assert taken or name == "openseeface-in"  # its seed is a packet of zeros: nobody is there


@pytest.mark.parametrize("name", PARSERS)
def test_saved_ugly_bytes_do_no_harm(name: str) -> None:
    for path in sorted((CORPUS / name).glob("*.bin")):
        fed(name, path.read_bytes())


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=250, deadline=2000, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_are_taken_or_refused(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(PARSERS[name].seeds()))
    fed(name, data.draw(st.one_of(st.binary(max_size=200), mutated(seed))))


@pytest.mark.parametrize("name", PARSERS)
def test_memory_for_one_packet_is_bounded(name: str) -> None:
    ugly = [b"[" * 65_000, b'{"a":' * 10_000, b"9" * 65_000, b"|" * 65_000, b"=" * 65_000]
    fed(name, PARSERS[name].seeds()[0])
    tracemalloc.start()
    try:
        for data in (*ugly, *PARSERS[name].seeds()):
            fed(name, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _MOST_BYTES


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_fuzzer_finds_no_crash_and_no_hang(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed (.ci/run --full does so)")

    def fuzz(name: str) -> str:
        ended = subprocess.run(
            [sys.executable, str(FUZZER), name, str(FUZZ_S), str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=FUZZ_S + 60,
            check=False,
        )
        return "" if ended.returncode == 0 else f"{name}: {ended.stderr[-3000:]}"

    with ThreadPoolExecutor(max_workers=2) as pool:
        faults = [fault for fault in pool.map(fuzz, PARSERS) if fault]
    assert not faults
    assert not list(tmp_path.rglob("bad-*"))
