"""The demo as a film: the clip with its face mesh, what was read from it, the avatar."""

from __future__ import annotations

from pathlib import Path

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.sinks.film import FilmSink
from vtdrive.demo import CAPTION, demo_clip, load_truth
from vtdrive.errors import VtdriveError
from vtdrive.render.film.reel import Moment
from vtdrive.sinks.film import TITLE, FilmOutput
from vtdrive.types import AvatarFrame, RigSchema

__all__ = ["DemoFilm", "is_demo_film"]

_QUALITY = 72


class DemoFilm(FilmOutput):
    """Films one pass of the demo clip, in the clip's own time and with all of its pictures, however
    many of them were tracked."""

    def __init__(self, path: Path, *, avatar: str, overwrite: bool, optional: bool) -> None:
        """`optional`: where it cannot be made that is told, and the demo plays all the same.

        Raises SinkUnusable for an unknown kind of film, SourceError where the clip is gone.
        """
        from vtdrive.render.side_by_side.scene import HEIGHT, WIDTH, SideBySide

        truth = load_truth()
        self._fps, self._length = truth.fps, len(truth.values)
        table = FilmSink(path=str(path), fps=truth.fps, quality=_QUALITY, overwrite=overwrite)
        look = AvatarConfig(width=WIDTH, height=HEIGHT)
        super().__init__(table, look, scene=SideBySide(demo_clip(), avatar, caption=CAPTION))

        self._optional = optional
        self._without = False

    def open(self, schema: RigSchema) -> None:
        if self._without:
            return
        try:
            super().open(schema)
        except VtdriveError as fault:
            if not self._optional:
                raise
            self._without = True
            self.stats.last_error = f"no film: {fault.what}"
            self.stats.remedy = fault.remedy

    def send(self, frame: AvatarFrame) -> None:
        if not self._without:
            super().send(frame)

    def relook(self, look: AvatarConfig) -> None:
        """It stays as it is."""

    def _moment(self, frame: AvatarFrame) -> Moment | None:
        track = frame.track
        if track is None or not 0 <= track.seq < self._length:
            return None
        t_ns = round(track.seq * 1e9 / self._fps)
        if track.face is None:
            return Moment(t_ns, frame.state)
        return Moment(t_ns, frame.state, track.face.landmarks_px)


def is_demo_film(path: Path) -> bool:
    """Whether the file is a film of ours, and not something else with its name."""
    import av

    try:
        with av.open(str(path)) as container:
            return bool(container.metadata.get("title") == TITLE)
    except (av.error.FFmpegError, OSError):
        return False
