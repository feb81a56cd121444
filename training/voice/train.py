"""Finds the numbers of vtdrive/core/voice/table.py from synthetic speech, and tests them.

    .venv/bin/python -m training.voice.train [--write]

Needs eSpeak NG (apt-get install espeak-ng); takes about two minutes on one core. Every fourth voice
is heard in the test only; the penalty is chosen on voices of the training part.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from training.voice.espeak import Spoken, say, variants
from vtdrive.core.voice.bands import BANDS, Bands, cepstrum

ROBOTS = ("robo", "ricishay", "uni", "anikarobot", "demonic", "fast", "announcer", "tweaky")
CLASSES = ("A", "I", "U", "E", "O", "other")
KIND = {"a": 0, "i": 1, "u": 2, "e": 3, "o": 4} | dict.fromkeys("mnNsSfzZvh", 5)
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
OUT = Path(__file__).parents[2] / "vtdrive" / "core" / "voice" / "table.py"


def words(rng: np.random.Generator, language: str, count: int) -> str:
    """Syllables of a consonant and a vowel, as the language spells them."""
    if language == "ja":
        rows = ("あいうえお", "かきくけこ", "まみむめも", "なにぬねの", "らりるれろ", "ぱぴぷぺぽ")
        return "、".join(
            "".join(rng.choice(list(rng.choice(rows))) for _ in range(3)) for _ in range(count)
        )
    vowels = {"de": ("ah", "ie", "uh", "eh", "oh")}.get(language, tuple("aiueo"))
    return " ".join(
        "".join(rng.choice(list("mptknslrfbdg")) + rng.choice(vowels) for _ in range(2))
        for _ in range(count)
    )


def frames(spoken: Spoken, rng: np.random.Generator) -> tuple[F64, I64]:
    """(n, BANDS) band powers and (n,) classes: the middle of each sound, in some noise."""
    bands = Bands(spoken.rate_hz)
    loud = float(np.sqrt(np.mean(spoken.samples**2)))
    noise = rng.normal(0, loud * 10 ** (-rng.uniform(15, 45) / 20), len(spoken.samples))
    samples = (spoken.samples + noise).astype(np.float32)
    powers, kinds = [], []
    for start, end, name in spoken.phonemes:
        kind = KIND.get(name[:1] if name[:1] in "NSZ" else name[:1].lower(), -1)
        if kind < 0 or end - start < 0.045:
            continue
        margin = 0.2 * (end - start)
        first = int((start + margin) * spoken.rate_hz) - bands.length // 2
        last = int((end - margin) * spoken.rate_hz) - bands.length // 2
        for at in range(max(0, first), min(last, len(samples) - bands.length), 220):
            powers.append(bands.power(samples[at : at + bands.length]))
            kinds.append(kind)
    return np.array(powers, float).reshape(-1, BANDS), np.array(kinds, int)


def heard(voices: list[str], languages: tuple[str, ...], seed: int) -> tuple[F64, I64, I64]:
    """Powers, classes and the number of the voice, for all voices in all languages."""
    rng = np.random.default_rng(seed)
    parts = []
    for number, voice in enumerate(voices):
        for language in languages:
            for pitch in rng.integers(10, 95, 2):
                speed = int(rng.integers(120, 200))
                text = words(rng, language, 9)
                spoken = say(
                    text, voice=f"{language}+{voice}", pitch=int(pitch), words_a_minute=speed
                )
                powers, kinds = frames(spoken, rng)
                parts.append((powers, kinds, np.full(len(kinds), number)))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def noises(rng: np.random.Generator, count: int) -> F64:
    """(count, BANDS) of what is no voice: white to brown noise, clicks."""
    bands = Bands(22050)
    out = []
    for i in range(count):
        noise = rng.normal(size=bands.length)
        if i % 3 == 0:
            noise *= np.exp(-np.arange(bands.length) / rng.uniform(5, 60))
        spectrum = np.fft.rfft(noise)
        spectrum *= np.maximum(1, np.arange(len(spectrum))) ** -rng.uniform(-0.5, 1.2)
        out.append(bands.power(np.fft.irfft(spectrum, bands.length).astype(np.float32)))
    return np.array(out, float)


def coloured(powers: F64, rng: np.random.Generator) -> F64:
    """As through other microphones and rooms: a slope of up to 6 dB, and a soft bump."""
    x = np.linspace(-1, 1, BANDS)
    slope = rng.uniform(-6, 6, (len(powers), 1)) * x
    bump = rng.normal(0, 1.5, (len(powers), 1)) * np.cos(
        np.pi * x * rng.uniform(0.5, 1.5, (len(powers), 1)) + rng.uniform(0, 6, (len(powers), 1))
    )
    return np.asarray(powers * 10 ** ((slope + bump) / 10))


def spread(x: F64, y: I64, dims: int) -> tuple[F64, F64]:
    """Mean, and (COEFFICIENTS, dims): to where sounds of one class lie close together."""
    mean = x.mean(axis=0)
    within = sum(np.cov(x[y == k].T) * np.mean(y == k) for k in range(len(CLASSES)))
    values, vectors = np.linalg.eigh(np.asarray(within))
    whiten = vectors / np.sqrt(values)
    centres = np.array([((x[y == k] - mean) @ whiten).mean(axis=0) for k in range(len(CLASSES))])
    _, _, axes = np.linalg.svd(centres)
    return mean, np.asarray(whiten @ axes[:dims].T)


def terms(z: F64) -> F64:
    """(n, 12) to (n, 91): one, each, and the product of every two."""
    rows, columns = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((len(z), 1)), z, z[:, rows] * z[:, columns]], axis=1)


def fitted(z: F64, y: I64, penalty: float) -> F64:
    """(91, 6) weights of `terms` under which the true classes are likeliest, all alike."""
    x, truth = terms(z), np.eye(len(CLASSES))[y]
    count = np.array([1 / np.mean(y == k) / len(CLASSES) for k in range(len(CLASSES))])[y]

    def loss(flat: F64) -> tuple[float, F64]:
        weights = flat.reshape(x.shape[1], len(CLASSES))
        logits = x @ weights
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        total = shares.sum(axis=1, keepdims=True)
        error = np.log(total[:, 0]) - logits[np.arange(len(y)), y]
        slope = x.T @ ((shares / total - truth) * count[:, None]) / len(y)
        value = float(np.mean(count * error) + penalty * np.sum(weights[1:] ** 2))
        return value, np.asarray(slope + 2 * penalty * weights).ravel()

    start = np.zeros(x.shape[1] * len(CLASSES))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.asarray(found.x.reshape(x.shape[1], len(CLASSES)))


def folded(turn: F64, weights: F64) -> tuple[F64, F64, F64]:
    """The same scores without the turn: (6,), (12, 6), and (78, 6) for `triu_indices`."""
    size = len(turn)
    rows, columns = np.triu_indices(size)
    linear = turn @ weights[1 : 1 + size]
    square = np.zeros((len(rows), weights.shape[1]))
    for k in range(weights.shape[1]):
        form = np.zeros((size, size))
        form[rows, columns] = weights[1 + size :, k]
        turned = turn @ form @ turn.T
        both = turned + turned.T
        square[:, k] = np.where(rows == columns, both[rows, columns] / 2, both[rows, columns])
    return weights[0], linear, square


def scores(logits: F64, y: I64) -> list[float]:
    """Share found of each class."""
    return [float(np.mean(logits[y == k].argmax(axis=1) == k)) for k in range(len(CLASSES))]


def main() -> None:
    rng = np.random.default_rng(7)
    voices = [v for v in variants() if not v.lower().startswith(ROBOTS)]
    held = voices[::4]
    known = [v for v in voices if v not in held]
    languages = ("es", "it", "de", "ja")
    power, y, who = heard(known, languages, 1)
    noise = noises(rng, len(y) // 12)
    power, y = np.concatenate([power, noise]), np.append(y, np.full(len(noise), 5))
    who = np.append(who, rng.integers(0, len(known), len(noise)))
    twice = np.concatenate([power, coloured(power, rng)])
    x = cepstrum(twice.astype(np.float32)).astype(float)
    y2, who2 = np.tile(y, 2), np.tile(who, 2)
    inner = who2 % 4 == 0  # voices on which the size is chosen
    best = (0.0, 0.0)
    for penalty in (1e-6, 1e-5, 1e-4, 1e-3):
        mean, turn = spread(x[~inner], y2[~inner], 12)
        weights = fitted((x[~inner] - mean) @ turn, y2[~inner], penalty)
        score = float(np.mean(scores(terms((x[inner] - mean) @ turn) @ weights, y2[inner])))
        print(f"penalty {penalty:g}: {score:.4f}")
        best = max(best, (score, penalty))
    mean, turn = spread(x, y2, 12)
    weights = fitted((x - mean) @ turn, y2, best[1])
    print(f"\n{len(known)} voices to learn from, {len(y)} sounds, penalty {best[1]:g}")
    for title, tongues in (
        ("voices never heard", languages),
        ("voices and languages never heard", ("el", "hr", "pt", "sw")),
    ):
        test, want, _ = heard(held, tongues, 2)
        for how, seen in (("as it is", test), ("through other microphones", coloured(test, rng))):
            logits = terms((cepstrum(seen.astype(np.float32)) - mean) @ turn) @ weights
            found = scores(logits, want)
            row = " ".join(
                f"{name} {share:.3f}" for name, share in zip(CLASSES, found, strict=True)
            )
            print(f"{title}, {how} ({len(want)}): {row} | vowels {np.mean(found[:5]):.3f}")
    if "--write" in sys.argv:
        OUT.write_text(as_code(mean, *folded(turn, weights)), encoding="utf-8")


def as_code(mean: F64, constant: F64, linear: F64, square: F64) -> str:
    def row(values: F64) -> str:
        return ", ".join(f"{v:.4g}" for v in values)

    def rows(name: str, values: F64) -> str:
        return f"{name} = (\n" + "".join(f"    ({row(v)}),\n" for v in values) + ")\n"

    return (
        '"""How each sound of a voice looks, found by training/voice/train.py. Do not edit."""\n\n'
        "from __future__ import annotations\n\n"
        '__all__ = ["CONSTANT", "LINEAR", "MEAN", "SQUARE"]\n\n'
        "# fmt: off\n"
        f"MEAN = (\n    {row(mean[:6])},\n    {row(mean[6:])},\n)\n"
        f"CONSTANT = ({row(constant)})\n"
        + rows("LINEAR", linear)
        + rows("SQUARE", square)
        + "# fmt: on\n"
    )


if __name__ == "__main__":
    main()
