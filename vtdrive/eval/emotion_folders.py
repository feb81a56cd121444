"""Labelled faces as a folder of pictures per emotion."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from vtdrive.config.nearest import nearest
from vtdrive.eval.emotion_faces import Faces, refuse
from vtdrive.eval.emotion_labels import one_label_each
from vtdrive.sources.picture import read_picture
from vtdrive.sources.uri import is_image_name
from vtdrive.vocab import EMOTION_ALIASES, EMOTION_INDEX, EMOTIONS, emotion_named

__all__ = ["faces_of_folders", "labelled_pictures"]

_NO_EMOTION: Final = frozenset({"unknown", "notaface", "nf"})
"""Folders whose pictures the label protocol drops, without spaces and the like."""


def faces_of_folders(data: Path) -> Faces:
    """Every picture under a folder whose name means one of the eight, however deep.

    Folders named after "unknown" or "not a face" count as `dropped`, pictures that lie beside the
    folders as `no_label`. UsageError for a folder with pictures and a name that means no emotion.
    """
    paths, label, dropped = labelled_pictures(data)
    beside = sum(is_image_name(path) for path in data.iterdir())
    return Faces(
        "folders",
        one_label_each(np.array(label, np.int64)),
        lambda at: read_picture(paths[at]),
        {"dropped": dropped, "no_label": beside},
    )


def labelled_pictures(data: Path) -> tuple[list[Path], list[int], int]:
    """Pictures, the index in `vocab.EMOTIONS` of each, and how many show no emotion by name.

    Raises UsageError where there is none, or where a folder's name means nothing.
    """
    paths: list[Path] = []
    label: list[int] = []
    dropped = 0
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        inside = [] if folder.name.startswith(".") else _pictures(folder)
        if _plain(folder.name) in _NO_EMOTION:
            dropped += len(inside)
        elif inside:
            paths += inside
            label += [_emotion(data, folder)] * len(inside)
    if not paths:
        refuse(
            data,
            "it holds no folder of pictures that is named after an emotion",
            f"make one folder for each, such as {EMOTIONS[1]} and {EMOTIONS[3]}",
        )
    return paths, label, dropped


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_image_name(path) and path.is_file())


def _emotion(data: Path, folder: Path) -> int:
    name = emotion_named(folder.name)
    if name is None:
        known = [*EMOTIONS, *(alias for some in EMOTION_ALIASES.values() for alias in some)]
        meant = nearest(folder.name, known, at_least=0.75)
        below = sorted(path for path in folder.iterdir() if path.is_dir())
        deeper = next((path for path in below if emotion_named(path.name)), None)
        refuse(
            data,
            f"the folder '{folder.name}' is named after no emotion"
            + (f" (did you mean '{meant}'?)" if meant else ""),
            f"name {folder} itself: its folders are"
            if deeper
            else f"rename it to one of {', '.join(EMOTIONS)}, or to 'unknown' to leave it out",
        )
    return EMOTION_INDEX[name]


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "").replace("-", "").replace("_", "")
