"""`vtdrive eval fairness`: figures against values made by hand, the pass, and the command."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from emotion_networks import network, write
from rich.console import Console
from typer.testing import CliRunner

from vtdrive.classifiers.crop import aligned_crop, standardised
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.cli.app import app
from vtdrive.errors import ModelError, SourceError, UsageError
from vtdrive.eval import fairness as measuring
from vtdrive.eval.emotion_faces import Faces
from vtdrive.eval.emotion_labels import one_label_each
from vtdrive.eval.fairness import evaluate, figures
from vtdrive.eval.fairness_look import LIGHTS, at_crop_size, in_all_lights, look
from vtdrive.eval.fairness_report import tables
from vtdrive.eval.relight import BINS
from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTION_INDEX

ANGER, NEUTRAL, SADNESS = (EMOTION_INDEX[name] for name in ("anger", "neutral", "sadness"))
SIDE = 48


def oval_points(*, centre: float = 23.5, half: float = 17.0) -> F32:
    """(478, 3): an oval, with the corners of the eyes where a crop seeks them."""
    turn = np.linspace(0, 2 * math.pi, 478, endpoint=False)
    points = np.stack([0.8 * np.cos(turn), np.sin(turn), 0 * turn], 1) * half + [centre, centre, 0]
    for at, x in ((33, -0.5), (133, -0.2), (362, 0.2), (263, 0.5)):
        points[at] = [centre + x * half, centre - 0.3 * half, 0]
    out: F32 = points.astype(np.float32)
    return out


POINTS = oval_points()


def drawn_face(seed: int) -> U8:
    rng = np.random.default_rng(seed)
    picture = rng.uniform(60, 140) + rng.normal(0, 25, (SIDE, SIDE))
    picture = cv2.GaussianBlur(picture, (3, 3), 0)
    grey = np.clip(picture, 1, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, 2)


def drawn_faces(*labels: int) -> Faces:
    return Faces("folders", one_label_each(np.array(labels)), drawn_face, {})


class Shade:
    """Calls a crop angry where it is darker than a bound, neutral elsewhere."""

    def __init__(self, bound: float) -> None:
        self.bound = bound

    def crop_picture(self, image_rgb: U8, landmarks_px: F32 | None) -> U8:
        assert landmarks_px is not None
        return aligned_crop(image_rgb, landmarks_px, size_px=12, margin=0.7)

    def infer_many(self, crops: U8) -> tuple[F32, F32]:
        dark = crops.reshape(len(crops), -1).mean(1) < self.bound
        logits = np.zeros((len(crops), 8), np.float32)
        logits[np.arange(len(crops)), np.where(dark, ANGER, NEUTRAL)] = 5
        return logits, np.zeros((len(crops), 0), np.float32)


def read_of(*columns: list[int]) -> Any:
    """(N, LIGHTS): the first columns as given, the last of them repeated."""
    filled = [*columns, *[columns[-1]] * (LIGHTS - len(columns))]
    return np.array(filled).T


class TestFigures:
    def test_they_are_those_of_the_definition(self) -> None:
        label = np.array([NEUTRAL, NEUTRAL, SADNESS, SADNESS, ANGER])
        plain = [NEUTRAL, NEUTRAL, SADNESS, ANGER, ANGER]
        dark = [ANGER, NEUTRAL, SADNESS, ANGER, NEUTRAL]
        found = figures(read_of(plain, dark, plain), label)
        assert found["unaltered"] == {
            "accuracy": 0.8, "false_anger": 0.25, "anger_recall": 1.0,
        }  # fmt: skip
        first = found["bins"][0]
        assert first["skin"] == 25
        assert first["flips"] == pytest.approx(0.4)
        assert first["accuracy"] == pytest.approx(0.4)
        assert first["false_anger"] == pytest.approx(0.5)
        assert first["anger_recall"] == 0.0
        assert found["bins"][1]["flips"] == 0.0
        assert found["false_anger_ratio"] == pytest.approx(2.0)
        assert (found["worst_bin"], found["best_bin"]) == (25, 50)
        assert found["accuracy_spread"] == pytest.approx(0.4)
        assert found["met"] == {"ratio": None, "interval": None, "accuracy_spread": False}
        json.dumps(found, allow_nan=False)

    def test_steady_reading_meets_every_target(self) -> None:
        label = np.array([NEUTRAL, SADNESS, ANGER] * 200)
        read = label.tolist()
        read[:60:3] = [ANGER] * 20
        found = figures(read_of(read), label)
        assert all(found["met"].values())
        assert found["false_anger_ratio"] == 1.0

    def test_the_unaltered_pictures_are_no_bin(self) -> None:
        label = np.array([NEUTRAL] * 10)
        found = figures(read_of([ANGER] * 10, label.tolist()), label)
        assert found["false_anger_ratio"] == 1.0
        assert found["accuracy_spread"] == 0.0
        assert found["bins"][3]["flips"] == 1.0

    def test_no_anger_in_the_best_bin_is_no_division_by_nothing(self) -> None:
        label = np.array([NEUTRAL] * 10)
        found = figures(read_of(label.tolist(), [ANGER] + [NEUTRAL] * 9, label.tolist()), label)
        assert found["false_anger_ratio"] is None
        assert found["met"]["ratio"] is None

    def test_a_handful_of_false_anger_gets_no_verdict(self) -> None:
        label = np.array([NEUTRAL] * 400)
        for wrong, verdict in ((4, None), (5, False)):
            many = [ANGER] * (2 * wrong) + [NEUTRAL] * (400 - 2 * wrong)
            few = [ANGER] * wrong + [NEUTRAL] * (400 - wrong)
            found = figures(read_of(few, many, few), label)
            assert found["false_anger_ratio"] == 2.0
            assert found["met"]["ratio"] is verdict
            assert found["met"]["interval"] is verdict

    def test_no_division_by_nothing_reaches_json(self) -> None:
        label = np.array([NEUTRAL] * 10)
        found = figures(read_of(label.tolist(), [ANGER] + [NEUTRAL] * 9, label.tolist()), label)
        json.dumps(found, allow_nan=False)

    def test_only_angry_faces_tell_nothing_of_false_anger(self) -> None:
        with pytest.raises(ValueError, match="angry"):
            figures(read_of([ANGER] * 3), np.array([ANGER] * 3))


class TestLook:
    def test_only_the_light_differs(self) -> None:
        seen = look(
            drawn_faces(NEUTRAL, NEUTRAL, NEUTRAL), np.arange(3), Shade(60), lambda image: POINTS,
            size_px=SIDE, seed=0, look_again=0,
        )  # fmt: skip
        assert seen.at.tolist() == [0, 1, 2]
        found = seen.logits.argmax(-1)
        # 25 and 50 are darker than the bound, 75 to 175 are not, nor are the faces as they are.
        assert found.tolist() == [[NEUTRAL, ANGER, ANGER, *[NEUTRAL] * 5]] * 3
        assert seen.crops.shape == (3, LIGHTS, 12, 12)
        assert seen.looked_for == 0

    def test_what_cannot_be_measured_is_counted(self) -> None:
        def read(at: int) -> U8:
            if at == 0:
                raise SourceError("a.png is no image", "save it again")
            return np.zeros((SIDE, SIDE, 3), np.uint8) if at == 1 else drawn_face(at)

        faces = Faces("folders", one_label_each(np.zeros(5, np.int64)), read, {})
        meshes = iter([POINTS, None, np.full((478, 3), 7, np.float32), POINTS])
        seen = look(
            faces, np.arange(5), Shade(60), lambda image: next(meshes),
            size_px=SIDE, seed=0, look_again=0,
        )  # fmt: skip
        assert seen.at.tolist() == [4]
        assert (seen.unreadable, seen.unreachable, seen.without_mesh) == (1, 1, 2)

    def test_a_faces_light_is_its_own(self) -> None:
        def crops(which: list[int]) -> U8:
            return look(
                drawn_faces(0, 0, 0, 0), np.array(which), Shade(60), lambda image: POINTS,
                size_px=SIDE, seed=0, look_again=0,
            ).crops  # fmt: skip

        np.testing.assert_array_equal(crops([0, 1, 2, 3])[2], crops([2])[0])

    def test_the_mesh_is_sought_again(self) -> None:
        def only_bright(image: U8) -> F32 | None:
            middle = image[10:38, 12:36].mean()
            return POINTS if middle > 55 else None

        seen = look(
            drawn_faces(*[0] * 8), np.arange(8), Shade(60), only_bright,
            size_px=SIDE, seed=0, look_again=4,
        )  # fmt: skip
        assert seen.looked_for == 4
        assert seen.found_again.tolist() == [4, 0, 0, 4, 4, 4, 4, 4]

    def test_progress_reaches_the_end(self) -> None:
        ticks: list[tuple[int, int]] = []
        look(
            drawn_faces(0, 0), np.arange(2), Shade(60), lambda image: None,
            size_px=SIDE, seed=0, look_again=0, tick=lambda done, of: ticks.append((done, of)),
        )  # fmt: skip
        assert ticks == [(1, 2), (2, 2)]


class TestAtCropSize:
    def test_a_small_face_is_cropped_as_it_was(self) -> None:
        image = drawn_face(0)
        grey, points = at_crop_size(image, POINTS, size_px=SIDE)
        want = aligned_crop(image, POINTS, size_px=SIDE, margin=1.1, lift=0.05)
        again = np.repeat(grey[:, :, None], 3, 2)
        np.testing.assert_array_equal(
            aligned_crop(again, points, size_px=SIDE, margin=1.1, lift=0.05), want
        )

    def test_a_large_one_has_the_pixels_of_a_crop(self) -> None:
        image = cv2.resize(drawn_face(0), (1200, 1200), interpolation=cv2.INTER_CUBIC)
        wide = np.zeros((2000, 2600, 3), np.uint8)
        wide[500:1700, 900:2100] = image
        points = (
            (POINTS + np.float32(0.5)) * 25 - np.float32(0.5) + np.array([900, 500, 0], np.float32)
        )
        grey, small = at_crop_size(wide, points, size_px=SIDE)
        assert max(grey.shape) < 4 * SIDE
        assert np.ptp(small[:, 1]) == pytest.approx(SIDE, rel=0.03)
        again = np.repeat(grey[:, :, None], 3, 2)
        want = aligned_crop(wide, points, size_px=24, margin=1.0).astype(float)
        got = aligned_crop(again, small, size_px=24, margin=1.0).astype(float)
        assert np.abs(got - want).mean() < 4
        assert np.corrcoef(got.ravel(), want.ravel())[0, 1] > 0.97

    @pytest.mark.parametrize("value", [3.0, np.nan])
    def test_landmarks_without_a_face_are_refused(self, value: float) -> None:
        with pytest.raises(ValueError, match="no crop"):
            at_crop_size(drawn_face(0), np.full((478, 3), value, np.float32), size_px=SIDE)


def test_the_first_light_is_none() -> None:
    grey, points = at_crop_size(drawn_face(3), POINTS, size_px=SIDE)
    pictures = in_all_lights(grey, points, np.random.default_rng(0))
    assert pictures is not None
    assert len(pictures) == LIGHTS
    np.testing.assert_array_equal(pictures[0][:, :, 1], grey)


class FakeMesh:
    """In place of `StillMesh`, which knows no drawn faces."""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def __call__(self, image_rgb: U8) -> F32:
        return POINTS


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """12 faces, the first with votes that agree about nothing, the last 2 angry."""
    monkeypatch.setattr(measuring, "StillMesh", FakeMesh)
    votes = np.zeros((12, 10), np.int64)
    votes[:, NEUTRAL] = 10
    votes[0] = [4, 3, 3, 0, 0, 0, 0, 0, 0, 0]
    votes[-2:, NEUTRAL], votes[-2:, ANGER] = 0, 10
    path = tmp_path / "faces.npz"
    np.savez(path, images=np.stack([drawn_face(i)[:, :, 0] for i in range(12)]), votes=votes)
    return path


def looking_model(folder: Path, **given: Any) -> Path:
    facts: dict[str, Any] = {"mean": None, "std": None} if given.get("scaling") == "face" else {}
    return write(folder, network(looks=True), input={**facts, **given})


class TestEvaluate:
    def test_a_model_that_measures_each_face_is_read_both_ways(
        self, data: Path, tmp_path: Path
    ) -> None:
        notes: list[str] = []
        found = evaluate(data, model=looking_model(tmp_path, scaling="face"), say=notes.append)
        assert found["n"] == {
            "measured": 11, "not_anger": 9, "without_mesh": 0, "unreachable": 0, "unreadable": 0,
            "majority": 11,
        }  # fmt: skip
        assert found["model"] == {"name": "tiny.onnx", "scaling": "face"}
        assert [row["skin"] for row in found["shipped"]["bins"]] == list(BINS)
        assert found["without_normalisation"] is not None
        assert found["without_normalisation"]["bins"] != found["shipped"]["bins"]
        assert len(notes) == 1
        json.dumps(found, allow_nan=False)

    def test_the_other_way_gives_the_typical_face_the_same_input(self, tmp_path: Path) -> None:
        reader = OnnxEmotion(looking_model(tmp_path, scaling="face"))
        reader.open()
        face = np.random.default_rng(0).integers(80, 160, (12, 12)).astype(np.uint8)
        # Nothing beyond three spreads, which are not cut off in the other way.
        assert np.abs(standardised(face)).max() < 3
        crops = np.repeat(face[None, None], LIGHTS, 1)
        crops[0, 1] //= 2
        fixed, shipped = measuring._read_fixed(reader, crops)[0], reader.infer_many(crops[0])[0]
        np.testing.assert_allclose(fixed[0], shipped[0], atol=1e-3)
        np.testing.assert_allclose(shipped[1], shipped[0], atol=0.1)
        assert np.abs(fixed[1] - fixed[0]).max() > 0.5
        reader.close()

    def test_a_model_with_fixed_scaling_is_read_once(self, data: Path, tmp_path: Path) -> None:
        found = evaluate(data, model=looking_model(tmp_path))
        assert found["without_normalisation"] is None

    def test_fewer_faces_are_always_the_same_ones(self, data: Path, tmp_path: Path) -> None:
        model = looking_model(tmp_path)
        one, two = (evaluate(data, model=model, at_most=5) for _ in range(2))
        assert one["n"]["majority"] == 5
        assert {**one, "seconds": 0} == {**two, "seconds": 0}

    def test_a_network_without_numbers_is_refused(self, data: Path, tmp_path: Path) -> None:
        model = write(tmp_path, network([math.nan] * 8))
        with pytest.raises(ModelError, match="no number"):
            evaluate(data, model=model)

    def test_faces_that_nobody_agrees_about_are_refused(self, data: Path, tmp_path: Path) -> None:
        with np.load(data) as stored:
            some = {key: stored[key][:1] for key in stored}
        np.savez(tmp_path / "one.npz", **some)
        with pytest.raises(UsageError, match="agree about none"):
            evaluate(tmp_path / "one.npz")

    def test_angry_faces_alone_are_refused(self, data: Path, tmp_path: Path) -> None:
        with np.load(data) as stored:
            some = {key: stored[key][-2:] for key in stored}
        np.savez(tmp_path / "two.npz", **some)
        with pytest.raises(UsageError, match="anything but angry") as caught:
            evaluate(tmp_path / "two.npz", model=looking_model(tmp_path))
        assert caught.value.remedy


def test_the_command_prints_and_writes(data: Path, tmp_path: Path) -> None:
    model, out = looking_model(tmp_path, scaling="face"), tmp_path / "out.json"
    done = CliRunner().invoke(
        app, ["eval", "fairness", "--data", str(data), "--model", str(model), "--json", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "11 faces of 11" in done.output
    assert "one mean and spread for all faces" in done.output
    assert len(json.loads(out.read_text())["shipped"]["bins"]) == len(BINS)


def test_tables_fit_a_terminal(data: Path, tmp_path: Path) -> None:
    found = evaluate(data, model=looking_model(tmp_path, scaling="face"), say=lambda note: None)
    console = Console(width=80, record=True, file=(tmp_path / "text").open("w"))
    for part in tables(found):
        console.print(part)
    text = console.export_text()
    console.file.close()
    assert "…" not in text
    for skin in BINS:
        assert f" {skin:.0f} " in text
