"""Showing a run: a live dashboard, plain lines, or nothing but what matters."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

from vtdrive.cli.keys import key_reader
from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.driver import TAKE_NEUTRAL
from vtdrive.runtime.session import Session
from vtdrive.sources.base import Obtained
from vtdrive.types import AvatarFrame
from vtdrive.vocab import EMOTIONS

__all__ = ["Show", "View", "forced_marks"]

View = Literal["live", "lines", "quiet"]
_DRAW_HZ: Final = 8
_LINE_S: Final = 2.0
_KEYS: Final = {"f": "freeze toggle", "p": "panic toggle", "e": "emotion toggle"}
_NOTABLE: Final = 0.2
"""Log-odds taken off a resting expression that nobody would notice."""


class Show:
    """The listener of a run, and what the main thread does meanwhile."""

    def __init__(
        self,
        view: View,
        *,
        title: str,
        on_neutral: Callable[[NeutralPose], None],
        neutral: NeutralPose | None = None,
    ) -> None:
        """`neutral` is the one that the run begins with."""
        self._view = view
        self._title = title
        self._save = on_neutral
        self._events: deque[str] = deque(maxlen=50)
        self._drawing = False
        self._unsaved: NeutralPose | None = None
        self._neutral = neutral
        self._asked = False
        self.frame: AvatarFrame | None = None
        self.obtained: Obtained | None = None

    def on_event(self, sentence: str) -> None:
        self._events.append(sentence)
        if not self._drawing:
            # Whoever read this may have gone: no reason for the avatar to stop.
            with contextlib.suppress(OSError):
                # With its end in it: several threads tell, and a separate one would be parted.
                print(f"vtdrive: {sentence}\n", end="", file=sys.stderr, flush=True)

    def on_open(self, obtained: Obtained | None) -> None:
        self.obtained = obtained
        if obtained is not None:
            self.on_event(f"source: {described(obtained)}")
            for note in obtained.notes:
                self.on_event(note)

    def on_frame(self, frame: AvatarFrame) -> None:
        self.frame = frame

    def on_neutral(self, neutral: NeutralPose) -> None:
        rest = _rest_read(neutral, self._neutral, asked=self._asked)
        self.on_event(f"neutral taken: this is how you look straight ahead{rest} (n takes it anew)")
        self._neutral, self._asked = neutral, False
        # Written by the main thread: a slow home folder must not stall the avatar.
        self._unsaved = neutral

    def follow(self, session: Session, stop: threading.Event, over: threading.Event) -> None:
        """Until the run is over: draw, and read keys. From the main thread."""
        with key_reader() as read_key:

            def attend(seconds: float) -> None:
                self._save_neutral()
                key = read_key(seconds)
                if key in ("n", "N"):
                    self._asked = True
                    session.command(TAKE_NEUTRAL)
                    self.on_event("hold still, relax your face and look straight ahead")
                elif key.lower() in _KEYS:
                    session.command(_KEYS[key.lower()])
                elif key in ("q", "Q"):
                    stop.set()

            if self._view == "live":
                # Where the window was closed nobody looks any more; the avatar goes on to its end.
                with contextlib.suppress(OSError):
                    self._draw(session, attend, over)
                self._view = "quiet"
            self._print(session, attend, over)
        self._save_neutral()

    def _save_neutral(self) -> None:
        neutral, self._unsaved = self._unsaved, None
        if neutral is not None:
            self._save(neutral)

    def _draw(
        self, session: Session, attend: Callable[[float], None], over: threading.Event
    ) -> None:
        from rich.console import Console, Group
        from rich.live import Live

        from vtdrive.cli.bars import dashboard
        from vtdrive.cli.input_rows import input_rows
        from vtdrive.cli.sink_rows import SinkRows

        rows = SinkRows()
        self._drawing = True
        try:
            with Live(console=Console(), auto_refresh=False, transient=True) as live:
                while not over.is_set():
                    attend(1 / _DRAW_HZ)
                    if self.frame is not None:
                        live.update(
                            dashboard(
                                self.frame,
                                session.stats,
                                Group(
                                    rows(session.outlets.all),
                                    input_rows(session.inlets.all, session.driver.mixer.drives),
                                ),
                                list(self._events),
                                title=self._title,
                                emotion_hz=session.governor.rate_hz,
                                taking=session.taking,
                                forced=forced_marks(session),
                            ),
                            refresh=True,
                        )
        finally:
            self._drawing = False
            with contextlib.suppress(OSError):
                for sentence in list(self._events):
                    print(f"vtdrive: {sentence}", file=sys.stderr)

    def _print(
        self, session: Session, attend: Callable[[float], None], over: threading.Event
    ) -> None:
        due, said = time.monotonic() + _LINE_S, None
        while not over.is_set():
            attend(0.1)
            if self._view != "lines" or self.frame is None or time.monotonic() < due:
                continue
            due += _LINE_S
            # Not while nothing moves any more, and recorders are waited for.
            if self.frame is not said:
                from vtdrive.cli.bars import status_line

                said = self.frame
                line = status_line(self.frame, session.stats, session.outlets.all)
                line += "".join(f"  {i.name}: {i.state()}" for i in session.inlets.all)
                try:
                    print(line, flush=True)
                except OSError:
                    # Nobody reads any more; the avatar does not depend on it.
                    self._view = "quiet"


def _rest_read(new: NeutralPose, old: NeutralPose | None, *, asked: bool) -> str:
    """What a new neutral says of the resting expression, to follow "straight ahead"."""
    before = None if old is None else old.emotion
    if new.emotion is None or new.emotion is before:
        return "; your resting expression was not read and stays as it was" if asked else ""
    names = [name for name, by in zip(EMOTIONS, new.emotion, strict=True) if by > _NOTABLE]
    if not names:
        return ", and at rest you look calm"
    return f", and what looks like {' and '.join(names)} in your resting face is taken off"


def forced_marks(session: Session) -> str:
    """What the avatar shows by command, in words."""
    overrides = session.driver.overrides
    shown = overrides.forcing.shown
    marks = (
        ("PANIC", overrides.panic),
        ("FROZEN", overrides.frozen),
        ("" if shown is None else EMOTIONS[shown], shown is not None),
        ("emotion off", overrides.forcing.off),
    )
    return " · ".join(mark for mark, on in marks if on)


def described(obtained: Obtained) -> str:
    """What the source really delivers."""
    fps = f"{obtained.fps:.3g} fps" if obtained.fps else "unknown rate"
    parts = [f"{obtained.width}x{obtained.height}", fps, obtained.pixel_format, obtained.backend]
    return f"{obtained.name}: {', '.join(part for part in parts if part)}"
