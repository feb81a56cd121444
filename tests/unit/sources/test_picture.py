"""One picture of any kind to 8-bit RGB, the right way up, or a sentence that says why not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from vtdrive.errors import SourceError
from vtdrive.sources.orientation import noted_in_webp
from vtdrive.sources.picture import read_picture
from vtdrive.types import U8

CORNERS = {1: "rgb-", 2: "gr-b", 3: "-bgr", 4: "b-rg", 5: "rbg-", 6: "br-g", 7: "-gbr", 8: "g-rb"}
"""What EXIF says each orientation looks like once upright: top left, top right, bottom left, ..."""
COLOURS = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255), "-": (128, 128, 128)}


def four_fields(*, clear: bool) -> U8:
    """(40, 60, 3 or 4): red, green, over blue and nothing (or grey)."""
    image = np.zeros((40, 60, 4), np.uint8)
    image[:20, :30] = (*COLOURS["r"], 255)
    image[:20, 30:] = (*COLOURS["g"], 255)
    image[20:, :30] = (*COLOURS["b"], 255)
    if not clear:
        image[20:, 30:] = (*COLOURS["-"], 255)
    return image if clear else np.ascontiguousarray(image[..., :3])


def seen(image: U8) -> str:
    """The fields' letters, row by row."""
    height, width = image.shape[:2]
    out = ""
    for y in (height // 4, 3 * height // 4):
        for x in (width // 4, 3 * width // 4):
            away = {n: np.abs(image[y, x].astype(int) - c).max() for n, c in COLOURS.items()}
            best = min(away, key=lambda name: away[name])
            assert away[best] < 8, (image[y, x], best)
            out += best
    return out


@pytest.mark.parametrize("orientation", CORNERS)
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff", "clear.png", "clear.webp"])
def test_a_noted_rotation_is_applied(tmp_path: Path, kind: str, orientation: int) -> None:
    path = tmp_path / f"picture.{kind}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Only WebP knows of `lossless`; the others look for words of their own.
    Image.fromarray(four_fields(clear="clear" in kind)).save(path, exif=exif, lossless=True)
    image = read_picture(path)
    assert image.shape == ((40, 60, 3) if orientation < 5 else (60, 40, 3))
    assert seen(image) == CORNERS[orientation]
    assert not image.flags.writeable


@pytest.mark.parametrize("order", ["II", "MM"])
def test_a_webp_note_is_read_in_either_byte_order_and_damaged_ones_say_nothing(order: str) -> None:
    little = order == "II"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "little" if little else "big")

    def file(tiff: bytes) -> bytes:
        chunk = b"EXIF" + len(tiff).to_bytes(4, "little") + tiff
        return b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"WEBP" + chunk

    entry = number(0x0112, 2) + number(3, 2) + number(1, 4) + number(6, 2) + b"\0\0"
    head = order.encode() + number(42, 2) + number(8, 4)
    tiff = head + number(1, 2) + entry + number(0, 4)
    assert noted_in_webp(file(tiff)) == 6
    assert noted_in_webp(file(b"Exif\0\0" + tiff)) == 6
    for at in range(len(head) + 2 + len(entry) - 2):
        assert noted_in_webp(file(tiff[:at])) == 1
    assert noted_in_webp(file(tiff.replace(number(6, 2) + b"\0\0", number(9, 2) + b"\0\0"))) == 1


def test_a_name_that_lies_about_the_kind_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "really-a-png.jpg"
    Image.fromarray(four_fields(clear=True)).save(path, format="PNG")
    assert seen(read_picture(path)) == "rgb-"


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
def test_half_a_file_is_no_picture(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(0)
    whole = cv2.imencode(kind, rng.integers(0, 255, (64, 64, 3)).astype(np.uint8))[1].tobytes()
    path = tmp_path / f"half{kind}"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="no image that can be decoded"):
        read_picture(path)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "folder.png"
    folder.mkdir()
    with pytest.raises(SourceError, match=r"folder\.png is not a file"):
        read_picture(folder)
    with pytest.raises(SourceError, match=r"nowhere\.png does not exist"):
        read_picture(tmp_path / "nowhere.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(SourceError, match=r"text\.png is no image"):
        read_picture(tmp_path / "text.png")
