"""Many picture files: which, in what order, what is broken, and copies with boxes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from vtdrive.detectors.base import FoundFace
from vtdrive.errors import UsageError
from vtdrive.stills.draw import drawn
from vtdrive.stills.pictures import Copies, listed, read_pictures
from vtdrive.stills.read import ReadFace, StillReader
from vtdrive.stills.report import ReadPicture, as_csv, as_json, as_text
from vtdrive.types import U8, frozen
from vtdrive.vocab import EMOTIONS


def face(*box: float, p: float = 0.8, mesh: bool = True, emotion: str = "anger") -> ReadFace:
    probs = np.full(8, (1 - p) / 7, np.float32)
    probs[EMOTIONS.index(emotion)] = p
    eyes = frozen([(0, 0), (1, 0)])
    found = FoundFace(frozen(box), 0.9, eyes, points_side=1.0, points_down=0.0)
    return ReadFace(found, mesh, frozen(probs))


class Reader:
    """Finds one face wherever a picture is not black."""

    def read(self, image_rgb: U8) -> list[ReadFace]:
        return [face(9.5, 9.5, 29.5, 34.5)] if image_rgb.any() else []


READER = cast(StillReader, Reader())


def save(path: Path, grey: int, size: tuple[int, int] = (40, 60)) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, np.full((*size, 3), grey, np.uint8))[1].tobytes())
    return path


def test_folders_give_their_pictures_in_natural_order_and_empty_ones_fail(tmp_path: Path) -> None:
    folder, bare = tmp_path / "folder", tmp_path / "bare"
    (folder / "inner").mkdir(parents=True)
    bare.mkdir()
    for name in ("b10.png", "b9.png", "notes.txt", "inner/c.png"):
        (folder / name).write_bytes(b"x")
    found = listed([tmp_path / "gone.jpg", folder, bare])
    assert found[:3] == [tmp_path / "gone.jpg", folder / "b9.png", folder / "b10.png"]
    assert isinstance(found[3], ReadPicture)
    assert found[3].error == f"{bare} holds no images"
    assert len(found) == 4


def test_a_broken_picture_among_many_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    good, black = save(tmp_path / "good.png", 90), save(tmp_path / "black.png", 0)
    junk = tmp_path / "junk.png"
    junk.write_bytes(b"junk")
    read = list(read_pictures(READER, listed([junk, good, tmp_path / "gone.png", black]), None))
    assert [picture.path for picture in read] == [junk, good, tmp_path / "gone.png", black]
    assert [len(picture.faces) for picture in read] == [0, 1, 0, 0]
    errors = [picture.error for picture in read]
    assert errors[0] == f"{junk} is no image that can be decoded"
    assert errors[2] == f"{tmp_path / 'gone.png'} does not exist"
    assert errors[1] is errors[3] is None
    assert (read[1].width, read[1].height) == (60, 40)


def test_libraries_keep_quiet_about_broken_files(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = save(tmp_path / "half.png", 90, (300, 300)).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (picture,) = read_pictures(READER, [tmp_path / "half.png"], None)
    assert picture.error is not None
    assert capfd.readouterr().err == ""


def test_copies_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    paths = []
    for name in ("a/x.png", "b/x.png", "b/X.jpg", "c/x.tiff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        paths.append(save(tmp_path / name, 90))
    copies = Copies(tmp_path / "out" / "deep", sources=paths)
    list(read_pictures(READER, paths, copies))
    names = sorted(path.name for path in (tmp_path / "out" / "deep").iterdir())
    assert names == ["X-faces.jpg", "x-faces-2.jpg", "x-faces-2.png", "x-faces.png"]
    copy = cv2.imread(str(tmp_path / "out" / "deep" / "x-faces.png"))
    assert copy.shape == (40, 60, 3)
    assert (copy != 90).any()


def test_a_picture_that_is_read_is_never_replaced_by_a_copy(tmp_path: Path) -> None:
    paths = [save(tmp_path / name, 90) for name in ("x.png", "x-faces.png")]
    before = paths[1].read_bytes()
    list(read_pictures(READER, paths, Copies(tmp_path, sources=paths)))
    assert paths[1].read_bytes() == before
    assert (tmp_path / "x-faces-2.png").is_file()


def test_what_is_too_long_for_jpeg_becomes_png(tmp_path: Path) -> None:
    path = save(tmp_path / "long.bmp", 0, (2, 70_000))
    list(read_pictures(READER, [path], Copies(tmp_path / "out", sources=[path])))
    assert cv2.imread(str(tmp_path / "out" / "long-faces.png")).shape == (2, 70_000, 3)


def test_a_name_that_no_system_takes_is_an_error_of_that_picture(tmp_path: Path) -> None:
    path = tmp_path / f"{'a' * 300}.jpg"
    Copies(tmp_path / "out", sources=[path])
    (picture,) = read_pictures(READER, listed([path]), None)
    assert picture.error is not None
    assert picture.error.startswith(f"cannot read {path}: ")


def test_a_folder_that_is_read_takes_no_copies(tmp_path: Path) -> None:
    save(tmp_path / "x.png", 90)
    with pytest.raises(UsageError, match="the pictures come from there"):
        Copies(tmp_path / "." / "", sources=[tmp_path])
    Copies(tmp_path, sources=[tmp_path / "x.png"])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="--out"):
        Copies(tmp_path / "file" / "out", sources=[])


def test_reports_tell_the_same_in_three_ways() -> None:
    faces = (face(9.5, 9.5, 29.5, 34.5), face(0, 0, 5, 5, mesh=False))
    pictures = [
        ReadPicture(Path("a.png"), 60, 40, faces),
        ReadPicture(Path("b, c.png"), 7, 8),
        ReadPicture(Path("d.png"), error="d.png is empty"),
    ]
    whole = json.loads(as_json(pictures, detector="mtcnn", model="m"))
    assert whole["detector"] == "mtcnn"
    assert whole["emotions"] == list(EMOTIONS)
    first, second, third = whole["images"]
    assert (first["width"], first["height"]) == (60, 40)
    assert first["faces"][0]["box"] == {"x": 10.0, "y": 10.0, "width": 20.0, "height": 25.0}
    assert [one["mesh"] for one in first["faces"]] == [True, False]
    assert first["faces"][0]["emotion"] == "anger"
    assert first["faces"][0]["probabilities"]["anger"] == 0.8
    assert second == {"file": "b, c.png", "width": 7, "height": 8, "faces": []}
    assert third == {"file": "d.png", "error": "d.png is empty"}

    rows = list(csv.DictReader(io.StringIO(as_csv(pictures))))
    assert [(row["file"], row["face"], row["mesh"]) for row in rows] == [
        ("a.png", "1", "true"),
        ("a.png", "2", "false"),
    ]
    for row, told in zip(rows, first["faces"], strict=True):
        assert {key: float(row[key]) for key in told["box"]} == told["box"]
        assert {name: float(row[name]) for name in EMOTIONS} == told["probabilities"]

    lines = as_text(pictures).splitlines()
    assert lines[0] == "a.png  60x40, 2 faces"
    assert "anger 0.80" in lines[1]
    assert "20x25 at 10,10" in lines[1]
    assert "no mesh" not in lines[1]
    assert lines[2].endswith("no mesh")
    assert lines[3:] == ["b, c.png  7x8, no face", "d.png  not read"]


@pytest.mark.parametrize("size", [(400, 600), (12, 12), (1, 1), (30, 400)])
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_boxes_are_drawn_in_the_picture_and_nowhere_else(
    size: tuple[int, int], emotion: str
) -> None:
    height, width = size
    image = np.full((*size, 3), 128, np.uint8)
    image.flags.writeable = False
    whole = (-2.0, -3.0, width + 5.0, height + 2.0)
    faces = [face(width * 0.3, height * 0.4, width * 0.6, height * 0.8, emotion=emotion)]
    out = drawn(image, [*faces, face(*whole, mesh=False)])
    assert out.shape == image.shape
    assert (out != image).any()
    assert (image == 128).all()


def test_a_box_is_drawn_where_the_face_is() -> None:
    image = np.full((400, 600, 3), 128, np.uint8)
    out = drawn(image, [face(200, 150, 300, 280)])
    changed = (out != image).any(2)
    assert changed[150:281, [200, 300]].all()
    assert changed[[150, 280], 200:301].all()
    assert not changed[160:270, 210:290].any()
    assert not changed[290:].any()
    assert not changed[:100].any()
