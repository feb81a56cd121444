"""Fitting the last layer: what it moves, what it leaves, and whether its gain is told truly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.emotion.adapt import Samples, Space, choose_strength, deal_folds, fit, log_loss
from training.emotion.finetune import adapt
from training.emotion.gain import Gain, poorer, table
from training.emotion.head import Head
from training.emotion.views import Seen
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS

I64 = npt.NDArray[np.int64]
WIDTH = 40


def old_head() -> Head:
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(8, WIDTH)).astype(np.float32) * np.float32(0.1)
    return Head(weight, rng.normal(size=8).astype(np.float32))


def some_faces(label: I64, *, apart: float, views: int = 4, seed: int = 1) -> F32:
    """Embeddings, mostly common to all, that differ by label by `apart` deviations."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(7).normal(size=(8, WIDTH)) * apart
    face = (
        rng.normal(size=(len(label), 1, WIDTH)) + rng.normal(size=WIDTH) + middles[label][:, None]
    )
    seen: F32 = (face + rng.normal(size=(len(label), views, WIDTH)) * 0.2 + 1).astype(np.float32)
    return seen


def samples(embedding: F32, label: I64, *, temperature: float = 0.7) -> tuple[Space, Samples]:
    space = Space.of(embedding)
    logits = old_head()(embedding).astype(np.float64) / temperature
    return space, Samples(space(embedding), logits, label)


LABEL = np.repeat([0, 1, 4], 20)


@pytest.mark.parametrize("views", [2, 8])
def test_the_moved_head_computes_the_moved_logits(views: int) -> None:
    """More views than features, and fewer."""
    label = LABEL if views == 8 else np.array([0, 0, 1, 1, 4, 4])
    embedding = some_faces(label, apart=0.5, views=views)
    space, faces = samples(embedding, label)
    move = fit(faces, strength=0.05)
    assert np.abs(move).max() > 0.1
    new = space.moved(old_head(), move, temperature=0.7)
    np.testing.assert_allclose(
        new(embedding) / np.float32(0.7), faces.logits + faces.at @ move, atol=2e-3
    )


def test_emotions_without_faces_are_not_put_down_as_a_whole() -> None:
    """None of the labels names them, so a plain fit would: here the mean face is read as before."""
    _, faces = samples(some_faces(LABEL, apart=0.5), LABEL)
    move = fit(faces, strength=0.01)
    others = [k for k in range(8) if k not in (0, 1, 4)]
    assert (move[-1, others] == 0).all()
    assert abs(move[-1].sum()) < 1e-9
    assert np.abs(move[:-1, others]).max() > 0.01, "single directions move"
    away = (faces.at[:, 0] @ move)[:, others]
    assert np.abs(away.mean(0)).max() < 0.3 * np.abs(away).max()


def test_the_fit_is_at_the_bottom() -> None:
    """Any small step to the side is worse: by the loss itself, not by its slope."""
    _, faces = samples(some_faces(LABEL, apart=0.3, views=2), LABEL)
    found = fit(faces, strength=0.1)

    def loss(move: npt.NDArray[np.float64]) -> float:
        logits = faces.logits + faces.at @ move
        log = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        return float(-log[np.arange(len(LABEL)), :, LABEL].mean() + 0.05 * (move**2).sum())

    rng = np.random.default_rng(0)
    for _ in range(20):
        step = rng.normal(size=found.shape) * 0.01
        step[-1] = 0  # what all faces share is bound
        assert loss(found + step) > loss(found)
    assert loss(found) < loss(np.zeros_like(found))


def test_a_harder_pull_moves_less() -> None:
    _, faces = samples(some_faces(LABEL, apart=0.5), LABEL)
    far = [float(np.linalg.norm(fit(faces, strength=s))) for s in (0.003, 0.03, 0.3, 30)]
    assert far == sorted(far, reverse=True)
    assert far[-1] < 0.05 * far[0]


def test_one_emotion_alone_moves_nothing() -> None:
    label = np.zeros(10, np.int64)
    _, faces = samples(some_faces(label, apart=1), label)
    assert not fit(faces, strength=0.01).any()


@given(st.lists(st.integers(0, 7), min_size=1, max_size=60), st.integers(2, 6))
def test_folds_hold_every_face_once_and_every_label_evenly(labels: list[int], folds: int) -> None:
    label = np.array(labels)
    parts = deal_folds(label, folds=folds)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(label)))
    for k in np.unique(label):
        counts = [int((label[part] == k).sum()) for part in parts]
        assert max(counts) - min(counts) <= 1


def test_neighbours_of_one_label_share_a_fold() -> None:
    parts = deal_folds(np.repeat([3, 5], 20), folds=4)
    for part in parts:
        assert (np.diff(part) == 1).sum() == 8  # two runs of five


