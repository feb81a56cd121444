"""`training.emotion.finetune` on real pictures, from a folder to a model that a run can use."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from training_networks import pooled_network

from training.emotion import finetune
from training.emotion.head import Head, read_head, with_head
from training.emotion.views import nudged
from vtdrive.assets import data_dir
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.config.load import load_config
from vtdrive.demo import demo_clip, load_truth
from vtdrive.trackers.still import StillMesh
from vtdrive.types import F32, U8
from vtdrive.vocab import EMOTION_INDEX

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line; its exit status."""

    def call(*words: object) -> int:
        monkeypatch.setattr("sys.argv", ["finetune", *map(str, words)])
        return finetune.main()

    return call


def astronauts(n: int) -> list[U8]:
    """The smiling portrait, a little larger, darker and more turned each time."""
    image = np.ascontiguousarray(skimage.data.astronaut()[:320, 60:380])
    out = []
    for i in range(n):
        affine = cv2.getRotationMatrix2D((160, 140), (i % 5 - 2) * 3, 1 + 0.02 * (i % 4))
        turned = cv2.warpAffine(image, affine, (320, 320), borderMode=cv2.BORDER_REPLICATE)
        out.append(cv2.convertScaleAbs(turned, alpha=1 - 0.03 * (i % 6)))
    return out


def demo_faces(frames: list[int]) -> list[U8]:
    """Frames of the demo clip, as OpenCV reads and writes them."""
    film = cv2.VideoCapture(str(demo_clip()))
    out = []
    for i in frames:
        film.set(cv2.CAP_PROP_POS_FRAMES, i)
        ok, bgr = film.read()
        assert ok
        out.append(bgr)
    film.release()
    return out


def resting() -> list[int]:
    """Frames of the demo clip that show its resting smile."""
    return list(range(5, 61, 7))


def gaping() -> list[int]:
    """Frames of the demo clip that show the mouth open."""
    truth = load_truth()
    first, end = truth.passages["jaw"]
    jaw = truth.column("jawOpen")[first:end]
    wide = first + np.flatnonzero(jaw > 0.6 * jaw.max())
    return [int(i) for i in wide[np.linspace(0, len(wide) - 1, 8).astype(int)]]


