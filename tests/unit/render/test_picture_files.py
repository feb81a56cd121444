"""Pictures of every kind, and what is refused before it is decoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vtdrive.errors import UsageError
from vtdrive.render.background import Background
from vtdrive.render.library import avatar_folder
from vtdrive.render.picture_files import PictureError, read_picture
from vtdrive.render.picture_sizes import size_of
from vtdrive.types import U8

LEFT_RED: U8 = np.zeros((8, 16, 3), np.uint8)
LEFT_RED[:, :8, 2] = LEFT_RED[:, 8:, 0] = 255
TURNED = (
    b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
)
"""Says of a photograph that the camera was held upright."""


def encoded(kind: str, picture: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    data: bytes = cv2.imencode(kind, picture)[1].tobytes()
    return data


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp", ".bmp"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_size_is_known_beforehand(kind: str, channels: int) -> None:
    picture = np.full((9, 21, channels), 100, np.uint8)
    assert size_of(encoded(kind, picture[..., :3] if kind == ".jpg" else picture)) == (21, 9)


@pytest.mark.parametrize(
    ("picture", "first"),
    [
        (np.full((2, 3), 65535, np.uint16), (255, 255, 255, 255)),
        (np.full((1, 1), 7, np.uint8), (7, 7, 7, 255)),
        (np.full((2, 2, 4), (0, 0, 65535, 32896), np.uint16), (128, 0, 0, 128)),
        (LEFT_RED, (255, 0, 0, 255)),
    ],
)
def test_every_depth_becomes_premultiplied_rgba(
    tmp_path: Path, picture: np.ndarray[tuple[int, ...], np.dtype[np.generic]], first: object
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(".png", picture))
    assert tuple(read_picture(tmp_path / "a.png").rgba[0, 0].tolist()) == first


def test_a_photograph_is_turned_as_the_camera_was_held(tmp_path: Path) -> None:
    raw = encoded(".jpg", LEFT_RED)
    (tmp_path / "a.jpg").write_bytes(raw[:2] + TURNED + raw[2:])
    rgba = read_picture(tmp_path / "a.jpg").rgba
    assert rgba.shape == (16, 8, 4)
    assert rgba[1, 4, 0] > 200
    assert rgba[14, 4, 2] > 200


@pytest.mark.parametrize("side", [20_000, 65_000])
def test_a_huge_photograph_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    raw = bytearray(encoded(".jpg", LEFT_RED))
    at = raw.index(b"\xff\xc0") + 5
    raw[at : at + 4] = side.to_bytes(2, "big") * 2
    (tmp_path / "a.jpg").write_bytes(raw)
    with pytest.raises(PictureError, match=f"{side} × {side}"):
        read_picture(tmp_path / "a.jpg")


def test_numbers_that_are_no_shades_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(".tiff", np.full((4, 4, 3), 0.5, np.float32)))
    with pytest.raises(PictureError, match="no picture"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("text", ["~nobody-of-that-name/x.png", "x" * 5000, "a\0b"])
def test_what_can_be_no_path_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="no picture that is there"):
        Background(text, (64, 64))
    with pytest.raises(UsageError, match="no avatar"):
        avatar_folder(text)


@pytest.mark.parametrize("size", [(64, 64), (64, 640), (640, 64)])
def test_a_background_of_one_soft_pixel_fills_any_picture(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(".png", np.full((1, 1, 4), 100, np.uint8)))
    under = Background(str(tmp_path / "a.png"), size).under(None)
    assert under is not None
    assert under.shape == (size[1], size[0], 4)
    assert (under[..., :3] <= under[..., 3:]).all()
