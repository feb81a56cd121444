"""A voice through the whole engine: while the camera sees nothing, the avatar speaks."""

from __future__ import annotations

import numpy as np
import pytest
from voices import need_espeak, spoken

from vtdrive.config.inputs import MicInput
from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.core.voice.hearing import Hearing
from vtdrive.core.voice.mouth import MOUTH_KNOWN, mouth_of
from vtdrive.types import F32, Incoming, Profile

RATE_HZ = 22050
PRESETS = {"A": "aa", "I": "ih", "U": "ou", "E": "ee", "O": "oh"}


def performed(config: Config, sound: F32) -> dict[str, F32]:
    """Each vowel preset, a hundred times a second."""
    profile = Profile("presets")
    driver = Driver(config.model_copy(update={"inputs": [MicInput()]}), (profile,))
    ear = Hearing(RATE_HZ, gate_db=10.0, attack_ms=12.0, release_ms=60.0)
    at = [driver.schema.names.index(name) for name in PRESETS.values()]
    rows, hop = [], round(RATE_HZ * 0.01)
    for i in range(len(sound) // hop):
        ear.push(sound[i * hop : (i + 1) * hop])
        t_ns = i * 10_000_000
        said = Incoming(t_ns, ear.active, mouth_of(ear.voice), MOUTH_KNOWN, voice=ear.voice)
        rows.append(driver.step(None, None, t_ns, inputs=(said,)).poses[profile].params[at])
    return dict(zip(PRESETS, np.array(rows).T, strict=True))


@need_espeak
@pytest.mark.parametrize("vowel", PRESETS)
def test_the_avatar_says_the_vowel_and_closes_its_mouth(config: Config, vowel: str) -> None:
    rng = np.random.default_rng(4)
    room = rng.normal(0, 3e-4, RATE_HZ).astype(np.float32)
    sound = spoken(f"{vowel.lower()}:m{vowel.lower()}:", voice="es+f5", speed=100)
    shown = performed(config, np.concatenate([room, sound, room, room]))
    speaking = slice(100, 100 + len(sound) // 220)
    means = {name: float(values[speaking].mean()) for name, values in shown.items()}
    assert max(means, key=means.__getitem__) == vowel, means
    assert shown[vowel].max() > 0.3
    for values in shown.values():
        assert values[:90].max() == 0.0
        assert values[-30:].max() < 0.02
