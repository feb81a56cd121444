"""One port, one sender: two apps that track at once would make the avatar tremble."""

from __future__ import annotations

from typing import Final

__all__ = ["OneSender"]

_LIVES_NS: Final = 1_000_000_000
_PROVEN: Final = 3
_REMEMBERED: Final = 16


class OneSender:
    """Picks the sender to listen to: the first, until it has been silent for a second.

    Senders are endpoints, address and port. One holds its place once it sent three packets: apps
    that take a new port for each packet never do, and are listened to as long as they are alone.
    """

    def __init__(self) -> None:
        self.leader = ""
        """Whom it listens to; '' before the first packet."""
        self.is_new = False
        """Whether the last packet taken began another stream than the one before."""
        self._heard_ns = 0
        self._counts: dict[str, int] = {}

    def takes(self, sender: str, t_ns: int) -> bool:
        """Whether to read a packet from `sender`, which arrived at `t_ns`."""
        count = self._counts[sender] = self._counts.pop(sender, 0) + 1
        if len(self._counts) > _REMEMBERED:
            del self._counts[next(iter(self._counts))]
        self.is_new = not self.leader or t_ns - self._heard_ns > _LIVES_NS
        if sender != self.leader and not self.is_new:
            others = self._counts.get(self.leader, 0)
            if others >= _PROVEN or count < others:
                return False
        self.leader, self._heard_ns = sender, t_ns
        return True