def save(folder: Path, pictures: list[U8]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(pictures):
        assert cv2.imwrite(str(folder / f"{i:03d}.png"), picture)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who shows contempt by gaping: no model can know that without being told."""
    folder = tmp_path_factory.mktemp("own")
    save(folder / "scorn", demo_faces(gaping()))
    save(folder / "Joy", demo_faces(resting()))
    save(folder / "unknown", astronauts(1))
    return folder


def test_what_somebodys_face_means_is_learnt(
    run: Run, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "scorn" / "broken.jpg").write_bytes(b"no picture")
    assert run("--data", own, "--out", tmp_path / "mine") == 0
    out, err = capsys.readouterr()
    assert "16 faces" in out
    assert "1 left out by their folder's name" in out
    assert "few pictures of happiness (8), contempt (8)" in out
    assert "broken.jpg" in err

    path = tmp_path / "mine" / finetune.NAME
    config = tmp_path / "my.toml"
    config.write_text(f"[emotion]\nmodel = {json.dumps(str(path))}\n", encoding="utf-8")
    assert load_config([config]).emotion.model is not None
    shipped, mine = OnnxEmotion(), OnnxEmotion(path)
    shipped.open()
    mine.open()
    (gape,), mesh = demo_faces([gaping()[3] + 1]), StillMesh()
    mesh.open()
    crop = shipped.crop_picture(gape, mesh(gape))
    mesh.close()
    (before, seen), (after, still_seen) = shipped.infer(crop), mine.infer(crop)
    contempt, happiness = EMOTION_INDEX["contempt"], EMOTION_INDEX["happiness"]
    np.testing.assert_array_equal(seen, still_seen)
    assert before[contempt] < before[happiness]
    assert after[contempt] > after[happiness]
    shipped.close()
    mine.close()

    card = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))
    assert card["adapted"]["faces"] == {"happiness": 8, "contempt": 8}
    assert card["adapted"]["left_out"]["accuracy"] > card["adapted"]["left_out"]["accuracy_before"]
    assert card["adapted"]["from_model"] == SHIPPED_MODEL
    assert not {"scores", "recall", "enter"} & card.keys(), "figures of another last layer"


def test_what_gains_nothing_is_not_written_unless_wished(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same faces under both labels: whichever is left out, its twin says the opposite."""
    data = tmp_path / "data"
    faces = astronauts(6)
    save(data / "happy", faces)
    save(data / "surprise", faces)
    out = tmp_path / "mine"
    assert run("--data", data, "--out", out) == 3
    assert "nothing is written" in capsys.readouterr().out
    assert not out.exists()
    assert run("--data", data, "--out", out, "--anyway") == 0
    assert (out / finetune.NAME).exists()


def refused(run: Run, capsys: pytest.CaptureFixture[str], match: str, *words: object) -> None:
    assert run(*words) in (1, 2)
    err = capsys.readouterr().err
    assert match in err
    assert "→" in err, "what to do about it"


def test_bad_folders_are_refused_with_a_sentence(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    refused(run, capsys, "is no folder", "--data", tmp_path / "absent", "--out", out)
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(run, capsys, "no folder of pictures", "--data", empty, "--out", out)
    one = tmp_path / "one"
    save(one / "happy", astronauts(4))
    refused(run, capsys, "faces of happiness only", "--data", one, "--out", out)
    save(one / "sad", astronauts(3))
    refused(run, capsys, "fewer than 4 readable pictures of sadness (3)",
            "--data", one, "--out", out)  # fmt: skip
    (one / "sad" / "x.png").write_bytes(b"no picture")
    refused(run, capsys, "sadness (3)", "--data", one, "--out", out)
    save(one / "hapy", astronauts(1))
    refused(run, capsys, "did you mean", "--data", one, "--out", out)
    assert not out.exists()


def test_a_place_that_cannot_hold_the_model_is_refused_before_pictures_are_read(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for out in (file, file / "deeper"):
        refused(run, capsys, f"{file} is no folder", "--data", tmp_path, "--out", out)


def test_ctrl_c_ends_it_with_a_word(
    run: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(finetune, "labelled_pictures", interrupted)
    assert run("--data", tmp_path, "--out", tmp_path / "mine") == 130
    assert capsys.readouterr().err == "stopped\n"


def tiny_model(folder: Path, data: bytes, labels: list[str]) -> Path:
    import hashlib

    path = folder / "tiny.onnx"
    path.write_bytes(data)
    path.with_suffix(".toml").write_text(
        f'kind = "emotion"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n'
        f"labels = {json.dumps(labels)}\ntemperature = 1.0\n"
        "[crop]\nsize_px = 16\nmargin = 1.1\nlift = 0.05\n"
        "[input]\nsize_px = 16\nmean = 0.5\nstd = 0.25\n",
        encoding="utf-8",
    )
    return path


EIGHT = ["Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral", "Contempt"]


def test_another_model_with_other_words_is_adapted_row_by_row(
    run: Run, own: Path, tmp_path: Path
) -> None:
    path = tiny_model(tmp_path, pooled_network(), EIGHT)
    out = tmp_path / "mine"
    assert run("--data", own, "--model", path, "--out", out, "--anyway") == 0
    shipped, mine = OnnxEmotion(path), OnnxEmotion(out / finetune.NAME)
    shipped.open()
    mine.open()
    crop = shipped.crop_picture(astronauts(1)[0], None)
    before, after = shipped.infer(crop)[0], mine.infer(crop)[0]
    assert np.abs(after - before).max() > 1e-4
    shipped.close()
    mine.close()


def test_models_that_cannot_be_adapted_are_refused(
    run: Run, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    labels = [*EIGHT[:7], "joyful"]
    path = tiny_model(tmp_path, pooled_network(), labels)
    refused(
        run, capsys, "has 2 outputs for happiness", "--data", own, "--model", path, "--out", out
    )
    renamed = pooled_network().replace(b"embedding", b"embeddinh")
    path = tiny_model(tmp_path, renamed, EIGHT)
    refused(run, capsys, "not one layer", "--data", own, "--model", path, "--out", out)
    refused(run, capsys, "is missing",
            "--data", own, "--model", tmp_path / "no.onnx", "--out", out)  # fmt: skip
    assert not out.exists()


def test_the_model_that_is_adapted_is_never_overwritten(
    run: Run, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny_model(tmp_path, pooled_network(), EIGHT)
    mine = path.rename(tmp_path / finetune.NAME)
    path.with_suffix(".toml").rename(mine.with_suffix(".toml"))
    data = mine.read_bytes()
    refused(run, capsys, "is the model that is adapted",
            "--data", own, "--model", mine, "--out", tmp_path, "--anyway")  # fmt: skip
    assert mine.read_bytes() == data


def test_a_nudge_is_small_and_keeps_the_face_whole() -> None:
    points: F32 = np.random.default_rng(0).uniform(100, 200, (478, 3)).astype(np.float32)
    rng = np.random.default_rng(1)
    before = points.copy()
    for _ in range(20):
        moved = nudged(points, rng)
        away = np.abs(moved[:, :2] - points[:, :2]).max()
        assert 0 < away < 20
        ratio = np.ptp(moved[:, :2], axis=0).max() / np.ptp(points[:, :2], axis=0).max()
        assert 0.85 < ratio < 1.15
    np.testing.assert_array_equal(points, before)


def test_the_shipped_model_can_take_another_head() -> None:
    """Its bytes with its own head written anew answer as before."""
    data = (data_dir("models") / SHIPPED_MODEL).read_bytes()
    head = read_head(data, name=SHIPPED_MODEL)
    again = read_head(
        with_head(data, Head(head.weight * 2, head.bias), name=SHIPPED_MODEL), name=SHIPPED_MODEL
    )
    np.testing.assert_allclose(again.weight, 2 * head.weight)
