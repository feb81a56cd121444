"""Where every listener brings its commands: limited, done, and answered, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

from vtdrive.control.bucket import Buckets
from vtdrive.core.commands import CommandError, Preset, Record, Replay, parse_command
from vtdrive.errors import VtdriveError

__all__ = ["LIMITED", "Answer", "Desk", "Do", "State"]

Do = Callable[[str], str]
"""Does one command; a sentence of what was done. Raises VtdriveError. From any thread."""
State = Callable[[], Mapping[str, str | bool]]
"""What stands now, by name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command."""

    status: Literal["done", "wrong", "refused", "limited"]
    """`wrong`: no such command; `refused`: it cannot be done now; `limited`: too many at once."""
    said: str
    remedy: str = ""

    @property
    def done(self) -> bool:
        return self.status == "done"

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        return f"{self.said}; {self.remedy}" if self.remedy else self.said


_MOST_WAITING: Final = 8
LIMITED: Final = Answer("limited", "too many commands", "wait a second, and send fewer")


class Desk:
    """Takes commands from any thread. Never raises."""

    def __init__(
        self,
        do: Do,
        state: State = dict,
        *,
        clock_s: Callable[[], float] = time.monotonic,
        rate_hz: float = 10.0,
        burst: int = 20,
    ) -> None:
        self.state = state
        self._do = do
        self._clock_s = clock_s
        self._buckets = Buckets(rate_hz=rate_hz, burst=burst)
        self._lock = threading.Lock()
        self._room = threading.Semaphore(_MOST_WAITING)
        self._slow = ThreadPoolExecutor(1, "vtdrive-control-slow")

    def admits(self, sender: str) -> bool:
        """Whether `sender` may ask for something now; counts as asking."""
        with self._lock:
            return self._buckets.take(sender, self._clock_s())

    def ask(self, sender: str, text: str) -> Answer:
        """Have a command done for `sender`, within its limits."""
        if not self.admits(sender):
            return LIMITED
        return self.answer(text)

    def hand_in(self, text: str, answered: Callable[[Answer], None]) -> None:
        """Have a command done that was admitted already; `answered` is called here or later.

        What may take long (files, other programs) waits its turn in a thread of its own, so that
        a panic never waits behind it.
        """
        if not _may_take_long(text):
            answered(self.answer(text))
        elif self._room.acquire(blocking=False):
            self._slow.submit(self._take_turn, text, answered)
        else:
            answered(Answer("refused", "still busy with what was asked before", "wait a moment"))

    def _take_turn(self, text: str, answered: Callable[[Answer], None]) -> None:
        try:
            answered(self.answer(text))
        finally:
            self._room.release()

    def close(self) -> None:
        """Nothing more is done later."""
        self._slow.shutdown(wait=False, cancel_futures=True)

    def answer(self, text: str) -> Answer:
        """Have a command done that was admitted already."""
        try:
            return Answer("done", self._do(text))
        except CommandError as fault:
            return Answer("wrong", fault.what, fault.remedy)
        except VtdriveError as fault:
            return Answer("refused", fault.what, fault.remedy)
        except Exception as fault:  # a fault of ours must not silence the pads for the whole stream
            return Answer("refused", f"vtdrive broke on it: {fault!r}", "please report this")


def _may_take_long(text: str) -> bool:
    try:
        return isinstance(parse_command(text), Preset | Record | Replay)
    except CommandError:
        return False
