"""The seam through which an expression classifier enters."""

from __future__ import annotations

from typing import Protocol

from vtdrive.types import Emotion, Face, VideoFrame

__all__ = ["Classifier"]


class Classifier(Protocol):
    """Reads the expression of one face in one picture. Knows nothing of time or smoothing.

    The caller: makes all calls from one thread; calls `open` once and `close` exactly once, also
    after a failed `open`; hands `classify` a face that was found in that very frame; watches for
    NaN in `probs` (counts it and keeps the last good value).

    The implementation: imports heavy packages in `open`, not before; leaves frame and face
    unchanged; depends on nothing but its two arguments, so that the same two give the same answer;
    never blocks on anything but its own computing; uses at most one core, whatever a provider that
    the user chose takes of a GPU.
    """

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on what is read otherwise than asked, oldest first.

        Empty before `open`; grows only. Nothing that the user cannot act on belongs here.
        """
        ...

    def open(self) -> None:
        """Loads and warms up, so that the first `classify` is as fast as any.

        Raises ModelError when a file is missing, altered or does not fit its card.
        """
        ...

    def classify(self, frame: VideoFrame, face: Face) -> Emotion:
        """Unsmoothed probabilities; `t_ns` is the frame's, never the time of computing.

        A face that cannot be cropped (landmarks not finite) and a network that yields NaN both
        come back as NaN in every entry of `probs`, not as an exception: one bad frame is data.
        Raises ModelError when the network itself fails, after which only `close` may be called.
        """
        ...

    def close(self) -> None:
        """Frees the model. Never raises."""
        ...
