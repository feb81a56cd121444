"""`core.filters` and `core.smooth`: the same motion gives the same result at any frame rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.filters import Filters, OneEuro
from vtdrive.core.filters import DeadZone, LidRelease, OneEuroLanes, OneEuroRotation
from vtdrive.core.presence import Body
from vtdrive.core.smooth import GROUP_OF_SHAPE, Smoother
from vtdrive.spaces import quat_angle, quat_from_euler
from vtdrive.testing import ticks
from vtdrive.types import F32
from vtdrive.vocab import SHAPE_INDEX, SHAPES

Array = npt.NDArray[np.float32]
Step = Callable[[float, int], Array]
"""A filter under test: (value of the motion, t_ns) -> output."""

SETTINGS = [OneEuro(min_cutoff_hz=m, beta=b) for m, b in ((1.0, 3.0), (3.0, 1.5), (0.8, 10.0))]


def lanes(_: None = None) -> Step:
    made = OneEuroLanes(SETTINGS)
    return lambda x, t: made.step(np.array([x, x / 2, -x], np.float32), t)


def rotation(_: None = None) -> Step:
    made = OneEuroRotation(SETTINGS[0])
    return lambda x, t: made.step(turned(x), t)


def lids(_: None = None) -> Step:
    made = LidRelease(85.0)
    return lambda x, t: made.step(np.array([x, 1 - x], np.float32), t).copy()


def turned(x: float) -> F32:
    q = quat_from_euler(yaw=x, pitch=x / 3, roll=-x / 4)
    return np.asarray(q, np.float32)


def motion(t: float) -> float:
    """Smooth, with slow and quick parts, in [0, 1]."""
    return 0.5 + 0.3 * math.sin(2.0 * t) + 0.2 * math.sin(5.0 * t + 1.0)


def irregular(seconds: float, *, seed: int) -> list[int]:
    """A camera that hesitates: 10 to 45 ms between frames."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.010, 0.045, int(seconds / 0.02)))
    return [0, *(round(t * 1e9) for t in times if t < seconds)]


def sampled(make: Callable[[None], Step], times: list[int]) -> tuple[Array, list[int]]:
    step = make(None)
    return np.stack([step(motion(t * 1e-9), t) for t in times]), times


@pytest.mark.parametrize(
    ("make", "tolerance"), [(lanes, 0.04), (rotation, 0.03), (lids, 0.02)], ids=lambda v: str(v)
)
@pytest.mark.parametrize("rate", ["30", "120", "irregular"])
def test_any_frame_rate_gives_nearly_the_same(
    make: Callable[[None], Step], tolerance: float, rate: str
) -> None:
    """Of a motion over [0, 1], compared with 60 fps from half a second on (derivatives settle)."""
    reference, at = sampled(make, ticks(6, fps=60))
    times = irregular(6, seed=3) if rate == "irregular" else ticks(6, fps=float(rate))
    got, got_at = sampled(make, times)
    wanted = np.stack(
        [np.interp(got_at, at, reference[:, i]) for i in range(reference.shape[1])], axis=1
    )
    late = np.array(got_at) > 500_000_000
    assert np.abs(got - wanted)[late].max() < tolerance


def test_the_comparison_of_rates_would_notice_a_first_order_gain() -> None:
    """The textbook gain depends on the rate; so that the test above is known to bite."""

    def textbook(_: None) -> Step:
        state: list[Array] = []
        last = [0]

        def step(x: float, t: int) -> Array:
            value = np.array([x], np.float32)
            # A constant share per frame: the usual mistake.
            state[:] = [value if not state else state[0] + np.float32(0.2) * (value - state[0])]
            last[0] = t
            return state[0]

        return step

    reference, at = sampled(textbook, ticks(6, fps=60))
    got, got_at = sampled(textbook, ticks(6, fps=30))
    assert np.abs(got[:, 0] - np.interp(got_at, at, reference[:, 0])).max() > 0.08


MAKERS = [lanes, rotation, lids]


@pytest.mark.parametrize("make", MAKERS)
@given(shift=st.integers(0, 10**17), gaps=st.lists(st.integers(0, 10**8), min_size=3, max_size=20))
def test_the_clocks_zero_does_not_matter(
    make: Callable[[None], Step], shift: int, gaps: list[int]
) -> None:
    here, there = make(None), make(None)
    t = 0
    for gap in gaps:
        np.testing.assert_array_equal(here(motion(t * 1e-9), t), there(motion(t * 1e-9), t + shift))
        t += gap


