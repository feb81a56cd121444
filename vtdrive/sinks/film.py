"""The avatar as a film."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.sinks.film import FilmSink
from vtdrive.core.driver import REST
from vtdrive.errors import SinkError
from vtdrive.render.film.child import FilmJob
from vtdrive.render.film.encoding import FilmSpec, check_film, film_path, place_of
from vtdrive.render.film.process import FilmProcess
from vtdrive.render.film.reel import Moment
from vtdrive.render.film.scene import AvatarScene, Scene
from vtdrive.sinks.base import SinkStats
from vtdrive.types import AvatarFrame, Profile, RigSchema

__all__ = ["TITLE", "FilmOutput"]

_NO_BLUR: Final = "films hold no camera pictures: background blur is left out, give it a colour"
TITLE: Final = "vtdrive"
"""What films say they are."""


class FilmOutput:
    """Films every frame, in the time of capture, at a constant rate.

    Painting and encoding happen in a process of its own at low priority; the same frames give the
    same bytes. `close` waits for its end; `stats.note` then says what lies where.
    """

    slow = True
    every_frame = True

    def __init__(
        self, table: FilmSink, look: AvatarConfig | None = None, *, scene: Scene | None = None
    ) -> None:
        """`scene` is filmed instead of the avatar alone. Raises SinkUnusable for an unknown kind
        of film."""
        look = look or AvatarConfig()
        path = film_path(table.path, datetime.now().astimezone())
        self._spec = FilmSpec(
            path=path,
            width=look.width,
            height=look.height,
            fps=table.fps,
            quality=table.quality,
            overwrite=table.overwrite,
            title=TITLE,
        )
        self._scene = scene or AvatarScene(look)
        self._lacks = _lacking(look)
        self._film: FilmProcess | None = None
        self.name = f"file {path}"
        self.target = f"file:{place_of(path).absolute()}"
        self.profile = Profile()
        self.stats = SinkStats()

    @property
    def written(self) -> str:
        """Where the film lies, once it is closed; empty where there is none."""
        return "" if self._film is None else self._film.path

    def open(self, schema: RigSchema) -> None:
        """Start the film's process, which takes a second. A film knows no names, so that it goes
        on when they change."""
        if self._film is not None:
            return
        check_film(self._spec.path, overwrite=self._spec.overwrite)
        film = FilmProcess(FilmJob(self._spec, self._scene))
        try:
            film.start()
        except SinkError as fault:
            self.stats.last_error, self.stats.remedy = fault.what, fault.remedy
            raise
        self._film = film
        self.stats.note = self._lacks

    def send(self, frame: AvatarFrame) -> None:
        """Film one frame; waits where painting is behind."""
        film = self._film
        if film is None:
            raise SinkError(f"{self.name}: not open", "wait for it to be opened again")
        if REST in frame.commands:
            # The end of a run, not a part of what was performed.
            return
        moment = self._moment(frame)
        if moment is None:
            return
        film.add(moment)
        self.stats.frames += 1
        self.stats.bytes_sent = film.bytes_written
        self.stats.note = film.warning or self._lacks

    def relook(self, look: AvatarConfig) -> None:
        """Another look from the next frame on, in pictures of the same size; from any thread."""
        if self._film is not None and self._film.fault is None:
            self._film.use(look)
            self._lacks = _lacking(look)

    def close(self) -> None:
        """Wait until the film is complete."""
        film = self._film
        if film is None:
            return
        film.finish()
        stats = self.stats
        stats.bytes_sent, stats.note = film.bytes_written, film.note
        if film.fault is not None:
            stats.last_error, stats.remedy = film.fault.what, film.fault.remedy

    def _moment(self, frame: AvatarFrame) -> Moment | None:
        """What of the frame is filmed; None where it is not."""
        return Moment(frame.t_ns, frame.state)


def _lacking(look: AvatarConfig) -> str:
    return _NO_BLUR if look.background.strip() == "blur" else ""
