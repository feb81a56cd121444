"""`wire.obs`: what OBS says is read with distrust; what rules ask for is complete."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.config.obs_keys import key_combination
from vtdrive.config.sinks.obs import ObsAction
from vtdrive.wire import obs
from vtdrive.wire.obs_steps import Step, is_harmless, refusal, steps_of, unavailable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
FIELDS = (
    "op", "d", "requestId", "requestStatus", "responseData", "authentication", "challenge", "salt",
    "rpcVersion", "obsWebSocketVersion", "code", "result", "comment",
)  # fmt: skip
SHAPED = st.recursive(
    JSON, lambda inner: st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5), max_leaves=10
)


@settings(max_examples=400, deadline=None)
@given(op=st.sampled_from([0, 2, 7, 5, "0", None]), data=SHAPED, names=st.text(max_size=6))
def test_any_json_is_read_or_ignored(op: object, data: object, names: str) -> None:
    said = obs.parse(json.dumps({"op": op, "d": data}))
    assert said is None or isinstance(said, obs.Hello | obs.Identified | obs.Response)
    if isinstance(said, obs.Response):
        assert isinstance(said.request_id, str)
        assert all(isinstance(name, str) for name in said.names(names, names))
        refusal(Step("SaveReplayBuffer", {}), said)
    if isinstance(said, obs.Hello):
        assert obs.identify(said, "x")


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_read_or_ignored(raw: bytes | str) -> None:
    assert obs.parse(raw) is None or raw


def test_a_lists_things_are_taken_with_distrust() -> None:
    response = obs.Response(
        "1", ok=True, code=100, data={"a": [{"n": "x"}, 5, {"n": 7}, {}], "b": 3}
    )
    assert response.names("a", "n") == ["x"]
    assert response.names("b", "n") == response.names("c", "n") == []


def test_what_another_machine_wrote_is_fit_for_a_terminal() -> None:
    data = {"scenes": [{"sceneName": "a\x1b[2Jb" + "c" * 9000}], "obsVersion": "30\n"}
    status = {"result": False, "code": 702, "comment": "\x07 no"}
    message = {"op": 7, "d": {"requestId": "1", "requestStatus": status, "responseData": data}}
    said = obs.parse(json.dumps(message))
    assert isinstance(said, obs.Response)
    assert said.names("scenes", "sceneName") == ["a?[2Jb" + "c" * 194]
    assert (said.word("obsVersion"), said.word("scenes"), said.comment) == ("30?", "", "? no")


def test_half_a_challenge_is_no_hello() -> None:
    for keys in ({}, {"salt": "s"}, {"challenge": ""}, "x"):
        said = obs.parse(json.dumps({"op": 0, "d": {"rpcVersion": 1, "authentication": keys}}))
        assert said is None


@pytest.mark.parametrize(
    ("code", "final", "words"),
    [
        (4009, True, "password"),
        (4010, True, "version 1"),
        (4011, True, "Kick"),
        (4005, False, "code 4005: why"),
        (1006, False, "went away"),
        (1001, False, "went away"),
    ],
)
def test_close_codes(code: int, final: bool, words: str) -> None:
    closing = obs.closing(code, "why")
    assert closing.final is final
    assert words in closing.what


@pytest.mark.parametrize(
    ("text", "key", "held"),
    [
        ("F5", "OBS_KEY_F5", set()),
        ("ctrl+shift+a", "OBS_KEY_A", {"control", "shift"}),
        ("Alt + 7", "OBS_KEY_7", {"alt"}),
        ("cmd+space", "OBS_KEY_SPACE", {"command"}),
        ("OBS_KEY_NUMPLUS", "OBS_KEY_NUMPLUS", set()),
    ],
)
def test_keys(text: str, key: str, held: set[str]) -> None:
    assert key_combination(text) == (key, frozenset(held))


@pytest.mark.parametrize("text", ["", "F25", "ctrl+", "hyper+a", "ctrl+ä", "obs_key_a"])
def test_keys_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no (key|modifier)"):
        key_combination(text)


def test_a_text_without_a_face_to_read_stays_as_written() -> None:
    (step,) = steps_of(ObsAction(text={"Mood": "{emotion}"}))
    assert step.data["inputSettings"] == {"text": "{emotion}"}


def test_what_sets_the_same_thing_has_the_same_target() -> None:
    actions: list[dict[str, Any]] = [
        {"scene": "A"},
        {"scene": "B"},
        {"show": ["x"], "in_scene": "A"},
        {"hide": ["x"], "in_scene": "A"},
        {"text": {"x": "1"}},
        {"text": {"y": "1"}},
    ]
    targets = [steps_of(ObsAction.model_validate(each))[0].target for each in actions]
    assert targets[0] == targets[1]
    assert targets[2] == targets[3]
    assert len(set(targets)) == 4


def test_sources_of_one_name_in_two_scenes_are_two() -> None:
    one, two = (steps_of(ObsAction(show=("x",), in_scene=scene))[0].target for scene in ("A", "B"))
    assert one != two


def test_what_happens_once_is_told_from_what_lasts() -> None:
    whole = ObsAction.model_validate(
        {"scene": "A", "hotkey": "h", "keys": "F1", "record": "stop", "save_replay": True,
         "chapter": "c"}
    )  # fmt: skip
    assert [step.request for step in steps_of(whole) if step.lasting] == ["SetCurrentProgramScene"]


def test_refusals_in_words() -> None:
    def no(code: int, comment: str = "") -> obs.Response:
        return obs.Response("1", ok=False, code=code, comment=comment)

    replay, record = Step("SaveReplayBuffer", {}), Step("StartRecord", {})
    assert "not running" in refusal(replay, no(501))[0]
    assert "Hybrid MP4" in refusal(Step("CreateRecordChapter", {}), no(702, "bad format"))[1]
    assert refusal(record, no(204))[1] == "update OBS"
    assert (
        refusal(record, no(702, "disk full"))[0] == "OBS refused StartRecord: disk full (code 702)"
    )
    assert is_harmless(record, no(500))
    assert not is_harmless(record, no(501))
    assert "30.2" in unavailable(Step("CreateRecordChapter", {}), "29.0.2")[1]
    assert "does not offer StartRecord" in unavailable(record, "28.0.0")[0]