def resettable() -> list[tuple[str, Callable[[], object]]]:
    return [
        ("lanes", lambda: OneEuroLanes(SETTINGS)),
        ("rotation", lambda: OneEuroRotation(SETTINGS[0])),
        ("lids", lambda: LidRelease(85.0)),
    ]


def moving(name: str, t: int) -> F32:
    x = t * 4e-9
    return turned(x) if name == "rotation" else np.array([x % 1, x, 1 - x], np.float32)


@pytest.mark.parametrize(("name", "make"), resettable(), ids=[n for n, _ in resettable()])
def test_reset_equals_fresh(name: str, make: Callable[[], OneEuroLanes]) -> None:
    used, fresh = make(), make()
    used.step(moving(name, 90_000_000), 0)
    used.step(moving(name, 10_000_000), 40_000_000)
    used.reset()
    for t in (0, 33_000_000, 70_000_000, 90_000_000):
        np.testing.assert_array_equal(used.step(moving(name, t), t), fresh.step(moving(name, t), t))


@pytest.mark.parametrize(("name", "make"), resettable(), ids=[n for n, _ in resettable()])
def test_adopting_is_seamless_and_leaves_the_former_alone(
    name: str, make: Callable[[], OneEuroLanes]
) -> None:
    straight, handed, witness = make(), make(), make()
    for t in ticks(1, fps=50):
        heir = make()
        heir.adopt(handed)
        handed, witness = heir, handed
        wanted = straight.step(moving(name, t), t)
        np.testing.assert_array_equal(handed.step(moving(name, t), t), wanted)
        # The former goes on by itself, as it would have without an heir.
        np.testing.assert_array_equal(witness.step(moving(name, t), t), wanted)


@pytest.mark.parametrize("make", MAKERS)
def test_the_first_value_passes_and_a_repeated_time_changes_nothing(
    make: Callable[[None], Step],
) -> None:
    for start in (0, 5):
        step = make(None)
        first = step(0.3, start)
        assert float(np.abs(first).max()) > 0
        np.testing.assert_array_equal(step(0.3, start), first)
    step = make(None)
    step(0.3, 0)
    before = step(0.5, 30_000_000)
    if make is not lids:  # lids close at once, whatever the time
        np.testing.assert_array_equal(step(0.9, 30_000_000), before)
        np.testing.assert_array_equal(step(0.9, 10_000_000), before)


@pytest.mark.parametrize("turn_deg_s", [30, 100, 300])
def test_a_head_turn_lags_little_and_does_not_overshoot(turn_deg_s: float) -> None:
    """Check 8: a 30° turn in 0.3 s lags at most 80 ms."""
    still = OneEuroRotation(Filters().head)
    end = math.radians(30)
    duration = 30 / turn_deg_s
    lag, peak = 0.0, 0.0
    for t in ticks(duration + 1, fps=60):
        now = min(end, math.radians(turn_deg_s) * max(0.0, t * 1e-9 - 0.3))
        out = still.step(np.asarray(quat_from_euler(yaw=now, pitch=0, roll=0), np.float32), t)
        yaw = quat_angle(out, [0, 0, 0, 1])
        peak = max(peak, yaw)
        if now == end:
            continue
        lag = max(lag, (now - yaw) / math.radians(turn_deg_s))
    assert peak <= end + 1e-4
    assert lag <= (0.08 if turn_deg_s >= 100 else 0.12)


def test_noise_at_rest_is_calmed() -> None:
    """Check 8: standing still, RMS below 0.15° where the tracker shakes by 0.3°."""
    rng = np.random.default_rng(0)
    calm = OneEuroRotation(Filters().head)
    out = [
        math.degrees(
            quat_angle(calm.step(turned(math.radians(float(rng.normal(0, 0.3)))), t), turned(0.0))
        )
        for t in ticks(10, fps=30)
    ]
    assert float(np.sqrt(np.mean(np.square(out[30:])))) < 0.15


