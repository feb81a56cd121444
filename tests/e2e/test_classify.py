"""`vtdrive classify` from the outside: real pictures in, tables, JSON, CSV and boxes out."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from conftest import Run
from PIL import Image

from vtdrive.cli.classify import classify
from vtdrive.errors import UsageError
from vtdrive.stills.read import ReadFace, StillReader
from vtdrive.types import U8


@pytest.fixture(scope="module")
def astronaut() -> U8:
    image: U8 = skimage.data.astronaut()[:330, 60:390]
    return image


def save(path: Path, image: U8) -> Path:
    Image.fromarray(image).save(path)
    return path


def odd_pictures(folder: Path, astronaut: U8) -> None:
    """The same face in every way that pictures come, and one without any."""
    save(folder / "1-plain.jpg", astronaut)
    clear = np.dstack([astronaut, np.full(astronaut.shape[:2], 255, np.uint8)])
    clear[:, :60, 3] = 0
    save(folder / "2-clear.png", clear)
    deep = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY).astype(np.uint16) * 256
    cv2.imwrite(str(folder / "3-grey16.png"), deep)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(astronaut)).save(folder / "4-turned.jpg", exif=exif)
    save(folder / "5-tiny.png", cv2.resize(astronaut, (12, 12)))


@pytest.mark.parametrize("detector", ["mtcnn", "mediapipe"])
def test_pictures_of_every_kind_and_a_broken_one(
    run: Run, tmp_path: Path, astronaut: U8, detector: str
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    odd_pictures(folder, astronaut)
    (folder / "6-broken.png").write_bytes(b"no picture")
    gone = tmp_path / "gone.jpg"
    done = run(
        "classify", folder, gone, "--detector", detector, "--out", tmp_path / "out",
        "--json", tmp_path / "all.json", "--csv", tmp_path / "all.csv", timeout=110,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"vtdrive: {folder / '6-broken.png'} is no image that can be decoded",
        f"vtdrive: {gone} does not exist",
        "vtdrive: 2 of 7 pictures could not be read",
        "  → see above",
    ]
    whole = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert whole["detector"] == detector
    found = {Path(image["file"]).name: image for image in whole["images"]}
    boxes = []
    for name in ("1-plain.jpg", "2-clear.png", "3-grey16.png", "4-turned.jpg"):
        (face,) = found[name]["faces"]
        assert face["mesh"], name
        assert face["emotion"] == "happiness", name
        boxes.append([face["box"][key] for key in ("x", "y", "width", "height")])
    # The turned one was stored lying: its box is where the others' is only if it was set upright.
    np.testing.assert_allclose(boxes, [boxes[0]] * 4, atol=20)
    assert found["5-tiny.png"]["faces"] == []
    assert "no image" in found["6-broken.png"]["error"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text("utf-8"))))
    assert [Path(row["file"]).name for row in rows] == list(found)[:4]
    assert done.stdout.splitlines()[0].endswith("1-plain.jpg  330x330, 1 face")
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_json_to_standard_output_is_nothing_but_json(
    run: Run, tmp_path: Path, astronaut: U8
) -> None:
    done = run("classify", save(tmp_path / "a.png", astronaut), "--json", "-")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (image,) = json.loads(done.stdout)["images"]
    assert image["faces"][0]["emotion"] == "happiness"


def test_impossible_wishes_are_refused_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def loads(self: StillReader) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(StillReader, "open", loads)
    file, dash = tmp_path / "a.png", Path("-")
    file.write_bytes(b"")
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"detector": "mtcn"}, r"did you mean 'mtcnn'\?"),
        ({"json_to": dash, "csv_to": dash}, "both want standard output"),
        ({"json_to": tmp_path / "a", "csv_to": tmp_path / "a"}, "both want that file"),
        ({"csv_to": tmp_path / "no" / "a.csv"}, "--csv .* there is no folder"),
        ({"json_to": tmp_path}, "--json .* this is a folder"),
        ({"out": file}, "--out"),
        ({"images": [tmp_path], "out": tmp_path}, "the pictures come from there"),
    ]
    for wish, said in refusals:
        with pytest.raises(UsageError, match=said):
            classify(**{"images": [file], **wish})


def test_another_model_without_its_card_is_named(run: Run, tmp_path: Path, astronaut: U8) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"x")
    picture = save(tmp_path / "a.png", astronaut)
    done = run("classify", picture, "--model", tmp_path / "mine.onnx")
    assert done.returncode == 1
    assert "mine.onnx has no card" in done.stderr


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), UsageError("--out a.png: disk full")])
def test_neither_ctrl_c_nor_a_fault_loses_what_was_read(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: BaseException,
) -> None:
    pictures = [save(tmp_path / f"{i}.png", np.full((20, 20, 3), 50 * i, np.uint8)) for i in (1, 2)]

    def read(self: StillReader, image_rgb: U8) -> list[ReadFace]:
        if image_rgb[0, 0, 0] == 100:
            raise fault
        return []

    monkeypatch.setattr(StillReader, "open", lambda self: None)
    monkeypatch.setattr(StillReader, "read", read)
    with pytest.raises(type(fault)):
        classify(pictures, json_to=tmp_path / "all.json")
    told = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert [image["file"] for image in told["images"]] == [str(pictures[0])]
    assert capsys.readouterr().out == f"{pictures[0]}  20x20, no face\n"


def test_a_file_that_cannot_be_written_costs_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = save(tmp_path / "a.png", np.zeros((20, 20, 3), np.uint8))
    gone = tmp_path / "gone"
    gone.mkdir()

    def read(self: StillReader, image_rgb: U8) -> list[ReadFace]:
        gone.rmdir()
        return []

    monkeypatch.setattr(StillReader, "open", lambda self: None)
    monkeypatch.setattr(StillReader, "read", read)
    with pytest.raises(UsageError, match=r"--json .*no such file"):
        classify([picture], json_to=gone / "a.json", csv_to=tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8").startswith("file,face,")
    assert capsys.readouterr().out == f"{picture}  20x20, no face\n"
