"""The one queue there is: for recorders, which want every frame and not the newest."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

__all__ = ["Fifo"]

T = TypeVar("T")


class Fifo(Generic[T]):
    """At most `most` items in order, with the verbs of `Latest`.

    `put` waits up to `patience_s` for room; what finds none is lost and counted. A taker that let
    one item wait in vain is waited for no more until it takes something.
    """

    def __init__(self, most: int, *, patience_s: float = 0.0) -> None:
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._most = most
        self._patience_s = patience_s
        self._stuck = False
        self._closed = False
        self.dropped = 0
        """Items that found no room."""

    def put(self, item: T) -> None:
        """Append `item` if there is room, or will be in time."""
        with self._changed:
            if self._full and self._patience_s > 0 and not self._stuck and not self._closed:
                self._changed.wait_for(
                    lambda: not self._full or self._closed, timeout=self._patience_s
                )
                self._stuck = self._full
            if self._full or self._closed:
                self.dropped += 1
                return
            self._items.append(item)
            self._changed.notify_all()

    def take(self, timeout_s: float | None = None) -> T | None:
        """The oldest item, or None after `timeout_s` or once closed and empty."""
        with self._changed:
            if not self._items and not self._closed:
                self._changed.wait(timeout_s)
            if not self._items:
                return None
            self._stuck = False
            self._changed.notify_all()
            return self._items.popleft()

    def close(self) -> None:
        """Nothing more comes in; what is there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take now."""
        return not self._items

    @property
    def waiting(self) -> int:
        """Items that can be taken now."""
        return len(self._items)

    @property
    def missing(self) -> int:
        """Items that no taker has got so far."""
        return self.dropped + len(self._items)

    @property
    def _full(self) -> bool:
        return len(self._items) >= self._most
