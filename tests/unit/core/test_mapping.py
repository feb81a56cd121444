"""`core.mapping` against a naive interpreter, written from the language's description alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.config.expr import Expression, Gate, Term
from vtdrive.config.schema import Config
from vtdrive.core.correct import CORRECTION_SIGNALS
from vtdrive.core.driver import Driver
from vtdrive.core.mapping import Program
from vtdrive.core.resolve import resolver_for, sided_expressions
from vtdrive.core.signals import SIGNALS
from vtdrive.types import F32

NAMES = ("a", "b", "c", "d")


def plain(name: str) -> Any:
    return lambda written: {written: 1.0}


def program(expressions: Mapping[str, Expression]) -> Program:
    return Program(NAMES, expressions, plain)


# --- the naive interpreter: scalars, one line of the language's description each --------------


def term_value(term: Term, signals: Mapping[str, float]) -> float:
    x = term.bias + sum(weight * signals[name] for name, weight in term.sum.items())
    if term.range is not None:
        lo, hi = term.range
        x = min(1.0, max(0.0, (x - lo) / (hi - lo)))
    if term.curve == "smoothstep":
        x = x * x * (3 - 2 * x)
    if term.gamma != 1.0:
        x = max(x, 0.0) ** term.gamma
    if term.points:
        x = polyline(term.points, x)
    return x * term.gain + term.offset


def polyline(points: list[tuple[float, float]], x: float) -> float:
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def value_of(expression: Expression, signals: Mapping[str, float]) -> float:
    x = term_value(expression, signals)
    for gate in expression.gates:
        x *= term_value(gate, signals)
    for other in expression.max:
        x = max(x, term_value(other, signals))
    for other in expression.min:
        x = min(x, term_value(other, signals))
    lo, hi = expression.clamp
    x = min(max(x, lo), hi)
    return 0.0 if abs(x) < expression.floor else x


def all_values(
    expressions: Mapping[str, Expression], signals: Mapping[str, float]
) -> dict[str, float]:
    """Evaluates what others read first, by trying until all is known."""
    known = dict(signals)
    left = dict(expressions)
    while left:
        for name, expression in list(left.items()):
            terms = [expression, *expression.gates, *expression.max, *expression.min]
            if all(read in known for term in terms for read in term.sum):
                known[f"out.{name}"] = value_of(expression, known)
                del left[name]
    return {name: known[f"out.{name}"] for name in expressions}


# --- generated programs ----------------------------------------------------------------------

# Thousandths: so that no floating-point neighbour of a bound decides a test.
levels = st.integers(-2000, 2000).map(lambda n: n / 1000)


@st.composite
def terms(draw: st.DrawFn, kind: type[Term] = Gate, readable: tuple[str, ...] = NAMES) -> Any:
    keys: dict[str, Any] = {
        "sum": draw(st.dictionaries(st.sampled_from(readable), levels, max_size=3)),
        "bias": draw(levels),
        "gain": draw(levels),
        "offset": draw(levels),
    }
    if draw(st.booleans()):
        lo = draw(levels)
        keys["range"] = (lo, lo + draw(st.sampled_from([-1.5, -0.1, 0.1, 0.5, 2.0])))
        keys["curve"] = draw(st.sampled_from(["linear", "smoothstep"]))
        keys["gamma"] = draw(st.sampled_from([0.5, 1.0, 2.2]))
    if draw(st.booleans()):
        xs = sorted(draw(st.sets(st.integers(-20, 20), min_size=2, max_size=5)))
        keys["points"] = [(x / 10, draw(levels)) for x in xs]
    if kind is Expression:
        for extra in ("gates", "max", "min"):
            keys[extra] = draw(st.lists(terms(Gate, readable), max_size=2))
        lo = draw(st.sampled_from([-1.0, 0.0]))
        keys["clamp"] = (lo, draw(st.sampled_from([0.5, 1.0, 30.0])))
        keys["floor"] = draw(st.sampled_from([0.0, 0.03, 0.4]))
    return kind(**keys)


@st.composite
def programs(draw: st.DrawFn) -> dict[str, Expression]:
    made: dict[str, Expression] = {}
    for i in range(draw(st.integers(1, 5))):
        readable = (*NAMES, *(f"out.{name}" for name in made))
        made[f"x{i}"] = draw(terms(Expression, readable))
    order = draw(st.permutations(list(made)))
    return {name: made[name] for name in order}


@given(
    expressions=programs(),
    signals=st.lists(st.integers(-16, 16).map(lambda n: n / 8), min_size=4, max_size=4),
)
def test_the_compiled_program_agrees_with_the_description(
    expressions: dict[str, Expression], signals: list[float]
) -> None:
    made = program(expressions)
    got = made(np.array(signals, np.float32))
    wanted = all_values(expressions, dict(zip(NAMES, signals, strict=True)))
    for name, value in zip(made.names, got.tolist(), strict=True):
        expression = expressions[name]
        # At the floor's very edge a rounding decides between 0 and the floor.
        near = abs(abs(wanted[name]) - expression.floor) < 1e-5 and expression.floor > 0
        assert value == pytest.approx(wanted[name], abs=1e-4 * max(1, abs(value))) or near
        assert expression.clamp[0] <= value <= expression.clamp[1] or value == 0.0


# --- each feature by itself ------------------------------------------------------------------


def one(expression: Expression, a: float = 0.0, b: float = 0.0) -> float:
    return float(program({"x": expression})(np.array([a, b, 0, 0], np.float32))[0])


def test_sum_bias_gain_and_offset() -> None:
    e = Expression(sum={"a": 0.5, "b": -0.25}, bias=0.1, gain=2.0, offset=0.05)
    assert one(e, 0.4, 0.2) == pytest.approx((0.5 * 0.4 - 0.25 * 0.2 + 0.1) * 2 + 0.05)


def test_a_range_runs_both_ways_and_ends() -> None:
    e = Expression(sum={"a": 1}, range=(0.2, 0.6))
    assert [one(e, x) for x in (0.0, 0.2, 0.4, 0.6, 1.0)] == pytest.approx(
        [0, 0, 0.5, 1, 1], abs=1e-6
    )
    down = Expression(sum={"a": 1}, range=(0.6, 0.2))
    assert [one(down, x) for x in (0.1, 0.4, 0.9)] == pytest.approx([1, 0.5, 0], abs=1e-6)


def test_curves_and_gamma_bend_inside_the_range() -> None:
    smooth = Expression(sum={"a": 1}, range=(0, 1), curve="smoothstep")
    assert [one(smooth, x) for x in (0, 0.25, 0.5, 1)] == pytest.approx([0, 0.15625, 0.5, 1])
    bent = Expression(sum={"a": 1}, range=(0, 1), gamma=2)
    assert one(bent, 0.5) == pytest.approx(0.25)


def test_points_are_a_polyline_that_ends_flat() -> None:
    e = Expression(sum={"a": 1}, points=[(0, 0.1), (0.5, 0.9), (1, 0.4)])
    assert [one(e, x) for x in (-1, 0.25, 0.5, 0.75, 2)] == pytest.approx(
        [0.1, 0.5, 0.9, 0.65, 0.4]
    )


def test_gates_multiply_and_alternatives_bound() -> None:
    gate = Gate(bias=1.0, sum={"b": -1.0})
    assert one(Expression(sum={"a": 1}, gates=[gate, gate]), 0.8, 0.5) == pytest.approx(0.2)
    assert one(Expression(sum={"a": 1}, max=[Gate(sum={"b": 1})]), 0.2, 0.7) == pytest.approx(0.7)
    assert one(Expression(sum={"a": 1}, min=[Gate(sum={"b": 1})]), 0.9, 0.3) == pytest.approx(0.3)


def test_below_the_floor_is_exactly_zero() -> None:
    e = Expression(sum={"a": 1}, floor=0.03, clamp=(-1, 1))
    assert [one(e, x) for x in (0.0299, -0.0299)] == [0.0, 0.0]
    assert one(e, 0.031) == pytest.approx(0.031)
    assert one(e, -0.031) == pytest.approx(-0.031)


def test_an_expression_without_anything_is_its_offset() -> None:
    assert one(Expression(offset=0.25)) == 0.25
    assert Program(NAMES, {}, plain)(np.zeros(4, np.float32)).shape == (0,)


@pytest.mark.parametrize("order", [("x", "y", "z"), ("z", "y", "x"), ("y", "z", "x")])
def test_results_may_be_read_in_any_order(order: tuple[str, ...]) -> None:
    made = {
        "x": Expression(sum={"a": 0.5}),
        "y": Expression(sum={"out.x": 0.5}),
        "z": Expression(sum={"out.y": 0.5}, gates=[Gate(sum={"out.x": 2.0})]),
    }
    got = program({name: made[name] for name in order})
    values = dict(zip(got.names, got(np.ones(4, np.float32)).tolist(), strict=True))
    assert values == {"x": 0.5, "y": 0.25, "z": 0.125}


@pytest.mark.parametrize("extra", ["sum", "gates", "max", "min"])
def test_circles_are_refused_by_name(extra: str) -> None:
    reads: Any = {"out.y": 1.0} if extra == "sum" else [Gate(sum={"out.y": 1.0})]
    made = {
        "x": Expression.model_validate({extra: reads}),
        "y": Expression(sum={"out.x": 1.0}),
        "fine": Expression(sum={"a": 1.0}),
    }
    with pytest.raises(ValueError, match=r"circle: x, y$"):
        program(made)


# --- names without a side --------------------------------------------------------------------


def test_without_a_side_a_shape_is_the_mean_of_both() -> None:
    made = Program(
        SIGNALS,
        {"x": Expression(sum={"mouthSmile": 1.0})},
        lambda name: resolver_for(name, sided=False),
    )
    signals = np.zeros(len(SIGNALS), np.float32)
    signals[SIGNALS.index("mouthSmileLeft")] = 0.6
    signals[SIGNALS.index("mouthSmileRight")] = 0.2
    assert float(made(signals)[0]) == pytest.approx(0.4)


def test_in_a_table_without_a_side_it_is_that_very_side() -> None:
    tables = sided_expressions({"noseSneer": Expression(sum={"mouthUpperUp": 1.0})})
    assert sorted(tables) == ["noseSneerLeft", "noseSneerRight"]
    made = Program(CORRECTION_SIGNALS, tables, lambda name: resolver_for(name, sided=True))
    signals = np.zeros(len(CORRECTION_SIGNALS), np.float32)
    signals[CORRECTION_SIGNALS.index("mouthUpperUpLeft")] = 0.6
    assert dict(zip(made.names, made(signals).round(3).tolist(), strict=True)) == {
        "noseSneerLeft": pytest.approx(0.6),
        "noseSneerRight": 0.0,
    }


def test_a_table_with_a_side_wins_over_one_without() -> None:
    both, left = Expression(gain=0.5), Expression(gain=0.25)
    for order in (("eyeWide", "eyeWideLeft"), ("eyeWideLeft", "eyeWide")):
        given_tables = {"eyeWide": both, "eyeWideLeft": left}
        tables = sided_expressions({name: given_tables[name] for name in order})
        assert tables["eyeWideLeft"] is left
        assert tables["eyeWideRight"] is both


def test_out_names_may_lack_their_side_too() -> None:
    resolve = resolver_for("x", sided=False)
    assert resolve("out.mouthSmile") == {"out.mouthSmileLeft": 0.5, "out.mouthSmileRight": 0.5}
    assert resolver_for("browDownLeft", sided=True)("out.mouthSmile") == {"out.mouthSmileLeft": 1.0}
    assert resolve("head.yaw_deg") == {"head.yaw_deg": 1.0}


# --- the shipped mapping ---------------------------------------------------------------------


def rest_of(config: Config) -> F32:
    driver = Driver(config)
    return next(iter(driver.rest(0).poses.values())).params


def test_every_output_at_rest_is_its_neutral(config: Config) -> None:
    driver = Driver(config)
    neutral = [p.neutral for p in driver.schema.params]
    np.testing.assert_array_equal(rest_of(config), np.array(neutral, np.float32))


def test_every_parameters_range_holds_its_clamp_and_zero(config: Config) -> None:
    outputs = dict(config.outputs)
    outputs["turn"] = outputs["aa"].model_copy(
        update={"clamp": (-30.0, 30.0), "sum": {"head.yaw_deg": 1.0}, "range": None}
    )
    driver = Driver(config.model_copy(update={"outputs": outputs}))
    turn = driver.schema.params[driver.schema.names.index("turn")]
    assert (turn.lo, turn.hi) == (-30.0, 30.0)
    for param in driver.schema.params:
        assert param.lo <= 0.0 <= param.hi
        assert math.isfinite(param.lo)
        assert math.isfinite(param.hi)
