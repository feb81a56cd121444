"""The slot, the worker, the governor, the statistics and the user's file."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.core.calibrate import NeutralPose
from vtdrive.errors import UsageError
from vtdrive.runtime.governor import Governor
from vtdrive.runtime.latest import Latest
from vtdrive.runtime.users import UserStore
from vtdrive.runtime.worker import Worker

S = 1_000_000_000


def test_the_clock_is_fine_where_monotonic_moves_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: frames that came 8 ms apart must not carry the same time."""
    monkeypatch.setattr(time, "monotonic_ns", lambda: 0)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    start_ns = SYSTEM_CLOCK.now_ns()
    SYSTEM_CLOCK.sleep_until(start_ns + 2_000_000)
    assert 2_000_000 <= SYSTEM_CLOCK.now_ns() - start_ns < 10 * S


def test_the_newest_wins_and_losses_are_counted() -> None:
    slot: Latest[int] = Latest()
    for i in range(5):
        slot.put(i)
    assert slot.take(0) == 4
    assert slot.take(0) is None
    assert slot.dropped == 4


def test_closing_wakes_a_waiting_taker() -> None:
    slot: Latest[int] = Latest()
    got: list[int | None] = []
    thread = threading.Thread(target=lambda: got.append(slot.take(60)))
    thread.start()
    slot.close()
    thread.join(10)
    assert got == [None]


def test_a_worker_hands_on_what_its_loop_raised() -> None:
    faults: list[BaseException] = []

    def loop(stop: threading.Event) -> None:
        raise ValueError("inside")

    with Worker("w", loop, on_failure=faults.append) as worker:
        worker.join()
    assert not worker.alive
    assert [str(fault) for fault in faults] == ["inside"]


def test_leaving_stops_and_joins_a_worker() -> None:
    def wait(stop: threading.Event) -> None:
        stop.wait(60)

    with Worker("w", wait, on_failure=lambda fault: None) as worker:
        assert worker.alive
    assert not worker.alive


class TestGovernor:
    def run(self, governor: Governor, seconds: int, lost: int, start: int = 0) -> None:
        """30 frames a second of which `lost` more were dropped."""
        dropped = start * lost
        for i in range(start * 30, (start + seconds) * 30 + 1):
            dropped += lost if i % 30 == 0 else 0
            governor.note(dropped=dropped, t_ns=i * S // 30)

    def test_it_halves_when_frames_are_lost_and_says_so(self) -> None:
        said: list[str] = []
        governor = Governor(10.0, said.append)
        self.run(governor, 3, lost=10)
        assert governor.rate_hz == pytest.approx(1.25)
        assert said[0] == "the CPU is short: emotion runs at 5 Hz of 10"

    def test_it_never_stops(self) -> None:
        governor = Governor(10.0, lambda text: None)
        self.run(governor, 60, lost=20)
        assert governor.rate_hz == 1.0

    def test_it_recovers_when_there_is_room(self) -> None:
        said: list[str] = []
        governor = Governor(10.0, said.append)
        self.run(governor, 2, lost=10)
        self.run(governor, 60, lost=0, start=2)
        assert governor.rate_hz == 10.0
        assert "there is room again" in said[-1]

    def test_a_few_losses_change_nothing(self) -> None:
        governor = Governor(10.0, lambda text: None)
        self.run(governor, 20, lost=1)
        assert governor.rate_hz == 10.0


class TestUserStore:
    def test_round_trip(self, tmp_path: Path) -> None:
        store, neutral = UserStore("me", folder=tmp_path), NeutralPose.typical()
        store.save(neutral)
        back = store.load()
        assert back is not None
        assert back.to_dict() == neutral.to_dict()

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"neutral": {"head_xyzw": [0, 0, 0, 0]}}'])
    def test_a_damaged_file_counts_as_none(self, tmp_path: Path, text: str) -> None:
        store = UserStore("me", folder=tmp_path)
        store.path.write_text(text)
        assert store.load() is None

    @pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 65, ".hidden"])
    def test_a_name_must_be_a_file_name(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UsageError):
            UserStore(name, folder=tmp_path)


def test_a_second_interrupt_waits_for_no_thread() -> None:
    release = threading.Event()

    def stuck(stop: threading.Event) -> None:
        release.wait(60)

    started = time.monotonic()
    with (
        pytest.raises(KeyboardInterrupt),
        Worker("stuck", stuck, on_failure=lambda fault: None, join_s=30),
    ):
        raise KeyboardInterrupt
    release.set()
    assert time.monotonic() - started < 10
