"""The bundled demo clip and the true value of every channel in each of its frames."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from vtdrive.assets import data_dir
from vtdrive.errors import SourceError, SourceNotFound
from vtdrive.types import F32, frozen

__all__ = ["CAPTION", "Truth", "demo_clip", "load_truth"]

CAPTION: Final = "NASA portrait, public domain, animated by us"
"""Whose face it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What was animated, frame by frame, relative to the portrait at rest (which smiles)."""

    fps: float
    names: tuple[str, ...]
    """The 52 of `vocab.SHAPES`, then `head_*_rad`, `gaze_*_rad` (signs as in `vtdrive.spaces`) and
    `smile_release`: how much of the resting smile is taken away, 0..1."""
    values: F32
    """(N, C) in `names` order; one row for each frame of the clip."""
    passages: Mapping[str, tuple[int, int]]
    """name -> [start, end) in frames, in the order in which they play."""

    def column(self, name: str) -> F32:
        """(N,) one channel over the whole clip; KeyError where there is none of that name."""
        if name not in self.names:
            raise KeyError(name)
        return self.values[:, self.names.index(name)]

    def during(self, passage: str) -> slice:
        """The frames of a passage, as an index; KeyError where there is none of that name."""
        return slice(*self.passages[passage])


def demo_clip() -> Path:
    """The clip's path; SourceNotFound where it is missing."""
    return _present("demo.mp4")


def load_truth(path: Path | None = None) -> Truth:
    """The side file (the bundled one when None).

    Raises SourceNotFound where it is missing, SourceError where it is damaged.
    """
    where = path or _present("truth.npz")
    try:
        with np.load(where, allow_pickle=False) as file:
            starts_ends = file["passage_frames"].tolist()
            passages = dict(zip(file["passage_names"].tolist(), starts_ends, strict=True))
            return Truth(
                fps=float(file["fps"]),
                names=tuple(file["names"].tolist()),
                values=frozen(file["values"]),
                passages={name: (start, end) for name, (start, end) in passages.items()},
            )
    except FileNotFoundError:
        raise _missing(where) from None
    except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile) as fault:
        raise SourceError(
            f"the demo's truth file {where.name} is damaged: {fault}",
            "reinstall vtdrive, or rebuild it with: python demo/make_clip.py",
        ) from fault


def _present(name: str) -> Path:
    path = data_dir("demo") / name
    if not path.is_file():
        raise _missing(path)
    return path


def _missing(path: Path) -> SourceNotFound:
    return SourceNotFound(
        f"{path.name} is not at {path.parent}",
        "reinstall vtdrive, or rebuild it with: python demo/make_clip.py",
    )
