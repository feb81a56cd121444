"""`core.driver` at the ends of what a config allows: it may look odd, but it never breaks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vtdrive.config.emotion import EmotionConfig, EmotionTiming
from vtdrive.config.filters import Filters, LidFilter, OneEuro
from vtdrive.core.driver import TAKE_NEUTRAL, Driver
from vtdrive.testing import make_emotion, make_face, make_track, ticks
from vtdrive.types import Face, Profile
from vtdrive.vocab import EMOTIONS

MakeDriver = Callable[..., Driver]
PROFILES = (Profile(), Profile("shapes", mirror=True))

INSTANT = OneEuro(min_cutoff_hz=1000, beta=1000, d_cutoff_hz=1000)
NEVER = OneEuro(min_cutoff_hz=1e-9, beta=0, d_cutoff_hz=1e-9)


def filters(one: OneEuro, release_ms: float, dead_deg: float) -> dict[str, Any]:
    groups = ("head", "root", "gaze", "jaw", "mouth", "brows", "slow")
    return {
        **dict.fromkeys(groups, one),
        "lids": LidFilter(release_ms=release_ms),
        "gaze_deadzone_deg": dead_deg,
    }


def timing(value_ms: float, **keys: float) -> dict[str, Any]:
    one = EmotionTiming(
        dwell_ms=value_ms,
        attack_ms=value_ms,
        release_ms=value_ms,
        min_hold_ms=value_ms,
        max_hold_ms=value_ms,
        **keys,
    )
    return {"timing": dict.fromkeys(EMOTIONS[1:], one), "cooldown_ms": value_ms}


EXTREMES: dict[str, dict[str, dict[str, Any]]] = {
    "no hold": {"loss": {"hold_ms": 0.0}},
    "instant loss": {"loss": {"hold_ms": 0.0, "ease_ms": 1e-9, "return_ms": 0.0}},
    "endless loss": {"loss": {"hold_ms": 600_000.0, "ease_ms": 60_000.0, "return_ms": 600_000.0}},
    "no filters": {"filters": filters(INSTANT, 0.0, 0.0)},
    "frozen filters": {"filters": filters(NEVER, 600_000.0, 10.0)},
    "nervous emotion": {
        "emotion": timing(0.0, enter=0.01, exit=0.0, margin=0.0, cap=1.0)
        | {"smooth_ms": 0.0, "smooth_speaking_ms": 0.0, "stale_ms": 0.0, "floor": 0.0}
    },
    "numb emotion": {"emotion": timing(600_000.0) | {"smooth_ms": 600_000.0, "unsure_speed": 0.0}},
    "hasty neutral": {"neutral": {"seconds": 1e-9, "steady_deg": 1e-9, "frontal_deg": 90.0}},
    "blink levels": {"lids": {"open_at": 0.99, "shut_at": 1.0, "veto_open": 0.0, "wink_ms": 0.0}},
    "wink levels": {"lids": {"wink_difference": 0.0, "veto_open": 0.99, "wink_max_yaw_deg": 0.0}},
    "stiff neck": {"head": {"yaw_deg": 1e-9, "eye_yaw_deg": 1e-9, "root_limit_m": (0.0, 0.0, 0.0)}},
    "owl": {"head": {"yaw_deg": 1e6, "pitch_up_deg": 1e6, "gain": 4.0, "neck_share": 1.0}},
    "no merging": {
        "merge": dict.fromkeys(
            ("blink_by_happiness", "mouth_by_expression", "expression_by_speech", "vowel_sum"), 0.0
        )
    },
    "full merging": {
        "merge": dict.fromkeys(
            ("blink_by_happiness", "mouth_by_expression", "expression_by_speech", "wide_by_blink"),
            1.0,
        )
    },
    "restless idle": {
        "idle": {"when": "always", "blink_every_s": (0.3, 0.3), "double_blink": 1.0, "sway_deg": 10}
    },
}


def wild(t: float, rng: np.random.Generator) -> Face | None:
    if rng.random() < 0.2 or 2.0 < t < 3.0:
        return None
    return make_face(
        yaw_deg=60 * math.sin(2 * t),
        pitch_deg=40 * math.cos(3 * t),
        roll_deg=50 * math.sin(t),
        at_m=(math.sin(t), math.cos(t), -0.1 - t),
        gaze_deg=((50 * math.sin(9 * t), 30.0), (-50.0, 40 * math.cos(7 * t))),
        shut=(float(rng.random()), float(rng.random() > 0.5)),
        shapes={"jawOpen": float(rng.random()), "mouthSmile": float(rng.random())},
    )


@pytest.mark.parametrize("name", EXTREMES)
def test_the_ends_of_a_config(make_driver: MakeDriver, name: str) -> None:
    driver = make_driver(*PROFILES, **EXTREMES[name])
    rng = np.random.default_rng(7)
    lo = np.array([p.lo for p in driver.schema.params], np.float32)
    hi = np.array([p.hi for p in driver.schema.params], np.float32)
    for i, t in enumerate(ticks(4, fps=30)):
        face = wild(t * 1e-9, rng)
        sample = make_emotion(t, **{EMOTIONS[int(rng.integers(8))]: float(rng.random())})
        again = t if i % 7 else max(0, t - 20_000_000)  # now and then a late time stamp
        track = None if i % 11 == 0 else make_track(face, again)
        commands = [TAKE_NEUTRAL] if i % 40 == 39 else []
        frame = driver.step(track, sample, again, commands)
        for pose in frame.poses.values():
            assert np.isfinite(pose.bones_xyzw).all()
            assert np.isfinite(pose.root_m).all()
            assert ((pose.params >= lo) & (pose.params <= hi)).all()
        assert ((frame.state.shapes >= 0) & (frame.state.shapes <= 1)).all()
        assert ((frame.state.emotion.weights >= 0) & (frame.state.emotion.weights <= 1)).all()
    assert driver.nan_count == 0


def test_the_extremes_are_configs_that_are_allowed(make_driver: MakeDriver) -> None:
    """`model_copy` checks nothing: so that this file does not test what can never be."""
    for tables in EXTREMES.values():
        driver = make_driver(**tables)
        dumped = driver.config.model_dump_json(exclude_none=True)
        type(driver.config).model_validate_json(dumped, strict=True)
    Filters.model_validate(filters(NEVER, 0.0, 0.0))
    EmotionConfig.model_validate(timing(0.0))
