"""One picture file to 8-bit RGB, as a viewer would show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vtdrive.errors import SourceError
from vtdrive.sources.opencv import opencv
from vtdrive.sources.orientation import noted_in_webp, upright
from vtdrive.types import F32, U8

__all__ = ["read_picture"]

_JPEG = b"\xff\xd8"
"""How the one common kind without transparency begins."""
_BACKDROP = 128.0
"""What transparent parts show: mid-grey, which hides neither dark nor fair hair."""


def read_picture(path: Path) -> U8:
    """(H, W, 3) read-only RGB of a picture of any kind that OpenCV knows.

    Grey, 16-bit (its upper byte) and transparent pictures (laid on mid-grey) become 8-bit RGB; the
    rotation that a camera noted is applied. Raises SourceError for a file that cannot be read, is
    empty, or is no picture.
    """
    cv2 = opencv()
    try:
        if not path.is_file():
            # A pipe would be waited for; a folder may be called anything.
            what = "is not a file" if path.exists() else "does not exist"
            raise SourceError(f"{path} {what}", "check the name")
        # Not imread, which cannot open names beyond ASCII on Windows.
        data = np.fromfile(path, np.uint8)
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise SourceError(f"cannot read {path}: {reason}", "check the file") from fault
    if data.size == 0:
        raise SourceError(f"{path} is empty", "copy it again, or remove it")
    bgr = _decoded(cv2, data, cv2.IMREAD_COLOR)
    if bgr is None:
        raise SourceError(
            f"{path} is no image that can be decoded", "save it as JPEG or PNG, or remove it"
        )
    image: U8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    # By content, not by name: a PNG called .jpg is transparent all the same.
    if data[:2].tobytes() != _JPEG:
        alpha = _alpha(_decoded(cv2, data, cv2.IMREAD_UNCHANGED))
        if alpha is not None:
            # That reading leaves out the rotation that was noted.
            lying = _decoded(cv2, data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            image = _over_backdrop(image, _turned_alike(alpha, lying, bgr, name=str(path)))
    image = upright(image, noted_in_webp(data.tobytes()))
    image.setflags(write=False)
    return image


def _decoded(cv2: Any, data: U8, flags: int) -> Any:
    """What OpenCV makes of a file's bytes, or None."""
    try:
        return cv2.imdecode(data, flags)
    except cv2.error:
        # Some broken headers (sizes beyond its limit) raise, where others give None.
        return None


def _alpha(whole: Any) -> F32 | None:
    """(H, W) opacity in [0, 1] of a picture as decoded, or None where it has none."""
    if whole is None or whole.ndim != 3 or whole.shape[2] != 4:
        return None
    full = np.iinfo(whole.dtype).max if whole.dtype.kind == "u" else 1.0
    return np.asarray(whole[..., 3] / full, np.float32)


def _turned_alike(alpha: F32, lying: Any, standing: Any, *, name: str) -> F32:
    """`alpha` (H, W), turned or mirrored as `lying` has to be to become `standing`."""
    for turns in range(4):
        for mirror in (False, True):
            tried = np.rot90(lying[:, ::-1] if mirror else lying, turns)
            if tried.shape == standing.shape and np.array_equal(tried, standing):
                turned: F32 = np.rot90(alpha[:, ::-1] if mirror else alpha, turns)
                return turned
    raise SourceError(
        f"{name}: its transparency does not fit the way the picture was turned",
        "save it as PNG without a note on its rotation",
    )


def _over_backdrop(image: U8, alpha: F32) -> U8:
    """`image` (H, W, 3) laid over grey by `alpha` (H, W)."""
    share = alpha[..., None]
    laid: U8 = np.rint(image * share + _BACKDROP * (1.0 - share)).astype(np.uint8)
    return laid
