"""The moving picture of the docs: the demo's film, shortened and shrunk to an animated WebP.

python -m benchmarks.demo_picture [--film demo.mp4] [--out docs/images/demo.webp]

Without `--film` the film is made first, of every frame of the clip, which takes a minute or two.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from vtdrive.demo import load_truth
from vtdrive.render.film.encoding import FilmSpec, open_encoder
from vtdrive.types import U8

OUT: Final = Path(__file__).parent.parent / "docs" / "images" / "demo.webp"
LARGEST_BYTES: Final = 2_000_000
SIZE: Final = (960, 360)
FPS: Final = 12.0
QUALITIES: Final = (70, 60, 50, 42, 35, 28, 22)
SHOWN: Final = (
    ("rest", 1.4, 2.4),
    ("wink_left", 0.2, 1.4),
    ("wink_right", 0.2, 1.4),
    ("gaze", 0.0, 2.4),
    ("head", 1.2, 5.4),
    ("talking", 0.6, 2.6),
    ("surprise", 0.0, 2.6),
)
"""Passage of the clip, and from when to when in it, in seconds."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", type=Path)
    parser.add_argument("--avatar", default="mimi")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        film = asked.film or filmed(Path(folder) / "demo.mp4", asked.avatar)
        pictures = list(chosen(film))
    for quality in QUALITIES:
        size = written(asked.out, pictures, quality)
        print(f"quality {quality}: {len(pictures)} pictures, {size / 1e6:.2f} MB")
        if size <= LARGEST_BYTES:
            return 0
    print(f"{asked.out} is larger than {LARGEST_BYTES / 1e6:g} MB")
    return 1


def filmed(path: Path, avatar: str) -> Path:
    """The demo's film, made as fast as the clip can be tracked."""
    from vtdrive.cli.demo import chosen_config
    from vtdrive.cli.perform import perform
    from vtdrive.config.load import load_config
    from vtdrive.sinks.demo_film import DemoFilm

    config = load_config([], overrides=chosen_config([], avatar, fast=True))
    film = DemoFilm(path, avatar=avatar, overwrite=False, optional=False)
    perform(config, view="quiet", title="", user=None, extra=[film])
    return path


def chosen(film: Path) -> Iterator[U8]:
    """(H, W, 4) opaque, what is shown of the film."""
    import av

    truth = load_truth()
    wanted: list[float] = []
    for name, start_s, end_s in SHOWN:
        begin_s = truth.passages[name][0] / truth.fps
        wanted += np.arange(begin_s + start_s, begin_s + end_s, 1 / FPS).tolist()
    due = iter(sorted(wanted))
    next_s = next(due, None)
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            if next_s is None:
                return
            if frame.time + 0.5 / truth.fps < next_s:
                continue
            next_s = next(due, None)
            small = cv2.resize(frame.to_ndarray(format="rgb24"), SIZE, interpolation=cv2.INTER_AREA)
            opaque: U8 = cv2.cvtColor(small, cv2.COLOR_RGB2RGBA)
            yield opaque


def written(path: Path, pictures: Sequence[U8], quality: int) -> int:
    """How large the picture has become."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = SIZE
    encoder = open_encoder(FilmSpec(path, width, height, FPS, quality=quality, overwrite=True))
    for picture in pictures:
        encoder.write(picture)
    encoder.finish()
    return path.stat().st_size


if __name__ == "__main__":
    raise SystemExit(main())
