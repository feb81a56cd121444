"""How often somebody may ask: a token bucket for each sender, and one for all of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["Buckets"]

_MOST_SENDERS: Final = 256


class Buckets:
    """`burst` at once, then `rate_hz` a second, for each sender; four times that for all.

    The least recent senders are forgotten beyond 256, so that made-up addresses fill no memory;
    the bucket of all bounds what those can ask. One thread at a time.
    """

    def __init__(self, *, rate_hz: float = 10.0, burst: int = 20) -> None:
        self._rate_hz, self._burst = rate_hz, burst
        self._of: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._all = (4.0 * burst, 0.0)

    def take(self, sender: str, now_s: float) -> bool:
        """Whether `sender` may ask now; a question that is refused costs nothing."""
        level = self._filled(self._of.get(sender, (float(self._burst), now_s)), now_s, 1)
        of_all = self._filled(self._all, now_s, 4)
        allowed = level >= 1.0 and of_all >= 1.0
        self._of[sender] = (level - allowed, now_s)
        self._of.move_to_end(sender)
        self._all = (of_all - allowed, now_s)
        while len(self._of) > _MOST_SENDERS:
            self._of.popitem(last=False)
        return allowed

    def _filled(self, bucket: tuple[float, float], now_s: float, times: int) -> float:
        level, at_s = bucket
        return min(times * self._burst, level + max(0.0, now_s - at_s) * times * self._rate_hz)
