"""Making a film, in this process: what is told, and what is left where it went wrong."""

from __future__ import annotations

import errno
import io
import pickle
from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import pytest
from film_scenes import BrokenScene, DiscScene
from plain_states import plain_state as state

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.film.child import FilmJob, Report, film, received
from vtdrive.render.film.encoding import FilmSpec
from vtdrive.render.film.reel import Moment
from vtdrive.render.film.scene import Scene
from vtdrive.testing import ticks
from vtdrive.types import U8


def moments(seconds: float, *, fps: float = 30.0) -> list[Moment]:
    return [Moment(t_ns, state(t_ns * 1e-9 / seconds)) for t_ns in ticks(seconds, fps=fps)]


def filmed(
    path: Path,
    messages: Iterable[Moment | AvatarConfig],
    scene: Scene | None = None,
    *,
    fps: float = 30.0,
) -> list[Report]:
    told: list[Report] = []
    job = FilmJob(FilmSpec(path, 64, 64, fps), scene or DiscScene(64, 64))
    film(job, iter(messages), told.append)
    return told


def test_half_the_frames_give_a_film_as_long(tmp_path: Path) -> None:
    told = filmed(tmp_path / "a.webm", moments(1.0, fps=15), fps=50.0)
    assert told[0] == {"ready": True}
    assert str(told[-1]["note"]).startswith(f"wrote {tmp_path / 'a.webm'}: 1.0 s, 50 pictures")
    with av.open(str(tmp_path / "a.webm")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 50


def test_an_avatar_that_cannot_be_loaded_is_told_in_its_own_words(tmp_path: Path) -> None:
    (told,) = filmed(tmp_path / "a.mp4", moments(1.0), BrokenScene())
    assert "there is no group 'hed'" in str(told["what"])
    assert "head" in str(told["remedy"])
    assert list(tmp_path.iterdir()) == []


def test_a_film_that_breaks_says_so_and_keeps_what_there_is(tmp_path: Path) -> None:
    told = filmed(tmp_path / "a.mp4", moments(3.0), BrokenScene(at=80))
    assert "ValueError('a bug')" in str(told[-1]["what"])
    assert str(tmp_path / "a.mp4") in str(told[-1]["what"])
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 80


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    class Full(DiscScene):
        def paint(self, moment: Moment, picture: int) -> U8:
            if picture == 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().paint(moment, picture)

    told = filmed(tmp_path / "a.png", moments(1.0), Full(64, 64))
    assert "the disk is full; what was filmed so far is in" in str(told[-1]["what"])
    assert len(list((tmp_path / "a").iterdir())) == 3


def test_nothing_is_left_where_no_frame_came(tmp_path: Path) -> None:
    told = filmed(tmp_path / "a.mp4", [])
    assert told[-1] == {"note": "", "path": "", "pictures": 0, "bytes": 0}
    assert list(tmp_path.iterdir()) == []


def test_another_look_holds_from_the_next_frame_on(tmp_path: Path) -> None:
    performed = moments(0.5)
    filmed(tmp_path / "a.png", [*performed[:8], AvatarConfig(zoom=2.0), *performed[8:]])
    names = sorted((tmp_path / "a").iterdir())
    assert len(names) == 15
    first, last = (cv2.imread(str(names[i])) for i in (7, 14))
    assert first is not None
    assert last is not None
    assert first[..., 2].max() > 200 > 100 > first[..., 0].max()
    assert last[..., 0].max() > 200 > 100 > last[..., 2].max()


@pytest.mark.parametrize("lost", [0, 1, 40])
def test_a_parent_that_dies_in_a_word_ends_the_film(tmp_path: Path, lost: int) -> None:
    words = [pickle.dumps(moment) for moment in moments(0.4)]
    stream = io.BytesIO(b"".join(words)[: -lost or None])
    filmed(tmp_path / "a.png", received(stream))
    assert len(list((tmp_path / "a").iterdir())) == (12 if not lost else 11)
