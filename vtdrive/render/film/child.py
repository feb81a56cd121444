"""The process that paints and encodes a film: `python -m vtdrive.render.film.child`.

Standard input brings pickles: a `FilmJob`, then moments and looks. Its end is the end of the film,
also where the parent died. Standard output takes reports, one JSON object a line.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from vtdrive.config.avatar import AvatarConfig
from vtdrive.errors import VtdriveError
from vtdrive.render.film.encoding import Encoder, FilmSpec, open_encoder, write_error
from vtdrive.render.film.reel import Moment, Reel
from vtdrive.render.film.scene import Scene

__all__ = ["FilmJob", "Report", "film", "received"]

Report = dict[str, object]
_REPORT_S: Final = 0.25
_NICER: Final = 5
"""Added to the process' niceness: what is live goes first."""


@dataclass(frozen=True, slots=True)
class FilmJob:
    """What is to be filmed."""

    spec: FilmSpec
    scene: Scene


def film(
    job: FilmJob, messages: Iterator[Moment | AvatarConfig], tell: Callable[[Report], None]
) -> None:
    """Make the film of `messages`. What goes wrong is told: a report with `what` and `remedy`."""
    spec, scene, encoder = job.spec, job.scene, None
    with contextlib.ExitStack() as stack:
        try:
            stack.callback(scene.close)
            scene.open()
            encoder = open_encoder(spec)
            tell({"ready": True})
            reel = _painted(job, messages, encoder, tell)
            # Before the end is written, which may take a while.
            tell({"pictures": reel.pictures, "bytes": encoder.bytes_written})
            tell(_summary(spec, encoder.finish(), reel))
        except VtdriveError as fault:
            _salvage(encoder)
            tell({"what": fault.what, "remedy": fault.remedy})
        except OSError as fault:
            error = write_error(spec.path, fault, _salvage(encoder))
            tell({"what": error.what, "remedy": error.remedy})
        except Exception as fault:  # it has no caller who could be told otherwise
            left = _salvage(encoder)
            kept = f"; what was filmed so far is in {left}" if left else ""
            tell({"what": f"the film broke: {fault!r}{kept}", "remedy": "please report this"})


def _painted(
    job: FilmJob,
    messages: Iterator[Moment | AvatarConfig],
    encoder: Encoder,
    tell: Callable[[Report], None],
) -> Reel:
    reel = Reel(job.spec.fps)
    due_s = 0.0

    def paint(moments: Iterator[Moment]) -> None:
        nonlocal due_s
        for moment in moments:
            encoder.write(job.scene.paint(moment, reel.pictures - 1))
            if time.monotonic() >= due_s:
                due_s = time.monotonic() + _REPORT_S
                tell({"pictures": reel.pictures, "bytes": encoder.bytes_written})

    for message in messages:
        if isinstance(message, Moment):
            paint(reel.add(message))
        else:
            try:
                job.scene.use(message)
            except VtdriveError as fault:
                tell({"warning": f"the film keeps its look: {fault.what}"})
    paint(reel.end())
    return reel


def _summary(spec: FilmSpec, path: Path | None, reel: Reel) -> Report:
    if path is None:
        return {"note": "", "path": "", "pictures": 0, "bytes": 0}
    files = [path] if path.is_file() else [file for file in path.iterdir() if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    note = (
        f"wrote {path}: {reel.pictures / spec.fps:.1f} s, {reel.pictures} pictures of"
        f" {spec.width}x{spec.height} at {spec.fps:g} fps, {size / 1e6:.1f} MB"
    )
    if reel.cuts:
        note += f"; {reel.cuts} gaps of over 10 minutes were cut out"
    return {"note": note, "path": str(path), "pictures": reel.pictures, "bytes": size}


def _salvage(encoder: Encoder | None) -> Path | None:
    return None if encoder is None else encoder.salvage()


def received(stream: BinaryIO) -> Iterator[Moment | AvatarConfig]:
    """What the parent sends, until it closes the pipe or dies, be it in the middle of a word."""
    while True:
        try:
            message: Moment | AvatarConfig = pickle.load(stream)
        except (EOFError, pickle.UnpicklingError, OSError):
            return
        yield message


def _main() -> None:
    # The parent decides when it is over; it gets the same Ctrl-C, and so does its own death tell.
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)
    _step_back()
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Libraries that print must not garble the reports.
    os.dup2(2, 1)

    def tell(report: Report) -> None:
        with contextlib.suppress(OSError, ValueError):
            reports.write(json.dumps(report) + "\n")
            reports.flush()

    job: FilmJob = pickle.load(sys.stdin.buffer)
    film(job, received(sys.stdin.buffer), tell)


def _step_back() -> None:
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        if os.name == "nt":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(_NICER)


if __name__ == "__main__":
    # Pickles name this module as it is imported, not as it is run.
    from vtdrive.render.film.child import _main as main

    main()