def test_the_pull_follows_the_evidence() -> None:
    _, telling = samples(some_faces(LABEL, apart=1.0), LABEL)
    shuffled = np.random.default_rng(3).permutation(LABEL)
    _, saying_nothing = samples(some_faces(LABEL, apart=0.0), shuffled)
    # The old head knows already that all three are equally likely, and nothing more.
    saying_nothing.logits[:] = 0
    some = (0.003, 100.0)
    assert choose_strength(telling, folds=3, among=some) == 0.003
    assert choose_strength(saying_nothing, folds=3, among=some) == 100


def seen(embedding: F32, label: I64) -> Seen:
    n = len(label)
    return Seen(embedding, label, np.zeros((n, 4, 4), np.uint8), np.ones(n, np.bool_))


ROWS = list(range(8))


def test_what_can_be_learnt_is_gained_also_on_new_faces() -> None:
    adapted = adapt(
        old_head(), seen(some_faces(LABEL, apart=0.6), LABEL), rows=ROWS, temperature=0.7
    )
    assert adapted.gain.helps
    assert adapted.gain.accuracy(adapted.gain.after) > 0.8
    new = some_faces(LABEL, apart=0.6, seed=1)[:, 0] + np.random.default_rng(9).normal(
        size=(len(LABEL), WIDTH)
    ).astype(np.float32) * np.float32(0.3)
    assert (adapted.head(new).argmax(1) == LABEL).mean() > 0.8
    assert (old_head()(new).argmax(1) == LABEL).mean() < 0.6


def test_rows_of_the_head_may_lie_in_any_order() -> None:
    order = [2, 3, 0, 1, 5, 4, 7, 6]  # row of each emotion; those with faces stay in order
    head = old_head()
    turned = Head(head.weight[np.argsort(order)], head.bias[np.argsort(order)])
    faces = seen(some_faces(LABEL, apart=0.6), LABEL)
    plain = adapt(head, faces, rows=ROWS, temperature=0.7)
    other = adapt(turned, faces, rows=order, temperature=0.7)
    np.testing.assert_array_equal(plain.gain.before, other.gain.before)
    np.testing.assert_array_equal(plain.gain.after, other.gain.after)
    np.testing.assert_allclose(plain.head.weight, other.head.weight[order], atol=1e-4)


def test_labels_that_mean_nothing_gain_nothing() -> None:
    """A head that knows the faces, and labels dealt at random: no fold may pretend otherwise."""
    rng = np.random.default_rng(5)
    for seed in range(2):
        label = rng.permutation(LABEL)
        embedding = some_faces(LABEL, apart=0.0, seed=seed)
        calm = Head(old_head().weight * np.float32(0.01), np.zeros(8, np.float32))
        found = adapt(calm, seen(embedding, label), rows=ROWS, temperature=0.7).gain
        assert found.accuracy(found.after) < 0.55


def gain(label: list[int], before: list[int], after: list[int], *, less: float) -> Gain:
    rng = np.random.default_rng(0)
    at_first = rng.uniform(1, 2, len(label))
    noise = rng.normal(size=len(label)) * 0.3
    return Gain(np.array(label), np.array(before), np.array(after), at_first,
                at_first - less + noise)  # fmt: skip


def test_gained_and_lost_are_counted_face_by_face() -> None:
    found = gain([0, 0, 1, 1, 1], [0, 1, 1, 0, 0], [1, 0, 1, 1, 0], less=1)
    assert (found.gained, found.lost) == (2, 1)
    assert found.chance == pytest.approx(0.5)
    before, after = found.found_of(1)
    assert before == pytest.approx(1 / 3)
    assert after == pytest.approx(2 / 3)


def test_help_wants_likelier_labels_and_more_right_faces() -> None:
    label = [0, 1] * 20
    wrong = [1, 0] * 20
    assert gain(label, wrong, label, less=0.5).helps
    assert not gain(label, wrong, wrong, less=0.0).helps
    assert not gain(label, label, wrong, less=0.5).helps
    assert not gain(label, label, label, less=0.5).helps, "surer is not better"
    assert not gain(label, wrong, label, less=-0.5).helps


def test_the_table_names_only_emotions_with_faces_and_says_who_suffers() -> None:
    found = gain([0] * 10 + [4] * 10, [0] * 20, [4] * 20, less=0.5)
    told = table(found)
    assert "neutral" in told
    assert "anger" in told
    assert not any(name in told for name in EMOTIONS if name not in ("neutral", "anger"))
    assert "10 faces gained, 10 lost" in told
    assert "neutral" in poorer(found)
    assert poorer(gain([0] * 10, [0] * 10, [0] * 10, less=0.5)) == ""


def test_it_is_the_log_loss_of_the_plain_view() -> None:
    _, faces = samples(some_faces(LABEL, apart=0.5), LABEL)
    nothing = np.zeros((faces.at.shape[2], 8))
    logits = faces.logits[:, 0]
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wanted = -np.log(probs[np.arange(len(LABEL)), LABEL])
    np.testing.assert_allclose(log_loss(faces, nothing), wanted, atol=1e-6)
