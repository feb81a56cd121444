"""The seam that listeners for commands implement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from vtdrive.errors import UsageError
from vtdrive.listening import listen_remedy

__all__ = ["Listener", "Tell", "in_use"]

Tell = Callable[[str], None]
"""Takes a sentence for the user; from any thread."""
_REMEDY: Final = "choose another port, or end the program that has it"


class Listener(Protocol):
    """Brings commands from outside to a `Desk`, in threads of its own.

    `close` is called exactly once, also after a failed `open`, and does not raise.
    """

    name: str
    """For the user: `osc 127.0.0.1:9010`."""

    def open(self) -> None:
        """Begin to listen; raises UsageError where that can never work."""

    def close(self) -> None:
        """Listen no more; returns once its threads have ended."""


def in_use(name: str, fault: OSError) -> UsageError:
    """What to tell of a port that cannot be had."""
    why = (fault.strerror or str(fault)).lower()
    return UsageError(
        f"control {name}: cannot listen there: {why}", listen_remedy(fault, taken=_REMEDY)
    )
