"""Labelled faces from each kind of data set, and what is wrong with those that are wrong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vtdrive.errors import SourceError, UsageError
from vtdrive.eval.emotion_data import open_faces
from vtdrive.types import U8
from vtdrive.vocab import EMOTIONS

HEADING = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)


def votes(*rows: dict[str, int]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    names = (*EMOTIONS, "unknown", "not_a_face")
    return np.array([[row.get(name, 0) for name in names] for row in rows], np.uint8)


def greys(count: int) -> U8:
    """Pictures of 6 x 8 px, each of a grey of its own."""
    shades = (np.arange(count) * 10 + 20).astype(np.uint8)
    return shades[:, None, None].repeat(6, 1).repeat(8, 2)


def npz(folder: Path, **changes: Any) -> Path:
    arrays = {
        "images": greys(3),
        "votes": votes({"unknown": 9}, {"fear": 9, "anger": 1}, {"sadness": 5, "neutral": 5}),
    } | changes
    np.savez(folder / "faces.npz", **{k: v for k, v in arrays.items() if v is not None})
    return folder / "faces.npz"


def picture(path: Path, shade: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((12, 16, 3), shade, np.uint8))
    return path


def table(folder: Path, *lines: str, heading: str = HEADING) -> Path:
    path = folder / "fer2013new.csv"
    path.write_text("\n".join((heading, *lines)) + "\n", encoding="utf-8")
    return path


def array_header(shape: tuple[int, ...]) -> bytes:
    """The beginning of an .npy that is said to hold that many bytes."""
    out = io.BytesIO()
    facts = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(out, facts)  # type: ignore[no-untyped-call, unused-ignore]
    return out.getvalue()


class TestArrays:
    def test_pictures_stay_in_step_with_their_labels(self, tmp_path: Path) -> None:
        faces = open_faces(npz(tmp_path))
        assert faces.kind == "npz"
        assert faces.labels.label.tolist() == [6, 0]
        assert faces.labels.decided.tolist() == [True, False]
        first = faces.read(0)
        assert first.shape == (6, 8, 3)
        assert np.unique(first).tolist() == [30]
        assert faces.left_out["dropped"] == 1

    def test_colour_is_kept(self, tmp_path: Path) -> None:
        images = np.zeros((1, 5, 5, 3), np.uint8)
        images[..., 0] = 200
        faces = open_faces(npz(tmp_path, images=images, votes=votes({"anger": 3})))
        assert faces.read(0)[0, 0].tolist() == [200, 0, 0]

    def test_rows_without_votes_are_counted(self, tmp_path: Path) -> None:
        faces = open_faces(npz(tmp_path, votes=votes({}, {"fear": 9}, {"unknown": 3})))
        assert faces.labels.label.tolist() == [6]
        assert faces.read(0)[0, 0, 0] == 30
        assert (faces.left_out["no_votes"], faces.left_out["dropped"]) == (1, 1)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"votes": None}, "lacks votes; it has images"),
            ({"images": None}, "lacks images"),
            ({"votes": np.zeros((2, 10), np.uint8)}, "3 images, but votes of 2"),
            ({"votes": np.zeros((3, 7), np.uint8)}, "shape (3, 7)"),
            ({"votes": np.zeros(3, np.uint8)}, "shape (3,)"),
            ({"votes": np.full((3, 10), np.nan)}, "3 of 3 faces"),
            ({"votes": np.full((3, 10), np.inf)}, "NaN or infinite"),
            ({"votes": np.full((3, 10), 0.1)}, "whole numbers"),
            ({"votes": np.full((3, 10), -1)}, "none below 0"),
            ({"votes": np.full((3, 10), "x")}, "not numbers"),
            ({"votes": np.zeros((3, 10), np.uint8)}, "leaves no face"),
            ({"images": greys(3).astype(np.float32)}, "float32"),
            ({"images": greys(3).astype(np.uint16)}, "uint16"),
            ({"images": np.zeros((3, 6, 8, 4), np.uint8)}, "shape (3, 6, 8, 4)"),
            ({"images": np.zeros((0, 6, 8), np.uint8)}, "no picture"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_wrong_is_said(
        self, tmp_path: Path, changes: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(UsageError) as caught:
            open_faces(npz(tmp_path, **changes))
        assert said in caught.value.what
        assert "faces.npz" in caught.value.what
        assert caught.value.remedy

    def test_pictures_of_many_sizes_are_refused(self, tmp_path: Path) -> None:
        ragged = np.empty(2, object)
        ragged[:] = [np.zeros((4, 4), np.uint8), np.zeros((5, 5), np.uint8)]
        path = npz(tmp_path, images=ragged, votes=votes({"fear": 3}, {"fear": 3}))
        with pytest.raises(UsageError, match="not all of one size") as caught:
            open_faces(path)
        assert "folder of pictures per emotion" in caught.value.remedy

    @pytest.mark.parametrize(
        ("array", "said"),
        [
            (array_header((10**9, 480, 480)), "more than fits into memory"),
            (b"\x93NUMPY\x01\x00\x08\x00{{((   \n", "not a file of labelled faces"),
        ],
        ids=["huge", "header cut short"],
    )
    def test_an_impossible_array_is_refused(self, tmp_path: Path, array: bytes, said: str) -> None:
        path = npz(tmp_path, images=None)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("images.npy", array)
        with pytest.raises(UsageError, match=said):
            open_faces(path)

    @pytest.mark.parametrize(("at", "bits"), [(8, 1), (10, 97)], ids=["encrypted", "compression"])
    def test_an_archive_that_cannot_be_unpacked_is_refused(
        self, tmp_path: Path, at: int, bits: int
    ) -> None:
        path = npz(tmp_path)
        data = bytearray(path.read_bytes())
        entry = data.find(b"PK\x01\x02")
        while entry >= 0:
            data[entry + at] |= bits
            entry = data.find(b"PK\x01\x02", entry + 1)
        path.write_bytes(data)
        with pytest.raises(UsageError, match="not a file of labelled faces"):
            open_faces(path)

    def test_a_damaged_file_is_refused(self, tmp_path: Path) -> None:
        path = npz(tmp_path)
        whole = path.read_bytes()
        for damaged in (whole[: len(whole) // 2], b"", b"not an archive"):
            path.write_bytes(damaged)
            with pytest.raises(UsageError):
                open_faces(path)
        with zipfile.ZipFile(path, "w") as stream:
            stream.writestr("images.npy", "garbage")
            stream.writestr("votes.npy", "garbage")
        with pytest.raises(UsageError):
            open_faces(path)

    def test_one_array_alone_is_refused(self, tmp_path: Path) -> None:
        np.save(tmp_path / "one.npy", greys(2))
        (tmp_path / "one.npy").rename(tmp_path / "one.npz")
        with pytest.raises(UsageError, match="single array"):
            open_faces(tmp_path / "one.npz")


class TestFolders:
    def test_names_of_folders_are_the_labels(self, tmp_path: Path) -> None:
        picture(tmp_path / "Happy" / "a.png", 10)
        picture(tmp_path / "sad" / "deeper" / "b.png", 20)
        picture(tmp_path / "sadness" / "c.jpg", 30)
        (tmp_path / "sad" / "notes.txt").write_text("no picture")
        faces = open_faces(tmp_path)
        assert faces.kind == "folders"
        assert faces.labels.label.tolist() == [1, 3, 3]
        assert [int(faces.read(i)[0, 0, 0]) for i in range(3)] == [10, 20, 30]

    def test_what_shows_no_emotion_is_counted(self, tmp_path: Path) -> None:
        picture(tmp_path / "fear" / "a.png")
        picture(tmp_path / "unknown" / "b.png")
        picture(tmp_path / "Not a face" / "c.png")
        picture(tmp_path / "stray.png")
        picture(tmp_path / ".thumbnails" / "d.png")
        (tmp_path / "papers").mkdir()
        (tmp_path / "papers" / "licence.txt").write_text("no picture, so no emotion is asked for")
        faces = open_faces(tmp_path)
        assert len(faces.labels.label) == 1
        assert faces.left_out == {"dropped": 2, "no_label": 1}

    def test_a_misspelt_folder_is_not_left_out_silently(self, tmp_path: Path) -> None:
        picture(tmp_path / "fear" / "a.png")
        picture(tmp_path / "hapiness" / "b.png")
        with pytest.raises(UsageError, match="'hapiness'") as caught:
            open_faces(tmp_path)
        assert "did you mean 'happiness'?" in caught.value.what

    def test_one_level_too_high_is_noticed(self, tmp_path: Path) -> None:
        picture(tmp_path / "valid" / "fear" / "a.png")
        with pytest.raises(UsageError) as caught:
            open_faces(tmp_path)
        assert str(tmp_path / "valid") in caught.value.remedy

    def test_folders_without_faces_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no folder of pictures"):
            open_faces(tmp_path)
        (tmp_path / "anger").mkdir()
        with pytest.raises(UsageError, match="no folder of pictures"):
            open_faces(tmp_path)
        picture(tmp_path / "stray.png")
        with pytest.raises(UsageError, match="no folder of pictures"):
            open_faces(tmp_path)

    def test_a_folder_of_arrays_is_told_from_one_of_pictures(self, tmp_path: Path) -> None:
        npz(tmp_path)
        with pytest.raises(UsageError) as caught:
            open_faces(tmp_path)
        assert str(tmp_path / "faces.npz") in caught.value.remedy

    def test_a_file_that_is_no_picture_fails_alone(self, tmp_path: Path) -> None:
        (tmp_path / "fear").mkdir()
        (tmp_path / "fear" / "a.png").write_text("no picture")
        faces = open_faces(tmp_path)
        with pytest.raises(SourceError, match=r"a\.png"):
            faces.read(0)


class TestTable:
    def rows(self, folder: Path) -> Path:
        picture(folder / "FER2013Train" / "fer0.png", 40)
        picture(folder / "FER2013Valid" / "fer1.png", 50)
        return table(
            folder,
            "Training,fer0.png,0,8,1,0,0,0,0,0,1,0",
            "PublicTest,fer1.png,0,0,0,9,1,0,0,0,0,0",
            "PublicTest,fer2.png,0,0,0,9,1,0,0,0,0,0",
            "PublicTest,,0,0,0,0,0,0,0,0,0,10",
        )

    def test_votes_and_pictures_meet(self, tmp_path: Path) -> None:
        path = self.rows(tmp_path)
        for data in (path, tmp_path):
            faces = open_faces(data)
            assert faces.kind == "csv"
            assert faces.labels.label.tolist() == [1, 3]
            assert [int(faces.read(i)[0, 0, 0]) for i in range(2)] == [40, 50]
            assert faces.left_out["no_picture"] == 2

    def test_one_usage_alone(self, tmp_path: Path) -> None:
        faces = open_faces(self.rows(tmp_path), usage="publictest")
        assert faces.labels.label.tolist() == [3]
        with pytest.raises(UsageError, match="'valid'") as caught:
            open_faces(tmp_path, usage="valid")
        assert "PublicTest, Training" in caught.value.remedy
        with pytest.raises(UsageError, match="--usage"):
            open_faces(npz(tmp_path), usage="Training")

    def test_one_name_in_two_folders_is_told_by_usage(self, tmp_path: Path) -> None:
        path = self.rows(tmp_path)
        picture(tmp_path / "FER2013Test" / "fer1.png", 60)
        assert open_faces(path).read(1)[0, 0, 0] == 50
        (tmp_path / "FER2013Valid").rename(tmp_path / "other")
        with pytest.raises(UsageError, match="more than once"):
            open_faces(path)

    @pytest.mark.parametrize(
        ("line", "shown"),
        [
            ("Training,fer0.png,0,8,1,0,0,0,0,0,1", "(none)"),
            ("Training,fer0.png,0,8,,0,0,0,0,0,1,0", "(none)"),
            ("Training,fer0.png,0,8,x,0,0,0,0,0,1,0", "x"),
            ("Training,fer0.png,0,8,-1,0,0,0,0,0,1,0", "-1"),
            (f"Training,fer0.png,0,{'9' * 400},0,0,0,0,0,0,1,0", " 999999999999,"),
        ],
    )
    def test_a_line_that_lacks_votes_is_named(self, tmp_path: Path, line: str, shown: str) -> None:
        path = table(tmp_path, "Training,fer0.png,0,8,1,0,0,0,0,0,1,0", line)
        with pytest.raises(UsageError, match="line 3") as caught:
            open_faces(path)
        assert shown in caught.value.what

    def test_a_table_of_something_else_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="columns contempt, NF"):
            open_faces(table(tmp_path, heading=HEADING.replace(",contempt", "").replace(",NF", "")))
        with pytest.raises(UsageError, match="has happiness more than once"):
            open_faces(table(tmp_path, heading=HEADING.replace("anger", "happiness,anger")))
        with pytest.raises(UsageError, match="no rows"):
            open_faces(table(tmp_path))
        (tmp_path / "fer2013new.csv").write_bytes(b"\xff\xfe\x00\x01")
        with pytest.raises(UsageError, match="cannot be read"):
            open_faces(tmp_path / "fer2013new.csv")

    def test_a_table_without_any_picture_is_refused(self, tmp_path: Path) -> None:
        path = table(tmp_path, "Training,fer0000000.png,0,8,1,0,0,0,0,0,1,0")
        with pytest.raises(UsageError, match=r"fer0000000\.png") as caught:
            open_faces(path)
        assert "beside" in caught.value.remedy


def test_what_is_not_there_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        open_faces(tmp_path / "gone.npz")
    other = tmp_path / "faces.zip"
    other.write_text("no data")
    with pytest.raises(UsageError, match=r"no \.npz"):
        open_faces(other)


def test_a_folder_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UsageError, match="permission denied") as caught:
        open_faces(tmp_path)
    assert str(tmp_path) in caught.value.what