@given(
    values=st.lists(st.floats(0, 1, width=32), min_size=2, max_size=30),
    release_ms=st.sampled_from([0.0, 1e-6, 85.0, 600_000.0]),
)
def test_lids_close_at_once_and_never_open_faster_than_allowed(
    values: list[float], release_ms: float
) -> None:
    release = LidRelease(release_ms)
    last: float | None = None
    for i, value in enumerate(values):
        out = float(release.step(np.array([value], np.float32), i * 20_000_000)[0])
        assert value - 1e-6 <= out <= 1.0
        if last is not None and release_ms >= 85:
            assert out >= last - 20 / release_ms - 1e-5
        if release_ms < 1:
            assert out == pytest.approx(value)
        last = out


@given(values=st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=30))
def test_a_dead_zone_stays_within_its_width(values: list[float]) -> None:
    still = DeadZone(1.0)
    last: float | None = None
    for value in values:
        out = float(still.step(np.array([value], np.float32))[0])
        assert abs(out - value) <= 1.0 + 1e-5
        if last is not None and abs(value - last) <= 0.999:
            assert out == last
        last = out


# --- the smoother: all groups together -------------------------------------------------------


def body_at(t: float) -> Body:
    x = motion(t)
    return Body(
        turned(x - 0.5),
        np.full(3, x / 10, np.float32),
        np.full((2, 2), x - 0.5, np.float32),
        np.full(52, x, np.float32),
    )


def flat(body: Body) -> F32:
    parts = (body.head_xyzw, body.head_m, body.gaze_rad.reshape(-1), body.shapes)
    joined: F32 = np.concatenate(parts).astype(np.float32)
    return joined


def test_every_shape_has_a_group_and_only_blinks_are_lids() -> None:
    assert set(GROUP_OF_SHAPE) == set(SHAPES)
    assert {n for n, g in GROUP_OF_SHAPE.items() if g == "lids"} == {
        "eyeBlinkLeft",
        "eyeBlinkRight",
    }


def test_lids_are_not_delayed_and_everything_else_is_smooth() -> None:
    smoother = Smoother(Filters())
    rest, act = body_at(0), body_at(0)
    rest.shapes, act.shapes = np.zeros(52, np.float32), np.ones(52, np.float32)
    smoother.step(rest, 0)
    out = smoother.step(act, 16_000_000).shapes
    blink = SHAPE_INDEX["eyeBlinkLeft"]
    assert out[blink] == 1.0
    others = np.delete(out, [blink, SHAPE_INDEX["eyeBlinkRight"]])
    assert (others < 0.99).all()
    assert (others > 0.0).all()


def test_another_filter_config_makes_no_jump_larger_than_one_filter_step() -> None:
    """Adopt, then the next output lies between the last output and the input: no leap beyond."""
    other = Filters(
        head=OneEuro(min_cutoff_hz=8, beta=0),
        gaze=OneEuro(min_cutoff_hz=0.3),
        jaw=OneEuro(min_cutoff_hz=0.5, beta=0),
        mouth=OneEuro(min_cutoff_hz=20, beta=9),
        gaze_deadzone_deg=0.0,
    )
    first = Smoother(Filters())
    times = ticks(2, fps=60)
    for t in times:
        last = first.step(body_at(t * 1e-9), t)
    second = Smoother(other)
    second.adopt(first)
    t = times[-1] + 16_666_667
    value = body_at(t * 1e-9)
    got = second.step(value, t)
    for mine, before, wanted in (
        (got.shapes, last.shapes, value.shapes),
        (got.gaze_rad, last.gaze_rad, value.gaze_rad),
        (got.head_m, last.head_m, value.head_m),
    ):
        lo, hi = np.minimum(before, wanted) - 1e-6, np.maximum(before, wanted) + 1e-6
        assert ((mine >= lo) & (mine <= hi)).all()
    assert quat_angle(got.head_xyzw, last.head_xyzw) <= quat_angle(value.head_xyzw, last.head_xyzw)


@given(
    cutoff=st.floats(1e-6, 1000), beta=st.floats(0, 1000), d=st.floats(1e-6, 1000),
    dt_ms=st.floats(1e-6, 1e6),
)  # fmt: skip
def test_any_config_keeps_values_between_what_was_and_what_is(
    cutoff: float, beta: float, d: float, dt_ms: float
) -> None:
    made = OneEuroLanes([OneEuro(min_cutoff_hz=cutoff, beta=beta, d_cutoff_hz=d)])
    t = 0
    for value in (0.0, 1.0, 0.2, 0.9):
        out = float(made.step(np.array([value], np.float32), t)[0])
        assert -1e-6 <= out <= 1 + 1e-6
        t += max(1, round(dt_ms * 1e6))
