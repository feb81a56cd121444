"""The last layer is read and replaced; the rest of the file answers as before."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from training_networks import pooled_network

from training.emotion.head import Head, read_head, with_head
from vtdrive.assets import data_dir
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL
from vtdrive.errors import ModelError
from vtdrive.types import F32


def run(data: bytes) -> tuple[F32, F32]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).normal(size=(3, 1, 16, 16)).astype(np.float32)
    logits, embedding = session.run(["logits", "embedding"], {"image": x})
    return logits, embedding


@pytest.mark.parametrize("transposed", [True, False])
def test_the_head_is_what_the_network_computes(transposed: bool) -> None:
    data = pooled_network(transposed=transposed)
    logits, embedding = run(data)
    np.testing.assert_allclose(read_head(data, name="x")(embedding), logits, atol=1e-5)


@pytest.mark.parametrize("transposed", [True, False])
def test_another_head_changes_the_logits_alone(transposed: bool) -> None:
    data = pooled_network(transposed=transposed)
    rng = np.random.default_rng(2)
    head = Head(rng.normal(size=(8, 6)).astype(np.float32), rng.normal(size=8).astype(np.float32))
    changed = with_head(data, head, name="x")
    (_, before), (logits, after) = run(data), run(changed)
    np.testing.assert_array_equal(before, after)
    np.testing.assert_allclose(logits, head(after), atol=1e-5)


def test_the_shipped_model_has_such_a_head() -> None:
    data = (data_dir("models") / SHIPPED_MODEL).read_bytes()
    head = read_head(data, name=SHIPPED_MODEL)
    assert head.weight.shape == (8, 2048)
    assert head.bias.shape == (8,)


def test_a_head_of_another_size_does_not_fit() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        with_head(pooled_network(), Head(np.ones((7, 6), np.float32), np.ones(7, np.float32)),
                  name="x")  # fmt: skip


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"no network", "no .onnx file|not one layer"),
        (pooled_network().replace(b"embedding", b"embeddinh"), "not one layer"),
        (pooled_network().replace(b"Gemm", b"Gemn"), "not one layer"),
        (b"", "not one layer"),
    ],
    ids=["noise", "renamed", "other layer", "empty"],
)
def test_what_has_no_such_head_is_refused(data: bytes, match: str) -> None:
    with pytest.raises(ModelError, match=match) as caught:
        read_head(data, name="mine.onnx")
    assert "mine.onnx" in caught.value.what
    assert caught.value.remedy
