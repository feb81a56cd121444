"""`vtdrive eval emotion`: figures against values made by hand, and the command as a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from rich.console import Console
from typer.testing import CliRunner

from vtdrive.assets import data_dir
from vtdrive.cli.evaluate import app
from vtdrive.errors import ModelError, SourceError, UsageError
from vtdrive.eval import emotion as evaluating
from vtdrive.eval.emotion import evaluate, figures, headline
from vtdrive.eval.emotion_faces import Faces
from vtdrive.eval.emotion_labels import Labels, one_label_each
from vtdrive.eval.emotion_look import look
from vtdrive.eval.emotion_report import tables
from vtdrive.eval.emotion_slices import SLICES
from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS, SHAPES

HEADLINE = {
    "accuracy", "accuracy_interval", "accuracy_argmax_all", "accuracy_strict_majority", "macro_f1",
    "ece", "rare_recall_argmax_all", "per_class", "labels", "confusion",
}  # fmt: skip
POINTS = np.random.default_rng(0).uniform(5, 50, (478, 3)).astype(np.float32)


class Shade:
    """Reads the shade of a picture as an emotion; refuses landmarks that are all zero."""

    def crop_picture(self, image_rgb: U8, landmarks_px: F32 | None) -> U8:
        if landmarks_px is not None and not landmarks_px.any():
            raise ValueError("landmarks all fall on one point")
        return image_rgb[:1, :1, 0]

    def infer(self, crop: U8) -> tuple[F32, F32]:
        shade = int(crop[0, 0])
        logits = np.full(8, np.nan) if shade > 7 else np.where(np.arange(8) == shade, 4.0, -np.inf)
        return logits.astype(np.float32), np.zeros(0, np.float32)


def shades(*values: int) -> Faces:
    """One face per value, labelled with it; -1 is a picture that cannot be read."""

    def read(at: int) -> U8:
        if values[at] < 0:
            raise SourceError("b.png is no image that can be decoded", "save it again")
        return np.full((60, 60, 3), values[at], np.uint8)

    return Faces(
        "folders", one_label_each(np.array([v % 8 for v in values])), read, {"no_label": 4}
    )


def probs_of(found: list[int], *, sure: float = 0.65) -> F32:
    out = np.full((len(found), 8), (1 - sure) / 7, np.float32)
    out[np.arange(len(found)), found] = sure
    return out


class TestLook:
    def test_pictures_that_cannot_be_read_shift_nothing(self) -> None:
        seen = look(shades(3, -1, 5), Shade(), lambda image: POINTS)
        assert seen.at.tolist() == [0, 2]
        assert seen.logits.argmax(1).tolist() == [3, 5]
        assert seen.unreadable == ["b.png is no image that can be decoded"]

    def test_the_whole_is_read_where_there_is_no_mesh_or_none_of_use(self) -> None:
        meshes = iter([None, np.zeros((478, 3), np.float32), POINTS])
        seen = look(
            shades(1, 2, 3),
            Shade(),
            lambda image: next(meshes),
            shapes=lambda points: np.ones(len(SHAPES), np.float32),
        )
        assert seen.mesh.tolist() == [False, False, True]
        assert seen.shapes.sum(1).tolist() == [0, 0, len(SHAPES)]
        assert np.isnan([row["head_turn"] for row in seen.measures][:2]).all()
        assert seen.logits.argmax(1).tolist() == [1, 2, 3]

    def test_progress_reaches_its_end(self) -> None:
        steps: list[tuple[int, int]] = []
        look(
            shades(1, -1, 3),
            Shade(),
            lambda image: None,
            tick=lambda done, of: steps.append((done, of)),
        )
        assert steps == [(1, 3), (2, 3), (3, 3)]

    def test_what_is_no_number_is_no_reading(self) -> None:
        with pytest.raises(ModelError, match="face 2 of 2"):
            look(shades(1, 9), Shade(), lambda image: None)

    def test_a_set_without_any_picture_leaves_empty_arrays(self) -> None:
        seen = look(shades(-1), Shade(), lambda image: None)
        assert seen.logits.shape == (0, 8)
        assert seen.shapes.shape == (0, len(SHAPES))


def labels(found: list[int], *, decided: list[bool], strict: list[bool]) -> Labels:
    return Labels(np.eye(8, dtype=np.float32)[found], np.array(decided), np.array(strict))


class TestFigures:
    def test_each_accuracy_counts_its_own_faces(self) -> None:
        judged = labels(
            [0, 1, 2, 3],
            decided=[True, True, True, False],
            strict=[True, True, False, False],
        )
        told = headline(probs_of([0, 1, 0, 0]), judged)
        assert told.keys() == HEADLINE
        assert told["accuracy"] == pytest.approx(2 / 3)
        assert told["accuracy_argmax_all"] == pytest.approx(0.5)
        assert told["accuracy_strict_majority"] == 1.0
        assert told["ece"] == pytest.approx(2 / 3 - 0.65, abs=1e-4), "over decided faces alone"
        assert np.sum(told["confusion"]) == 3
        assert told["confusion"][2][0] == 1
        assert told["rare_recall_argmax_all"] is None, "nobody is there to be found"
        low, high = told["accuracy_interval"]
        assert 0 < low < 2 / 3 < high < 1

    def test_nobody_decided_is_said_and_is_json(self) -> None:
        told = headline(probs_of([0]), labels([0], decided=[False], strict=[False]))
        assert told["accuracy"] is told["macro_f1"] is told["ece"] is None
        assert told["accuracy_strict_majority"] is told["accuracy_interval"] is None
        assert told["accuracy_argmax_all"] == 1.0
        json.dumps(told, allow_nan=False)

    def test_counts_add_up_and_slices_hold_the_decided_faces(self) -> None:
        faces = shades(1, 2, -1, 3)
        found = iter([POINTS, None, POINTS])
        seen = look(faces, Shade(), lambda image: next(found))
        told = figures(faces, seen, probs=probs_of([1, 2, 0]), fused=probs_of([1, 2, 3]))
        assert told["n"] == {
            "faces": 3, "mesh": 2, "whole": 1, "majority": 3, "strict_majority": 3,
            "dropped": 0, "no_votes": 0, "no_picture": 0, "no_label": 4, "unreadable": 1,
        }  # fmt: skip
        assert told["accuracy"] == pytest.approx(2 / 3)
        assert told["fused"]["accuracy"] == 1.0
        assert told["fused"].keys() == HEADLINE
        assert told["slices"].keys() == {each.name for each in SLICES}
        for bins in told["slices"].values():
            assert sum(row["n"] for row in bins.values()) == 3

    def test_nothing_fused_is_no_key(self) -> None:
        faces = shades(1)
        seen = look(faces, Shade(), lambda image: None)
        assert "fused" not in figures(faces, seen, probs=probs_of([1]))


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per emotion: a smiling face, small and large, a wall, and a file that is broken."""
    folder = tmp_path_factory.mktemp("faces")
    whole = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2BGR)
    close = whole[60:200, 155:295]
    for name, image in {
        "happy/large.png": whole,
        "Happiness/small.jpg": cv2.resize(close, (48, 48), interpolation=cv2.INTER_AREA),
        "anger/wall.png": np.full((64, 48, 3), 120, np.uint8),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        assert cv2.imwrite(str(folder / name), image)
    (folder / "fear").mkdir()
    (folder / "fear" / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def told(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Any]]:
    """What the command prints, and what it writes."""
    out = tmp_path_factory.mktemp("out") / "figures.json"
    done = CliRunner().invoke(app, ["emotion", "--data", str(portraits), "--json", str(out)])
    assert done.exit_code == 0, done.output
    return done, json.loads(out.read_text())


def test_the_command_reads_a_smile_in_any_size(told: tuple[Any, dict[str, Any]]) -> None:
    _, written = told
    assert written.keys() - {"fused"} == HEADLINE | {"slices", "n", "model", "data", "seconds"}
    assert written["per_class"]["happiness"]["recall"] == 1.0
    assert written["per_class"]["happiness"]["n"] == 2
    n = written["n"]
    assert (n["faces"], n["mesh"], n["whole"], n["unreadable"]) == (3, 2, 1, 1)
    assert np.shape(written["confusion"]) == (8, 8)
    assert written["labels"] == list(EMOTIONS)
    assert written["data"]["kind"] == "folders"


def test_the_command_says_what_the_file_says(told: tuple[Any, dict[str, Any]]) -> None:
    done, written = told
    text = " ".join(done.stdout.split())
    assert "2 through the face mesh, 1 whole" in text
    assert "1 unreadable" in text
    assert f"accuracy, majority rule {written['accuracy']:.3f}" in text
    assert "broken.png" in done.stderr
    for name in EMOTIONS:
        assert name in text


def test_tables_fit_a_narrow_terminal_and_cut_nothing() -> None:
    faces = shades(*range(8), 1)
    seen = look(faces, Shade(), lambda image: POINTS)
    result = figures(faces, seen, probs=probs_of([*range(8), 2]), fused=probs_of([*range(8), 1]))
    result |= {"data": {"name": "faces"}, "model": {"name": "m.onnx"}, "seconds": 1.0}
    for row in result["per_class"].values():
        row["n"], row["n_argmax_all"] = 23_456, 34_567
    result["confusion"] = [[12_345] * 8] * 8
    console = Console(width=80)
    with console.capture() as shown:
        for part in tables(result):
            console.print(part)
    text = shown.get()
    assert "…" not in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.count("34,567") == 8
    assert text.count("12345") == 64
    assert "fused" in text


def test_calibration_is_told_with_the_cards_temperature(portraits: Path, tmp_path: Path) -> None:
    shipped = data_dir("models") / "emotion-resnet50-int8.onnx"
    model = tmp_path / "flat.onnx"
    model.symlink_to(shipped)
    card = shipped.with_suffix(".toml").read_text("utf-8").splitlines()
    flat = ["temperature = 9.0" if line.startswith("temperature") else line for line in card]
    model.with_suffix(".toml").write_text("\n".join(flat), encoding="utf-8")
    sharp = evaluate(portraits, say=lambda note: None)
    said: list[str] = []
    soft = evaluate(portraits, model=model, say=said.append)
    assert soft["model"] == {"name": "flat.onnx", "temperature": 9.0}
    assert soft["confusion"] == sharp["confusion"]
    assert soft["ece"] != pytest.approx(sharp["ece"], abs=0.02)
    assert "fused" not in soft, "weights are for the pair of models that they were fitted for"
    assert any("picture alone" in sentence for sentence in said)


def test_a_set_of_broken_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fear").mkdir()
    (tmp_path / "fear" / "a.png").write_bytes(b"no picture")
    with pytest.raises(UsageError, match="none of its 1 pictures"):
        evaluate(tmp_path, say=lambda note: None)


def test_a_place_that_cannot_be_written_is_refused_before_reading(
    portraits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **more: Any) -> None:
        raise AssertionError("it measured")

    monkeypatch.setattr(evaluating, "look", refuse)
    done = CliRunner().invoke(
        app, ["emotion", "--data", str(portraits), "--json", str(tmp_path / "none" / "a.json")]
    )
    assert isinstance(done.exception, UsageError)


@pytest.mark.shared
def test_stored_faces_are_found_and_read(shared_data: Path, tmp_path: Path) -> None:
    """A sample of validation faces through everything: nearly all by mesh, most of them right."""
    with np.load(shared_data / "ferplus" / "valid.npz") as stored:
        few = np.random.default_rng(0).permutation(len(stored["images"]))[:200]
        np.savez(tmp_path / "few.npz", images=stored["images"][few], votes=stored["votes"][few])
    result = evaluate(tmp_path / "few.npz", say=lambda note: None)
    assert result["n"]["mesh"] >= 0.95 * result["n"]["faces"]
    assert result["accuracy"] > 0.75
    assert result["per_class"]["happiness"]["recall"] > 0.85
    assert EMOTION_INDEX["happiness"] == int(np.argmax(np.array(result["confusion"])[1]))


def test_pictures_of_every_kind_are_read(tmp_path: Path) -> None:
    """Slivers, too, which mediapipe does not survive when they are enlarged without a bound."""
    face = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2BGR)
    pictures = {
        "pixel": np.zeros((1, 1, 3), np.uint8),
        "tiny": cv2.resize(face[60:200, 155:295], (12, 12)),
        "wide": np.full((1, 300, 3), 9, np.uint8),
        "tall": np.full((300, 2, 3), 9, np.uint8),
        "endless": np.full((2, 33_000, 3), 9, np.uint8),
        "sixteen": cv2.cvtColor(face, cv2.COLOR_BGR2GRAY).astype(np.uint16) * 257,
        "clear": np.dstack([face, np.full(face.shape[:2], 255, np.uint8)]),
        "large": cv2.resize(face, (1600, 1600)),
    }
    (tmp_path / "happy").mkdir()
    for name, image in pictures.items():
        assert cv2.imwrite(str(tmp_path / "happy" / f"{name}.png"), image)
    said: list[str] = []
    result = evaluate(tmp_path, say=said.append)
    assert not any("left out" in sentence for sentence in said)
    assert result["n"]["faces"] == len(pictures)
    assert result["n"]["mesh"] >= 3, "the portrait in 16 bits, with alpha and large"
    assert result["per_class"]["happiness"]["recall"] >= 3 / 8
    json.dumps(result, allow_nan=False)
