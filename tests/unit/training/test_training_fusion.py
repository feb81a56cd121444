"""How fusion weights are fitted, judged and written down."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from training.emotion.data import Split
from training.emotion.fuse import fit_weights
from training.emotion.fusion_card import Figures, with_fusion, write
from training.emotion.fusion_page import CARD, PAGE, rewritten
from training.emotion.scores import softmax
from vtdrive.assets import data_dir, load_card
from vtdrive.classifiers.fused import find_weights
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL
from vtdrive.classifiers.shape_emotion import SHAPES_MODEL
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS, SHAPES

FIGURES = Figures(0.8, 0.7, 0.6, 0.5, 0.01)


def readings(n: int = 20_000) -> tuple[F32, F32]:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(n, 8)).astype(np.float32) * scale for scale in (2, 1))
    return a, b


def drawn(logits: F32) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A label for each row, as likely as the logits say."""
    shares = softmax(logits).cumsum(1)
    above = np.random.default_rng(1).random((len(shares), 1))
    label: np.ndarray[tuple[int], np.dtype[np.int64]] = (shares < above).sum(1).clip(max=7)
    return label


def test_weights_that_made_the_labels_are_found_again() -> None:
    a, b = readings()
    found = fit_weights([a, b], drawn(0.9 * a + 0.4 * b))
    assert found == pytest.approx([0.9, 0.4], abs=0.03)


def test_a_reading_that_says_nothing_counts_nothing() -> None:
    a, b = readings()
    found = fit_weights([a, b], drawn(1.3 * a))
    assert found == pytest.approx([1.3, 0], abs=0.03)


def test_a_reading_that_is_worse_than_nothing_is_left_out_and_the_other_refitted() -> None:
    a, b = readings()
    label = drawn(a - 0.5 * b)
    found = fit_weights([a, b], label)
    assert found[1] == 0
    np.testing.assert_allclose(found[0], fit_weights([a], label)[0], rtol=1e-6)


def test_fitted_weights_are_at_least_as_likely_as_any_near_them() -> None:
    a, b = readings(500)
    label = drawn(0.9 * a + 0.4 * b)
    found = fit_weights([a, b], label)

    def loss(x: float, y: float) -> float:
        return -float(np.log(softmax(x * a + y * b)[np.arange(len(a)), label]).mean())

    best = loss(*found)
    steps = [(0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02), (0.02, -0.02)]
    assert all(loss(found[0] + i, found[1] + j) > best for i, j in steps)


def test_figures_count_what_they_say() -> None:
    target = np.eye(8, dtype=np.float32)[[0, 0, 1, 5, 6, 7]]
    faces = Split(np.zeros((6, 48, 48), np.uint8), target, np.array([1, 1, 1, 1, 0, 0], bool))
    read = 9 * np.eye(8, dtype=np.float32)[[0, 1, 1, 5, 6, 0]]
    figures = Figures.of(read, faces)
    assert figures.accuracy == pytest.approx(3 / 4)
    assert figures.accuracy_argmax_all == pytest.approx(4 / 6)
    assert figures.rare_recall_argmax_all == pytest.approx(2 / 3)
    assert figures.ece == pytest.approx(0.25, abs=0.002)


def test_fusing_again_replaces_one_table_and_keeps_the_rest() -> None:
    card = write(sha256="a" * 64, temperature=0.9, faces=10, figures=FIGURES)
    plain = tomllib.loads(card)
    assert plain["labels"] == list(EMOTIONS)
    assert plain["shapes"] == list(SHAPES)
    for name, weights in (("one", (1.0, 0.5)), ("the other.v2", (2.0, 0.0)), ("one", (3.0, 0.25))):
        card = with_fusion(
            card,
            picture=name,
            sha256=name,
            weights=weights,
            fitted_on="half",
            scores={"fused": FIGURES},
            cpu_ms={"fused": 4.0},
        )
    fusion = tomllib.loads(card)["fusion"]
    assert {name: (t["picture"], t["shapes"]) for name, t in fusion.items()} == {
        "one": (3.0, 0.25),
        "the other.v2": (2.0, 0.0),
    }
    assert fusion["one"]["scores_fused"]["macro_f1"] == 0.6
    assert {key: value for key, value in tomllib.loads(card).items() if key != "fusion"} == plain
    assert "\n\n\n" not in card


def test_the_page_says_what_the_card_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten(page, tomllib.loads(CARD.read_text(encoding="utf-8"))) == page


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        rewritten("# A page\n", {})


def test_the_shipped_pair_has_weights_and_loses_nothing_by_them() -> None:
    models = data_dir("models")
    shapes, picture = (load_card(models / name) for name in (SHAPES_MODEL, SHIPPED_MODEL))
    assert find_weights(picture, shapes) is not None, "run training.emotion.fuse again"
    table = shapes.facts["fusion"][picture.path.stem]
    # Of 1,600 faces: a standard error of the difference of two such readers is about half a point.
    assert table["scores_fused"]["accuracy"] >= table["scores_picture"]["accuracy"] - 0.01
    assert table["scores_fused"]["ece"] <= 0.05
