"""A card that is wrong, or that does not fit its model, is refused with a sentence that helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from emotion_networks import network, write
from onnx import TensorProto

from vtdrive.assets import load_card
from vtdrive.classifiers.emotion_card import EmotionCard
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.errors import ModelError
from vtdrive.vocab import EMOTIONS


def said(folder: Path, data: bytes | None = None, **facts: Any) -> str:
    """What the user is told instead of a classifier."""
    classifier = OnnxEmotion(write(folder, data, **facts))
    with pytest.raises(ModelError) as caught:
        classifier.open()
    classifier.close()
    assert caught.value.remedy
    assert caught.value.what.startswith(("tiny.toml", "model tiny.onnx"))
    return caught.value.what


def test_a_card_without_optional_facts_has_defaults(tmp_path: Path) -> None:
    card = EmotionCard.read(load_card(write(tmp_path)))
    assert (card.scaling, card.channels, card.layout) == ("fixed", "grey", "nchw")
    assert (card.mean, card.std, card.temperature) == ((0.5,), (0.25,), 1.0)
    assert (card.logits, card.probabilities, card.embedding) == (None, None, None)
    assert (card.crop_px, card.input_px, card.colour) == (12, 16, False)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"kind": "blendshapes"}, "not 'emotion'"),
        ({"temperature": -1.0}, "'temperature' must be a number above 0; found -1.0"),
        ({"temperature": True}, "'temperature' must be a number above 0; found true"),
        ({"crop": {"margin": "wide"}}, "[crop]: 'margin' must be a number above 0"),
        ({"crop": {"size_px": 12.5}}, "[crop]: 'size_px' must be a whole number of pixels"),
        ({"crop": {"size_px": 100_000}}, "whole number of pixels up to 1024; found 100000"),
        ({"crop": {"lift": None}}, "[crop]: 'lift' must be a number; found none"),
        ({"crop": {"size": 12}}, "[crop]: 'size' is an unknown key (allowed: size_px, margin,"),
        ({"input": {"std": 0}}, "[input]: 'std' must be a number above 0, or a list of three"),
        ({"input": {"mean": True}}, "[input]: 'mean' must be a number"),
        ({"input": {"mean": [0.1, 0.2]}}, "'mean' must be a number, or a list of three"),
        ({"input": {"std": [0.1, 0.2, 0]}}, "'std' must be a number above 0, or a list of three"),
        ({"input": {"mean": None}}, "[input]: 'mean' must be a number"),
        ({"input": {"scaling": "faces"}}, "(allowed: fixed, face; did you mean 'face'?)"),
        ({"input": {"channels": "gray"}}, "(allowed: grey, rgb, bgr; did you mean 'grey'?)"),
        ({"input": {"layout": "nchv"}}, "(allowed: nchw, nhwc; did you mean 'nchw'?)"),
        ({"input": {"layout": 3}}, "'layout' '3' is not allowed (allowed: nchw, nhwc)"),
        ({"input": {"scaling": "face"}}, 'has no use beside scaling = "face"'),
        ({"input": {"channel": "rgb"}}, "did you mean 'channels'?"),
        ({"output": {"logits": "logits"}}, "unknown key 'output' (did you mean 'outputs'?)"),
        ({"temperatur": 2.0}, "unknown key 'temperatur' (did you mean 'temperature'?)"),
        ({"outputs": {"logit": "logits"}}, "(allowed: logits, probabilities, embedding; did you"),
        ({"outputs": {"logits": 3}}, "[outputs]: 'logits' must be a name; found 3"),
        ({"outputs": {"logits": "a", "probabilities": "b"}}, "stands beside 'logits'"),
        ({"outputs": "logits"}, "'outputs' must be a table, [outputs]"),
    ],
)  # fmt: skip
def test_a_wrong_fact_is_named(tmp_path: Path, facts: dict[str, Any], told: str) -> None:
    assert told in said(tmp_path, **facts)


@pytest.mark.parametrize(("wrong", "told"), [("nan", "nan"), ("inf", "inf")])
def test_numbers_must_be_finite(tmp_path: Path, wrong: str, told: str) -> None:
    path = write(tmp_path).with_suffix(".toml")
    path.write_text(path.read_text("utf-8").replace('"mean" = 0.5', f'"mean" = {wrong}'), "utf-8")
    with pytest.raises(ModelError, match=f"'mean' must be a number.*found {told}"):
        EmotionCard.read(load_card(path.with_suffix(".onnx")))


@pytest.mark.parametrize("name", ["crop", "input"])
def test_a_table_that_lacks_is_named_with_what_may_stand_for_it(tmp_path: Path, name: str) -> None:
    path = write(tmp_path).with_suffix(".toml")
    path.write_text(path.read_text("utf-8").replace(f"[{name}]", f"[{name}s]"), "utf-8")
    with pytest.raises(ModelError, match=rf"lacks the table '{name}'.*mean it by '{name}s'"):
        EmotionCard.read(load_card(path.with_suffix(".onnx")))


def test_free_tables_may_stand_beside(tmp_path: Path) -> None:
    path = write(tmp_path, scores={"accuracy": 0.9}, training={"data": "mine"}, description="x")
    assert EmotionCard.read(load_card(path)).labels == EMOTIONS


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([], "'labels' must be a list of names; found a list of 0"),
        (None, "'labels' must be a list of names; found none"),
        ("neutral", "'labels' must be a list of names; found the text 'neutral'"),
        ([1, 2], "'labels' must be a list of names; found a list of 2"),
        (["happy", ""], "'labels' must be a list of names"),
        (["happy", "sad", "Happy"], "'labels' names 'Happy' twice"),
        (["happy", "sadd"], "'labels' names 'sadd', which is none of neutral, happiness,"),
        (["happy", "sadd"], "did you mean 'sad'?"),
        (["happy", "bored"], "'labels' names 'bored'"),
    ],
)
def test_labels_that_mean_nothing_are_named(tmp_path: Path, labels: object, told: str) -> None:
    assert told in said(tmp_path, labels=labels)


@pytest.mark.parametrize(
    ("mapped", "told"),
    [
        ({"bord": "neutral"}, "[map]: 'bord' is none of the labels (allowed: happy, bored;"),
        ({"bored": "borring"}, "[map]: 'bored' means 'borring' is no emotion (allowed: neutral,"),
        ({"bored": "hapiness"}, "did you mean 'happiness'?"),
        ({"bored": 3}, "[map]: 'bored' means '3' is no emotion"),
        ({"bored": "", "happy": ""}, "leaves no emotion"),
        ({"happy": "neutral"}, "'labels' names 'bored'"),
    ],
)  # fmt: skip
def test_a_map_that_leads_nowhere_is_named(
    tmp_path: Path, mapped: dict[str, Any], told: str
) -> None:
    assert told in said(tmp_path, network([0.0, 1.0]), labels=["happy", "bored"], map=mapped)


@pytest.mark.parametrize("count", [7, 9, 1])
def test_outputs_that_do_not_match_the_labels_are_refused(tmp_path: Path, count: int) -> None:
    data = network([2.0] * count)
    assert f"has {count} outputs, but its card names 8" in said(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "facts", "told"),
    [
        (network(), {"input": {"size_px": 17}}, "but its card says 1 × 17 px grey (nchw)"),
        (network(), {"input": {"channels": "rgb"}}, "but its card says 3 × 16 px rgb (nchw)"),
        (network(planes=4), {}, "takes ['N', 4, 16, 16], but its card says 1 × 16 px grey"),
        (network(planes=3, layout="nhwc"), {"input": {"channels": "rgb"}}, "rgb (nchw)"),
        (network(planes=3), {"input": {"channels": "bgr", "layout": "nhwc"}}, "bgr (nhwc)"),
        (network(), {"input": {"mean": [0.1, 0.2, 0.3]}}, "has 1 channel, but its card's mean"),
        (network(kind=TensorProto.DOUBLE), {}, "takes tensor(double), but vtdrive gives 32-bit"),
        (network(outputs=("p", "e")), {}, "has no output 'logits', but p, e; name one under"),
        (network(), {"outputs": {"logits": "logit"}}, "'logit' is none of them (allowed: logits,"),
        (network(), {"outputs": {"embedding": "pool"}}, "other outputs than its card's embedding"),
        (network([1] * 8), {"outputs": {"probabilities": "logits"}}, "that add up to 8, but its"),
        (network([-1, 1, 1] + [0] * 5), {"outputs": {"probabilities": "logits"}}, "values from -1"),
        (network(softmax=True), {}, "add up to 1, but its card calls them logits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_model_that_is_not_what_its_card_says(
    tmp_path: Path, data: bytes, facts: dict[str, Any], told: str
) -> None:
    assert told in said(tmp_path, data, **facts)
