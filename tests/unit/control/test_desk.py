"""The desk and its limits: who may ask how often, and that every question is answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.control.bucket import Buckets
from vtdrive.control.desk import Desk
from vtdrive.control.words import from_osc, from_query
from vtdrive.core.commands import CommandError, parse_command
from vtdrive.errors import UsageError


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.sampled_from("abc")), max_size=200),
    st.floats(1, 50),
    st.integers(1, 30),
)
def test_nobody_asks_more_often_than_allowed(
    asked: list[tuple[float, str]], rate_hz: float, burst: int
) -> None:
    buckets, now, passed = Buckets(rate_hz=rate_hz, burst=burst), 0.0, dict[str, list[float]]()
    for pause, sender in asked:
        now += pause
        if buckets.take(sender, now):
            passed.setdefault(sender, []).append(now)
    for times in passed.values():
        for i, start in enumerate(times):
            for j in range(i, len(times)):
                assert j - i + 1 <= burst + (times[j] - start) * rate_hz + 1e-6


def test_one_sender_takes_nothing_from_another_and_all_together_are_bounded() -> None:
    buckets = Buckets(rate_hz=10, burst=20)
    assert [buckets.take("a", 0.0) for _ in range(21)] == [True] * 20 + [False]
    assert buckets.take("b", 0.0)
    assert buckets.take("a", 0.2)
    flood = sum(buckets.take(f"made up {i}", 0.2) for i in range(10_000))
    assert flood < 80
    assert len(buckets._of) <= 256


def test_a_clock_that_goes_back_gives_nothing() -> None:
    buckets = Buckets(rate_hz=10, burst=1)
    assert buckets.take("a", 5.0)
    assert not buckets.take("a", 1.0)


def test_every_question_is_answered() -> None:
    def do(text: str) -> str:
        if text == "bug":
            raise ZeroDivisionError("oh")
        if text == "replay save":
            raise UsageError("no output can", "add one")
        return parse_command(text).text

    now = [0.0]
    desk = Desk(do, clock_s=lambda: now[0], burst=4)
    answers = [desk.ask("a", text) for text in ("panic", "panik", "replay save", "bug", "panic")]
    assert [answer.status for answer in answers] == [
        "done", "wrong", "refused", "refused", "limited",
    ]  # fmt: skip
    assert "did you mean 'panic'?" in answers[1].sentence
    assert answers[2].sentence == "no output can; add one"
    assert "ZeroDivisionError" in answers[3].sentence
    now[0] = 0.11
    assert desk.ask("a", "panic").done


@pytest.mark.parametrize(
    ("address", "args", "text"),
    [
        ("freeze", (), "freeze"),
        ("freeze", (1.0,), "freeze 1"),
        ("freeze", (0,), "freeze 0"),
        ("freeze", (True,), "freeze on"),
        ("freeze", ("toggle",), "freeze toggle"),
        ("freeze/toggle", (1,), "freeze toggle"),
        ("freeze/toggle", (0.0,), ""),
        ("recentre", (1.0,), "recentre"),
        ("recentre", (0.0,), ""),
        ("preset/next", (1,), "preset next"),
        ("expression/happiness", (1.0,), "expression happiness 1"),
        ("expression/happiness", (0.0,), "expression happiness 0"),
        ("expression/happiness/for", (5.0,), "expression happiness for 5"),
        (
            "expression",
            ("happiness", "for", 5, 0.800000011920929),
            "expression happiness for 5 0.8",
        ),
        ("expression/happiness/on", ("0.5",), "expression happiness on 0.5"),
    ],
)
def test_osc_in_words(address: str, args: tuple[object, ...], text: str) -> None:
    assert from_osc(address.split("/"), args) == text
    if text:
        parse_command(text)


@pytest.mark.parametrize("arg", [None, b"blob", float("nan"), float("inf")])
def test_osc_arguments_that_are_no_words(arg: object) -> None:
    with pytest.raises(CommandError):
        from_osc(["freeze"], (arg, "x"))


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        ("freeze", {"to": "on"}, "freeze on"),
        ("expression", {"for": "5", "emotion": "fear"}, "expression fear for 5"),
        ("expression/fear", {"weight": "0.5", "to": "on"}, "expression fear on 0.5"),
        ("preset", {"name": "calm"}, "preset calm"),
        ("record", {"to": "start", "file": "take 1"}, "record start take 1"),
        ("replay", {"to": "save"}, "replay save"),
    ],
)
def test_http_in_words(path: str, query: dict[str, str], text: str) -> None:
    assert from_query(path.split("/"), query) == text
    parse_command(text)


def test_http_values_that_a_command_does_not_know() -> None:
    with pytest.raises(CommandError) as caught:
        from_query(["freeze"], {"too": "on"})
    assert "no value is called 'too'" in caught.value.what
    assert "it knows to" in caught.value.remedy
