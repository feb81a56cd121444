"""What is heard: vowels of voices that took no part in the making, silence, noise, ugly samples."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from voices import FORMANTS_HZ, buzz, need_espeak, resampled, spoken

from vtdrive.core.voice.hearing import HOP_S, Hearing
from vtdrive.core.voice.vowels import VOWELS
from vtdrive.types import F32

RATE_HZ = 22050
PHONEMES = {"A": "a:", "I": "i:", "U": "u:", "E": "e:", "O": "o:"}
# Every fourth of eSpeak's voices, in alphabetical order, was kept from the training: six of them.
HELD_OUT = ("Michael", "f3", "grandpa", "m2", "pablo", "victor")


def hearing(rate_hz: float = RATE_HZ, **options: float) -> Hearing:
    given = {"gate_db": 10.0, "attack_ms": 12.0, "release_ms": 60.0} | options
    return Hearing(rate_hz, **given)


def heard(samples: F32, rate_hz: float = RATE_HZ, block: int = 0) -> F32:
    """(hops, 6): every value, after 0.3 s of a quiet room."""
    ear = hearing(rate_hz)
    ear.push(quiet(0.3, rate_hz))
    hop = round(rate_hz * HOP_S)
    rows = []
    for at in range(0, len(samples) - hop + 1, hop):
        ear.push(samples[at : at + hop])
        rows.append(ear.voice)
    return np.array(rows)


def quiet(seconds: float, rate_hz: float = RATE_HZ, level: float = 3e-4) -> F32:
    rng = np.random.default_rng(3)
    return rng.normal(0, level, round(seconds * rate_hz)).astype(np.float32)


def vowel_of(values: F32) -> str:
    return VOWELS[int(values[:, :5].mean(axis=0).argmax())]


def test_silence_is_a_closed_mouth() -> None:
    for level in (0.0, 3e-4, 3e-3):
        values = heard(quiet(2.0, level=level))
        assert values[50:].max() < 0.01
        assert (values[120:] == 0).all()


@need_espeak
@pytest.mark.parametrize("voice", HELD_OUT)
@pytest.mark.parametrize("vowel", VOWELS)
def test_a_voice_never_heard_says_each_vowel(voice: str, vowel: str) -> None:
    values = heard(spoken(PHONEMES[vowel], voice=f"es+{voice}"))
    loud = values[values[:, 5] > 0.5]
    assert len(loud) >= 5
    assert vowel_of(loud) == vowel
    # Not just more than the others: a viewer sees it.
    assert loud[:, VOWELS.index(vowel)].max() > 0.5


def test_vowels_by_another_synthesis_from_textbook_formants() -> None:
    right = {
        (who, vowel, pitch): vowel_of(
            heard(buzz(formants, pitch_hz=pitch, rate_hz=RATE_HZ, seconds=0.4))
        )
        == vowel
        for who, pitches in (("men", (90, 120, 150)), ("women", (180, 220, 260)))
        for vowel, formants in FORMANTS_HZ[who].items()
        for pitch in pitches
    }
    assert sum(right.values()) >= 28, [case for case, ok in right.items() if not ok]


@need_espeak
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 48000])
def test_the_sampling_rate_does_not_matter(rate_hz: int) -> None:
    for vowel, phonemes in PHONEMES.items():
        sound = spoken(phonemes, voice="es+f5")
        values = heard(resampled(sound, rate_hz), rate_hz)
        assert vowel_of(values[values[:, 5] > 0.5]) == vowel


@need_espeak
def test_the_size_of_the_blocks_does_not_matter() -> None:
    sound = np.concatenate([spoken("mama"), quiet(0.2), spoken("sisu")])
    wanted: F32 | None = None
    for block in (1, 7, 220, 221, 480, 1000, 100_000):
        ear, steps = hearing(), 0
        for at in range(0, len(sound), block):
            steps += ear.push(sound[at : at + block])
        if wanted is None:
            wanted, count = ear.voice, steps
        np.testing.assert_array_equal(ear.voice, wanted)
        assert steps == count
    assert count == len(sound) // round(RATE_HZ * HOP_S)


@need_espeak
@pytest.mark.parametrize("gain", [0.1, 0.25, 4.0])
def test_a_soft_microphone_and_a_loud_one_that_clips(gain: float) -> None:
    for vowel, phonemes in PHONEMES.items():
        sound = spoken(phonemes, voice="es+m8")
        # A voice is known after a second or two; then the same vowel opens the mouth as far.
        talk = np.concatenate([np.tile(sound, 6), quiet(0.3), sound])
        plain, changed = heard(talk), heard(talk * np.float32(gain))
        last = slice(-len(sound) // 220 + 3, -8)
        assert vowel_of(changed[last]) == vowel
        assert changed[last, 5].mean() == pytest.approx(plain[last, 5].mean(), abs=0.2)


@need_espeak
def test_noise_of_a_fan_is_learnt_and_speech_heard_above_it() -> None:
    rng = np.random.default_rng(5)
    sound = spoken("a:", voice="es+m8")
    fan = rng.normal(0, 0.01, 6 * RATE_HZ).astype(np.float32)
    fan[5 * RATE_HZ :][: len(sound)] += sound[:RATE_HZ]
    values = heard(fan)
    assert (values[450:490, :5] == 0).all()
    assert vowel_of(values[510:530]) == "A"


@need_espeak
def test_a_closed_consonant_closes_the_mouth() -> None:
    values = heard(spoken("a:m:a:m:a:", voice="es+m8", speed=90))
    openness = values[:, :5].sum(axis=1)
    voiced = openness[values[:, 5] > 0.3]
    assert voiced.max() > 0.7
    inner = openness[20:-30]
    assert inner.min() < 0.45 * inner.max()


@need_espeak
def test_it_opens_fast_and_closes_for_good() -> None:
    sound = spoken("a:", voice="es+m8")
    start = int(np.argmax(np.abs(sound) > 0.05))
    values = heard(np.concatenate([quiet(0.5), sound[start : start + 6000], quiet(1.0)]))
    first = 50
    full = values[first + 10 : first + 20, 0].mean()
    # The hop in which half is reached began this long after the sound: 40 ms at most.
    half = int(np.argmax(values[:, 0] > full / 2)) + 1 - first
    assert half * HOP_S <= 0.040
    assert (values[-40:] == 0).all()


@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), max_size=900),
    st.sampled_from([1e-40, 1.0, 1e38]),
)
def test_whatever_comes_in_only_values_from_0_to_1_come_out(
    values: list[float], scale: float
) -> None:
    ear = hearing(8000)
    with np.errstate(over="ignore", invalid="ignore"):
        ugly = np.array(values * 3, np.float32) * np.float32(scale)
    ear.push(ugly)
    ear.push(quiet(0.1, 8000, 0.1))
    assert np.isfinite(ear.voice).all()
    assert ((ear.voice >= 0) & (ear.voice <= 1)).all()
    assert ear.voice[:5].sum() <= 1 + 1e-5
    assert ear.bad == 3 * sum(not np.isfinite(v) for v in values) or scale > 1


@need_espeak
def test_after_samples_that_are_no_numbers_it_hears_as_before() -> None:
    sound = spoken("i:", voice="es+f5")
    ear = hearing()
    ear.push(np.full(3000, np.nan, np.float32))
    assert ear.bad == 3000
    assert not ear.voice.any()
    ear.push(quiet(0.5))
    ear.push(sound[: len(sound) // 2])
    assert int(ear.voice[:5].argmax()) == VOWELS.index("I")


def test_a_rate_too_low_for_vowels_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        hearing(4000)


def test_a_second_of_sound_costs_little() -> None:
    ear = hearing(48000)
    rng = np.random.default_rng(1)
    blocks = rng.normal(0, 0.1, (300, 480)).astype(np.float32)
    before = time.process_time()
    for block in blocks:
        ear.push(block)
    # Measured 20 ms for a second of sound; the bound is for a busy machine.
    assert (time.process_time() - before) / 3.0 < 0.15
