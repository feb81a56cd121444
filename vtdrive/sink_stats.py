"""What an output counts and says of itself, for sinks and for the pictures' outputs alike."""

from __future__ import annotations

__all__ = ["SinkStats"]


class SinkStats:
    """What one sink did so far; read from any thread, written by the sink alone."""

    __slots__ = (
        "bytes_sent", "connected", "dropped", "frames", "last_error", "note", "packets", "remedy",
    )  # fmt: skip

    def __init__(self) -> None:
        self.frames = 0
        self.packets = 0
        self.bytes_sent = 0
        self.dropped = 0
        """Datagrams the system had no room for."""
        self.last_error = ""
        """What is wrong now, for the user; empty again once it is mended."""
        self.remedy = ""
        """What the user can do about it."""
        self.connected: bool | None = None
        """Whether the receiver is known to listen; None where the protocol cannot tell."""
        self.note = ""
        """What the user should know though nothing is wrong: who can reach a listener, say."""
