"""`vtdrive.eval.blendshapes`: figures against hand-made values, and files that are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vtdrive.errors import UsageError
from vtdrive.eval.blendshapes import compare, evaluate, format_table, load_pairs

REPO = Path(__file__).parents[3]
PAIRS = REPO.parent / "shared" / "data" / "blendshapes" / "pairs_video.npz"
NAMES = ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen")


def pairs(frames: int = 6, **changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "landmarks_px": rng.uniform(0, 100, (frames, 478, 3)).astype(np.float32),
        "blendshapes": rng.uniform(0, 1, (frames, 4)).astype(np.float32),
        "names": np.array(["_neutral", *NAMES]),
        "clip": np.zeros(frames, np.int16),
    }
    arrays.update(changes)
    return {key: value for key, value in arrays.items() if value is not None}


def saved(folder: Path, **changes: Any) -> Path:
    path = folder / "pairs.npz"
    np.savez(path, **pairs(**changes))
    return path


def test_figures_are_those_of_the_definition() -> None:
    teacher = np.zeros((8, 3), np.float32)
    teacher[:, 0] = [0, 1, 0, 1, 0, 1, 0, 1]
    teacher[:, 1] = [0, 0, 1, 1, 0, 0, 1, 1]
    teacher[:, 2] = 0.01 * teacher[:, 0]  # moves, but less than what counts
    ours = np.zeros_like(teacher)
    ours[:, 0] = 0.1 + 0.5 * teacher[:, 0]
    ours[:, 1] = 1 - teacher[:, 1]
    ours[:, 2] = 0.3
    clip = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    result = compare(ours=ours, teacher=teacher, names=NAMES, clip=clip)
    assert result["moving"] == 2
    assert result["mean_correlation"] == pytest.approx(0.0, abs=1e-6)
    assert result["mean_of_clips"] == pytest.approx(0.0, abs=1e-6)
    assert result["blink"] == pytest.approx(0.0, abs=1e-6)
    assert result["smile"] is None
    left = result["per_shape"]["eyeBlinkLeft"]
    assert left["correlation"] == pytest.approx(1.0)
    assert left["slope"] == pytest.approx(0.5)
    assert left["mae"] == pytest.approx((0.1 + 0.4) / 2)
    assert left["teacher_std"] == pytest.approx(0.5)
    assert result["per_shape"]["eyeBlinkRight"]["correlation"] == pytest.approx(-1.0)
    assert result["per_shape"]["jawOpen"]["correlation"] == 0.0


def test_pooled_and_per_clip_means_differ_as_they_should() -> None:
    # Within each clip we follow the teacher; between the clips we are off the other way round.
    teacher = np.array([[0.0], [0.2], [0.8], [1.0]], np.float32)
    ours = np.array([[0.8], [1.0], [0.0], [0.2]], np.float32)
    clip = np.array([0, 0, 1, 1])
    result = compare(ours=ours, teacher=teacher, names=("jawOpen",), clip=clip)
    assert result["mean_of_clips"] == pytest.approx(1.0)
    assert result["mean_correlation"] < -0.5
    assert [entry["frames"] for entry in result["per_clip"]] == [2, 2]


def test_a_clip_where_nothing_moves_is_listed_and_not_counted() -> None:
    teacher = np.array([[0.0], [1.0], [0.5], [0.5]], np.float32)
    clip = np.array([3, 3, 9, 9])
    result = compare(ours=teacher, teacher=teacher, names=("jawOpen",), clip=clip)
    still = result["per_clip"][1]
    assert (still["clip"], still["moving"], still["mean_correlation"]) == (9, 0, None)
    assert result["mean_of_clips"] == pytest.approx(1.0)


def test_a_moving_shape_held_constant_counts_as_zero() -> None:
    teacher = np.array([[0.0], [1.0]], np.float32)
    clip = np.zeros(2, np.int64)
    result = compare(ours=np.zeros_like(teacher), teacher=teacher, names=("jawOpen",), clip=clip)
    assert (result["moving"], result["mean_correlation"]) == (1, 0.0)


def test_the_table_names_every_shape_and_the_summary() -> None:
    rng = np.random.default_rng(1)
    teacher = rng.uniform(0, 1, (20, 3)).astype(np.float32)
    result = compare(ours=teacher, teacher=teacher, names=NAMES, clip=np.zeros(20, np.int64))
    text = format_table(result)
    assert all(name in text for name in NAMES)
    assert "mean correlation 1.00 over 3 moving shapes, 20 frames" in text
    assert "smile –" in text


def test_neutral_is_left_out_and_clip_may_be_absent(tmp_path: Path) -> None:
    found = load_pairs(saved(tmp_path, clip=None))
    assert found.names == NAMES
    assert found.blendshapes.shape == (6, 3)
    assert found.clip.tolist() == [0] * 6


def with_nan(*shape: int) -> Any:
    array = np.ones(shape, np.float32)
    array[2] = np.nan
    return array


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"names": None}, "lacks names"),
        ({"landmarks_px": None, "blendshapes": None}, "lacks landmarks_px, blendshapes"),
        ({"landmarks_px": np.zeros((6, 468, 3), np.float32)}, r"\(6, 468, 3\)"),
        ({"blendshapes": np.zeros((5, 4), np.float32)}, "a row per frame"),
        ({"clip": np.zeros(3, np.int16)}, r"clip has shape \(3,\)"),
        ({"landmarks_px": with_nan(6, 478, 3)}, "landmarks_px has NaN or infinity in 1 of 6"),
        ({"blendshapes": with_nan(6, 4)}, "blendshapes has NaN or infinity in 1 of 6"),
        ({"landmarks_px": np.zeros((6, 478, 3), "U1")}, "not numbers"),
        ({"names": np.array(["a", "b", "c", "d"])}, "no ARKit shape"),
        ({"names": np.array(["jawOpen", "jawOpen", "x", "y"])}, "one of them twice"),
        ({"frames": 1}, "too few"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        load_pairs(saved(tmp_path, **changes))
    assert "make_pairs.py" in caught.value.remedy


def test_an_absent_or_foreign_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        load_pairs(tmp_path / "none.npz")
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    with pytest.raises(UsageError, match="not a pairs file"):
        load_pairs(text)
    single = tmp_path / "single.npy"
    np.save(single, np.zeros(3))
    with pytest.raises(UsageError, match="single array"):
        load_pairs(single)
    cut = tmp_path / "cut.npz"
    whole = saved(tmp_path).read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match="not a pairs file"):
        load_pairs(cut)
    with pytest.raises(UsageError):
        load_pairs(tmp_path)


def test_the_shipped_network_is_what_is_evaluated(tmp_path: Path) -> None:
    result = evaluate(saved(tmp_path, frames=5))
    assert set(result["per_shape"]) == set(NAMES)
    assert result["frames"] == 5
    flat = saved(tmp_path, landmarks_px=np.ones((6, 478, 3), np.float32))
    with pytest.raises(UsageError, match="no size"):
        evaluate(flat)


@pytest.mark.shared
@pytest.mark.skipif(not PAIRS.exists(), reason="the data folder is not beside the checkout")
def test_the_shipped_network_knows_what_it_was_trained_on() -> None:
    result = evaluate(PAIRS)
    assert result["mean_of_clips"] > 0.8
    assert result["blink"] > 0.9
    assert result["smile"] > 0.9
    assert len(result["per_clip"]) == 11
