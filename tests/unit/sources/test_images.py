"""Images of every kind, alone and in folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from fake_sources import FakeClock

from vtdrive.config.schema import SourceConfig
from vtdrive.errors import EndOfStream, SourceError, SourceNotFound
from vtdrive.sources.images import Images
from vtdrive.types import U8

MS = 1_000_000


def save(path: Path, image: npt.NDArray[Any]) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


def flat(red: int, size: int = 6) -> U8:
    return np.full((size, size, 3), (0, 0, red), np.uint8)


def only(path: Path) -> U8:
    source = Images(SourceConfig(uri=str(path), fast=True))
    source.open()
    image = source.read().image
    with pytest.raises(EndOfStream):
        source.read()
    source.close()
    return image


def test_one_image_is_shown_for_ever_without_copies(tmp_path: Path) -> None:
    clock = FakeClock(0)
    source = Images(SourceConfig(uri=str(save(tmp_path / "a.png", flat(9)))), clock=clock)
    assert source.open().fps == 30
    frames = [source.read() for _ in range(100)]
    source.close()
    assert [frame.t_ns for frame in frames] == [round(i * 1e9 / 30) for i in range(100)]
    assert all(frame.image is frames[0].image for frame in frames)
    assert not frames[0].image.flags.writeable


def test_a_folder_is_played_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 9, 1, 2):
        save(tmp_path / f"img{number}.png", flat(number * 10))
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "._img1.png").write_bytes(b"junk that macOS leaves behind")
    source = Images(SourceConfig(uri=str(tmp_path), fps=10), clock=FakeClock(0))
    obtained = source.open()
    frames = [source.read() for _ in range(4)]
    with pytest.raises(EndOfStream, match="after 4 images"):
        source.read()
    source.close()
    assert (obtained.width, obtained.height, obtained.fps) == (6, 6, 10)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [10, 20, 90, 100]
    assert [frame.t_ns for frame in frames] == [0, 100 * MS, 200 * MS, 300 * MS]


def test_a_looped_folder_starts_again(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        save(tmp_path / f"{number}.png", flat(number))
    source = Images(SourceConfig(uri=str(tmp_path), loop=True, fast=True))
    source.open()
    assert [int(source.read().image[0, 0, 0]) for _ in range(7)] == [1, 2, 3, 1, 2, 3, 1]
    source.close()


def test_a_late_reader_skips_images(tmp_path: Path) -> None:
    clock = FakeClock(0)
    source = Images(SourceConfig(uri=str(save(tmp_path / "a.png", flat(9))), fps=10), clock=clock)
    source.open()
    source.read()
    clock.t_ns = 1_000 * MS
    frame = source.read()
    assert frame.seq == 9
    assert source.read().t_ns == 1_000 * MS
    source.close()


def test_one_pixel(tmp_path: Path) -> None:
    assert only(save(tmp_path / "dot.png", flat(77, size=1))).tolist() == [[[77, 0, 0]]]


def test_grey_and_sixteen_bit_become_eight_bit_rgb(tmp_path: Path) -> None:
    grey = only(save(tmp_path / "grey.png", np.full((3, 5), 100, np.uint8)))
    deep = only(save(tmp_path / "deep.png", np.full((3, 5), 100 * 256, np.uint16)))
    deep_colour = only(save(tmp_path / "colour.png", np.full((3, 5, 3), (0, 0, 51_400), np.uint16)))
    assert grey.shape == deep.shape == (3, 5, 3)
    assert grey.dtype == deep.dtype == np.uint8
    assert set(grey.ravel()) == set(deep.ravel()) == {100}
    assert deep_colour[0, 0].tolist() == [200, 0, 0]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_transparency_shows_grey(tmp_path: Path, depth: type[np.uint8 | np.uint16]) -> None:
    full = np.iinfo(depth).max
    image = np.zeros((2, 3, 4), depth)
    image[:, :, 2] = full
    image[:, 0, 3] = full
    image[:, 2, 3] = full // 2
    shown = only(save(tmp_path / "cut.png", image))
    assert shown[0, 0].tolist() == [255, 0, 0]
    assert shown[0, 1].tolist() == [128, 128, 128]
    np.testing.assert_allclose(shown[0, 2], [191, 64, 64], atol=2)


def test_the_rotation_of_a_phone_is_applied(tmp_path: Path) -> None:
    image = np.zeros((16, 32, 3), np.uint8)
    image[:, :16, 2] = 255  # red on the left
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    # Orientation 6: the camera was held a quarter turn to the left, so turn the picture right.
    tiff = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    path = tmp_path / "phone.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])
    shown = only(path)
    assert shown.shape == (32, 16, 3)
    assert shown[2, 8, 0] > 200  # red on top
    assert shown[-3, 8, 0] < 50


def test_a_name_beyond_ascii(tmp_path: Path) -> None:
    assert only(save(tmp_path / "Gesicht-\u9854.png", flat(5))).shape == (6, 6, 3)


def test_what_is_no_image_is_told_of_once_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"")
    save(tmp_path / "2.png", flat(20))
    (tmp_path / "3.png").write_bytes(b"junk")
    save(tmp_path / "4.png", flat(40))
    told: list[str] = []
    source = Images(SourceConfig(uri=str(tmp_path), fast=True, loop=True), tell=told.append)
    assert source.open().width == 6
    frames = [source.read() for _ in range(4)]
    source.close()
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [20, 40, 20, 40]
    assert [frame.seq for frame in frames] == [1, 3, 5, 7]
    assert [line.partition(str(tmp_path))[2] for line in told] == [
        "/1.png is empty; it is left out".replace("/", os.sep),
        "/3.png is no image that can be decoded; it is left out".replace("/", os.sep),
    ]


def test_a_folder_whose_last_image_is_broken_ends_as_any(tmp_path: Path) -> None:
    save(tmp_path / "1.png", flat(1))
    (tmp_path / "2.png").write_bytes(b"junk")
    source = Images(SourceConfig(uri=str(tmp_path), fast=True))
    source.open()
    source.read()
    with pytest.raises(EndOfStream):
        source.read()
    source.close()


@pytest.mark.parametrize("names", [["1.png"], ["1.png", "2.png", "3.png"]])
def test_a_folder_of_nothing_but_junk_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"junk")
    source = Images(SourceConfig(uri=str(tmp_path), loop=True))
    with pytest.raises(SourceError, match="is no image that can be decoded"):
        source.open()
    source.close()


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    source = Images(SourceConfig(uri=str(tmp_path)))
    with pytest.raises(SourceNotFound, match="holds no images"):
        source.open()
    source.close()
