"""Blinks and winks at 30 fps: checks 2 and 3 of the defaults, on made blinks, through a driver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from vtdrive.config.filters import Lids
from vtdrive.config.schema import Config
from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.correct import Corrector
from vtdrive.core.driver import Driver
from vtdrive.core.lids import LidLink, LidReading
from vtdrive.core.solve import RAW, Solved
from vtdrive.testing import make_face, perform, ticks
from vtdrive.types import AvatarFrame, Face, Profile, frozen
from vtdrive.vocab import SHAPE_INDEX

MakeDriver = Callable[..., Driver]
BLINKS = [SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]]
FPS = 30
PERIOD_S = 1.5


def closing(age_s: float) -> float:
    """A natural blink: shut within 70 ms, 60 ms shut, open again within 150 ms."""
    return float(np.interp(age_s, [0, 0.07, 0.13, 0.28], [0, 1, 1, 0], left=0, right=0))


def blinking(t: float, *, lag_s: float = 0.0) -> tuple[float, float]:
    """Left and right; the right lid follows `lag_s` later. Starts at odd phases of the frames."""
    since = t % PERIOD_S - 0.4 - 0.007 * (int(t / PERIOD_S) % 5)
    return closing(since), closing(since - lag_s)


def played(
    make_driver: MakeDriver, motion: Callable[[float], Face], seconds: float
) -> list[AvatarFrame]:
    """Shown frames after a neutral has been taken."""
    driver = make_driver()
    perform(driver, lambda _: make_face(), ticks(2.5, fps=FPS))
    assert not driver.taking
    start = ticks(2.5, fps=FPS)[-1] + 33_333_333
    return perform(
        driver, lambda t: motion(t - start * 1e-9), ticks(seconds, fps=FPS, start_ns=start)
    )


def lids_of(frames: list[AvatarFrame]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.stack([f.state.shapes[BLINKS] for f in frames])


@pytest.mark.parametrize("lag_s", [0.0, 0.03])
def test_thirty_blinks_are_thirty_blinks(make_driver: MakeDriver, lag_s: float) -> None:
    """Check 2: >= 95 % reach .9, at most a frame late, none shut for long, lids equal below."""
    frames = played(make_driver, lambda t: make_face(shut=blinking(t, lag_s=lag_s)), 30 * PERIOD_S)
    shown = lids_of(frames)
    per_blink = round(PERIOD_S * FPS)
    reached = 0
    for i in range(30):
        part = shown[i * per_blink : (i + 1) * per_blink]
        reached += float(part.max(axis=0).min()) >= 0.9
        bottom = part[part.max(axis=1) >= 0.9]
        if len(bottom):
            assert float(np.abs(bottom[:, 0] - bottom[:, 1]).max()) < 0.1
        assert int((part.min(axis=1) > 0.5).sum()) / FPS <= 0.4
        assert float(part[-1].max()) == 0.0
        truth = [blinking((i * per_blink + k) / FPS, lag_s=lag_s) for k in range(per_blink)]
        began = next(k for k, v in enumerate(truth) if max(v) > 0.7)
        assert float(part[min(began + 1, per_blink - 1)].min()) > 0.5
    assert reached >= 29


def test_a_lid_that_is_seen_to_close_less_closes_with_the_other(make_driver: MakeDriver) -> None:
    """Where both move at once the deeper one counts; their mean would leave both ajar."""

    def motion(t: float) -> Face:
        left, right = blinking(t)
        return make_face(shut=(left, 0.5 * right))

    shown = lids_of(played(make_driver, motion, 10 * PERIOD_S))
    per_blink = round(PERIOD_S * FPS)
    deepest = [shown[i : i + per_blink].max() for i in range(0, len(shown), per_blink)]
    assert sum(float(d) >= 0.9 for d in deepest) >= 9


def test_twenty_blinks_are_no_winks(make_driver: MakeDriver) -> None:
    """Check 3, with lids that do not move quite together."""
    frames = played(make_driver, lambda t: make_face(shut=blinking(t, lag_s=0.034)), 20 * PERIOD_S)
    shown = lids_of(frames)
    assert float(np.abs(shown[:, 0] - shown[:, 1]).max()) < 0.1


def winking(t: float, side: int, leak: float) -> tuple[float, float]:
    """A wink of 400 ms; trackers leak a part of it into the other eye's shape."""
    amount = float(np.interp(t % PERIOD_S - 0.4, [0, 0.1, 0.5, 0.65], [0, 1, 1, 0]))
    return (amount, leak * amount) if side == 0 else (leak * amount, amount)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("leak", [0.0, 0.15])
def test_ten_winks_are_winks(make_driver: MakeDriver, side: int, leak: float) -> None:
    """Check 3: at least 8 show, and the other eye stays open."""
    frames = played(make_driver, lambda t: make_face(shut=winking(t, side, leak)), 10 * PERIOD_S)
    shown = lids_of(frames)
    per_wink = round(PERIOD_S * FPS)
    good = 0
    for i in range(10):
        part = shown[i * per_wink : (i + 1) * per_wink]
        at = int(part[:, side].argmax())
        good += float(part[at, side]) >= 0.9 and float(part[at, 1 - side]) <= 0.2
    assert good >= 8


