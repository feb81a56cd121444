"""Vowels as shapes: the mapping reads each back as the vowel it was."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vtdrive.config.schema import Config
from vtdrive.core.poser import Poser
from vtdrive.core.voice.mouth import MOUTH_KNOWN, mouth_of
from vtdrive.core.voice.vowels import VOWELS
from vtdrive.types import Profile, frozen
from vtdrive.vocab import SHAPE_INDEX
from vtdrive.wire.neutral import neutral_frame

PRESETS = ("aa", "ih", "ou", "ee", "oh")


def presets(config: Config, voice: list[float]) -> dict[str, float]:
    profile = Profile("presets")
    poser = Poser(config, (profile,))
    state = neutral_frame(poser.schema, (profile,), seq=0, t_ns=0).state
    state = dataclasses.replace(state, shapes=mouth_of(frozen(voice)))
    params = poser.poses(state)[profile].params
    return {name: float(params[poser.schema.names.index(name)]) for name in PRESETS}


@pytest.mark.parametrize("loud", [1.0, 0.8, 0.6])
@pytest.mark.parametrize("i", range(5), ids=VOWELS)
def test_each_vowel_comes_back_as_itself(config: Config, i: int, loud: float) -> None:
    got = presets(config, [loud * (k == i) for k in range(5)] + [loud])
    mine = got.pop(PRESETS[i])
    assert mine >= max(got.values()) + 0.2 * loud
    assert mine + sum(got.values()) <= 1 + 1e-5


def test_silence_is_a_closed_mouth(config: Config) -> None:
    assert not mouth_of(frozen(np.zeros(6))).any()
    assert set(presets(config, [0.0] * 6).values()) == {0.0}


def test_only_the_mouth_is_known() -> None:
    known = {name for name, i in SHAPE_INDEX.items() if MOUTH_KNOWN[i]}
    assert all(name.startswith(("mouth", "jaw")) for name in known)
    assert {"jawOpen", "mouthFunnel", "mouthPucker", "mouthStretchLeft"} <= known
    shapes = mouth_of(frozen(np.ones(6)))
    assert not shapes[~MOUTH_KNOWN].any()
    assert ((shapes >= 0) & (shapes <= 1)).all()


def test_both_sides_are_alike() -> None:
    shapes = mouth_of(frozen(np.full(6, 0.5)))
    for stem in ("mouthStretch", "mouthSmile", "mouthLowerDown", "mouthUpperUp"):
        assert shapes[SHAPE_INDEX[f"{stem}Left"]] == shapes[SHAPE_INDEX[f"{stem}Right"]]
