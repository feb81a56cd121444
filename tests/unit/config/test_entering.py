"""Where expressions begin by default is what the shipped model's card measured."""

from __future__ import annotations

import pytest

from vtdrive.assets import data_dir, load_card
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL
from vtdrive.config.emotion import EmotionConfig
from vtdrive.config.entering import ENTER
from vtdrive.config.load import load_config
from vtdrive.vocab import EMOTIONS


def test_the_defaults_are_those_of_the_card() -> None:
    table = load_card(data_dir("models") / SHIPPED_MODEL).facts.get("enter")
    assert table is not None, "run: python -m training.emotion.thresholds --write"
    assert {name: table[name]["enter"] for name in EMOTIONS[1:]} == ENTER
    for name in EMOTIONS[1:]:
        row = table[name]
        assert row["basis"]
        if row["predictions"]:
            assert 0 <= row["precision"] <= 1


@pytest.mark.parametrize("name", EMOTIONS[1:])
def test_an_emotion_leaves_well_below_where_it_enters(name: str) -> None:
    timing = EmotionConfig().of(name)
    assert timing.enter == ENTER[name]
    assert timing.enter - timing.exit == pytest.approx(0.17)
    assert timing.exit >= 2 / len(EMOTIONS)
    assert load_config([]).emotion.of(name) == timing