def test_a_turned_head_never_winks(make_driver: MakeDriver) -> None:
    """Check 3: at 30° the far eye is guesswork."""
    frames = played(
        make_driver, lambda t: make_face(yaw_deg=30, shut=winking(t, 0, 0.1)), 6 * PERIOD_S
    )
    settled = lids_of(frames)[FPS:]
    assert float(np.abs(settled[:, 0] - settled[:, 1]).max()) < 1e-3
    names = ("blinkLeft", "blinkRight")
    driver = make_driver()
    for frame in frames[FPS:]:
        params = frame.poses[Profile()].params
        assert all(params[driver.schema.names.index(n)] == 0.0 for n in names)


def test_both_presets_and_the_pair_never_show_together(make_driver: MakeDriver) -> None:
    driver = make_driver()
    at = [driver.schema.names.index(n) for n in ("blink", "blinkLeft", "blinkRight")]
    for frame in played(make_driver, lambda t: make_face(shut=winking(t, 1, 0.2)), 4.0):
        both, left, right = frame.poses[Profile()].params[at]
        assert both == 0.0 or left == right == 0.0


def test_an_open_lid_gap_overrules_the_network(make_driver: MakeDriver) -> None:
    """A grin squints: eyeBlink .5 with lids open by geometry is not half a blink."""
    frames = played(make_driver, lambda _: make_face(shapes={"eyeBlink": 0.45}), 1.0)
    assert float(lids_of(frames)[-1].max()) < 0.1


def test_wide_eyes_come_from_the_gap(make_driver: MakeDriver) -> None:
    frames = played(make_driver, lambda _: make_face(shut=(-0.3, -0.3)), 1.5)
    wide = frames[-1].state.shapes[SHAPE_INDEX["eyeWideLeft"]]
    assert float(wide) > 0.6
    rest = played(make_driver, lambda _: make_face(), 1.0)[-1]
    assert float(rest.state.shapes[SHAPE_INDEX["eyeWideLeft"]]) == 0.0


def test_gaze_is_held_through_a_blink(make_driver: MakeDriver) -> None:
    """Behind closing lids the pupil is misread as looking far down."""

    def motion(t: float) -> Face:
        lids = blinking(t)
        look = (5.0, -30.0 * max(lids))
        return make_face(shut=lids, gaze_deg=(look, look))

    pitches = [float(f.state.gaze_rad[0, 1]) for f in played(make_driver, motion, 3.0)]
    # What is misread on the way down, before the lids count as shut, has little time to show.
    assert min(pitches) > np.radians(-25)


# --- the parts by themselves -----------------------------------------------------------------


def corrected(
    config: Config, *, blink: float, gap: float, rest: float | None = None, rest_gap: float = 0.3
) -> tuple[float, float]:
    """(eyeBlink, eyeWide) of two equal eyes, through the corrector and nothing after it."""
    raw = np.zeros(len(RAW), np.float32)
    raw[[RAW["eyeBlinkLeft"], RAW["eyeBlinkRight"]]] = blink
    raw[[RAW["lid.left"], RAW["lid.right"]]] = gap
    typical = NeutralPose.typical()
    neutral = replace(
        typical,
        lid_gap=frozen([rest_gap] * 2),
        blink=None if rest is None else frozen([rest] * 2),
    )
    solved = Solved(raw, typical.head_xyzw, typical.head_m)
    shapes = Corrector(config).step(solved, neutral, 0).shapes
    return float(shapes[BLINKS[0]]), float(shapes[SHAPE_INDEX["eyeWideLeft"]])


@pytest.mark.parametrize("rest", [None, 0.0, 0.3, 1.0])
@pytest.mark.parametrize("gap", [0.0, 0.1, 0.3, 3.0])
def test_blinks_stay_in_range_and_rise_with_the_network(
    config: Config, rest: float | None, gap: float
) -> None:
    got = [
        corrected(config, blink=float(b), gap=gap, rest=rest) for b in np.linspace(-0.5, 1.5, 21)
    ]
    assert all(0 <= blink <= 1 and 0 <= wide <= 1 for blink, wide in got)
    assert all(b[0] >= a[0] for a, b in pairwise(got))


def test_a_lid_gap_of_nothing_at_rest_breaks_nothing(config: Config) -> None:
    assert np.isfinite(corrected(config, blink=0.5, gap=0.0, rest_gap=0.0)).all()


@pytest.mark.parametrize("wink_ms", [0.0, 80.0, 500.0])
def test_a_wink_must_last(wink_ms: float) -> None:
    link = LidLink(Lids(wink_ms=wink_ms))
    link.step(reading(0.0, 0.0), yaw_rad=0.0, t_ns=0)
    apart = None
    for t in ticks(1.0, fps=100, start_ns=10**7):
        out = link.step(reading(1.0, 0.0), yaw_rad=0.0, t_ns=t)
        if apart is None and out[0] != out[1]:
            apart = t - 10**7
    assert apart == pytest.approx(wink_ms * 1e6, abs=1.1e7)


def reading(left: float, right: float) -> LidReading:
    return LidReading(frozen([left, right]), frozen([0, 0]), frozen([1 - left, 1 - right]))


def test_the_link_goes_on_after_adoption_and_forgets_on_reset() -> None:
    straight, handed = LidLink(Lids()), LidLink(Lids())
    rng = np.random.default_rng(3)
    for t in ticks(4, fps=30):
        heir = LidLink(Lids())
        heir.adopt(handed)
        handed = heir
        left, right = (float(rng.random() > 0.6), float(rng.random() > 0.6))
        a = straight.step(reading(left, right), yaw_rad=0.0, t_ns=t)
        np.testing.assert_array_equal(a, handed.step(reading(left, right), yaw_rad=0.0, t_ns=t))
    straight.reset()
    assert not straight.winking
