"""Labelled faces in one .npz: `images` and `votes`, a row per face."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vtdrive.errors import UsageError
from vtdrive.eval.emotion_faces import Faces, from_votes, refuse
from vtdrive.eval.emotion_labels import VOTE_COLUMNS
from vtdrive.types import U8
from vtdrive.vocab import EMOTIONS

__all__ = ["faces_of_npz"]

_DAMAGE: Final = (
    *(OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error),
    # Of an encrypted file, of an unknown compression (a kind of it), of a header cut short.
    *(RuntimeError, tokenize.TokenError),
)


def faces_of_npz(data: Path) -> Faces:
    """`images` u8 (N, H, W) grey or (N, H, W, 3) RGB, `votes` (N, 10), or (N, 8), of counts.

    Raises UsageError that says what is wrong with the file.
    """
    arrays = _arrays(data)
    images, votes = arrays["images"], arrays["votes"]
    _check_images(data, images)
    _check_votes(data, votes, faces=len(images))

    def picture(row: int) -> U8:
        image = images[row]
        return np.ascontiguousarray(image if image.ndim == 3 else image[..., None].repeat(3, 2))

    return from_votes("npz", votes, picture)


def _arrays(data: Path) -> dict[str, npt.NDArray[Any]]:
    wanted = ("images", "votes")
    try:
        with data.open("rb") as stream:
            loaded = np.load(stream, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                refuse(data, "it holds a single array, not a set of named ones")
            missing = [key for key in wanted if key not in loaded.files]
            if missing:
                refuse(data, f"it lacks {' and '.join(missing)}; it has {', '.join(loaded.files)}")
            return {key: _array(data, loaded, key) for key in wanted}
    except MemoryError as fault:
        raise UsageError(
            f"{data} says that it holds more than fits into memory: {fault}",
            "save it again with np.savez, or evaluate it in parts",
        ) from fault
    except _DAMAGE as fault:
        raise UsageError(
            f"{data} is not a file of labelled faces (.npz): {fault}", "save it again with np.savez"
        ) from fault


def _array(data: Path, loaded: Any, key: str) -> npt.NDArray[Any]:
    try:
        array = loaded[key]
    except ValueError as fault:
        if "allow_pickle" not in str(fault):
            raise
        # Rows of different lengths are stored as objects, which only running code can restore.
        refuse(
            data,
            f"the rows of {key} are not all of one size, or it holds no plain numbers",
            "bring all pictures to one size, or use a folder of pictures per emotion",
        )
    # Of what does not begin like an array numpy hands over the bytes.
    if not isinstance(array, np.ndarray):
        refuse(data, f"{key} is damaged", "save it again with np.savez")
    return array


def _check_images(data: Path, images: npt.NDArray[Any]) -> None:
    if images.dtype != np.uint8:
        refuse(data, f"images holds {images.dtype}, not 8-bit greys (uint8)")
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        refuse(data, f"images has shape {images.shape}, expected (faces, H, W) or (faces, H, W, 3)")
    if images.size == 0:
        refuse(data, f"images has shape {images.shape}: there is no picture in it")


def _check_votes(data: Path, votes: npt.NDArray[Any], *, faces: int) -> None:
    if votes.ndim != 2 or votes.shape[1] not in (len(EMOTIONS), len(VOTE_COLUMNS)):
        refuse(data, f"votes has shape {votes.shape}, expected ({faces}, {len(VOTE_COLUMNS)})")
    if len(votes) != faces:
        refuse(data, f"there are {faces} images, but votes of {len(votes)}")
    if votes.dtype.kind not in "uif":
        refuse(data, f"votes holds {votes.dtype}, not numbers")
    finite = np.isfinite(votes).all(1)
    if not finite.all():
        refuse(
            data,
            f"{int((~finite).sum())} of {faces} faces have votes that are NaN or infinite",
        )
    if (votes < 0).any() or (votes != np.floor(votes)).any():
        refuse(data, "votes are how many people chose a label: whole numbers, none below 0")
