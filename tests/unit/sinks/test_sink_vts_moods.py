"""VTube Studio's hotkeys and expressions by emotion: nothing is toggled twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_vts import FakeVts
from fake_vts_world import FakeHotkey, FakeModel
from vts_stage import Stage

from vtdrive.config.sinks import VtsSink
from vtdrive.types import Status

pytestmark = pytest.mark.slow  # it waits for real cooldowns

SMILE, SAD = "smile.exp3.json", "sad.exp3.json"


def akari() -> FakeModel:
    return FakeModel(
        "Akari",
        [
            FakeHotkey("Smile", "id-smile", file=SMILE),
            FakeHotkey("Wave", "id-wave", "TriggerAnimation", "wave.motion3.json"),
            FakeHotkey("Rain", "id-rain", "ToggleItemScene"),
        ],
        [SMILE, SAD],
    )


@pytest.fixture
def vts() -> Iterator[FakeVts]:
    with FakeVts(model=akari()) as fake:
        yield fake


def stage(vts: FakeVts, folder: Path, **options: object) -> Stage:
    common = {"port": vts.port, "customs": "off", "emotions": False, "ease_ms": 100}
    return Stage(VtsSink.model_validate({**common, **options}), folder)


def settled(vts: FakeVts) -> None:
    """Long enough for anything that should not happen."""
    time.sleep(0.8)


def test_an_expression_lasts_as_long_as_the_emotion(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, expressions={"happiness": SMILE, "sadness": SAD}, fade_s=0.6) as play:
        assert vts.wait(lambda: play.up)
        settled(vts)
        assert vts.of("ExpressionActivationRequest") == []
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE})
        play.show(emotion="sadness")
        assert vts.wait(lambda: vts.active == {SAD})
        play.show(emotion="sadness", status=Status.LOST)
        assert vts.wait(lambda: vts.active == set())
        settled(vts)
        sent = [(d["expressionFile"], d["active"]) for d in vts.of("ExpressionActivationRequest")]
        assert sent == [(SMILE, True), (SMILE, False), (SAD, True), (SAD, False)]
        assert {d["fadeTime"] for d in vts.of("ExpressionActivationRequest")} == {0.6}


def test_a_toggling_hotkey_is_pressed_at_both_ends(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, hotkeys={"happiness": "sMILE"}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE})
        settled(vts)
        assert vts.triggered == ["Smile"]
        play.show()
        assert vts.wait(lambda: vts.active == set())
        settled(vts)
        assert vts.triggered == ["Smile", "Smile"]


def test_a_hotkey_that_only_plays_is_pressed_once(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, hotkeys={"surprise": "id-wave"}) as play:
        play.show(emotion="surprise")
        assert vts.wait(lambda: vts.triggered == ["Wave"])
        play.show()
        settled(vts)
        assert vts.triggered == ["Wave"]
        play.show(emotion="surprise")
        assert vts.wait(lambda: vts.triggered == ["Wave", "Wave"])


def test_neutral_may_have_one_too(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, expressions={"neutral": SAD}) as play:
        assert vts.wait(lambda: vts.active == {SAD})
        play.show(emotion="anger")
        assert vts.wait(lambda: vts.active == set())


def test_a_short_mood_ends_even_within_the_cooldown(vts: FakeVts, tmp_path: Path) -> None:
    vts.cooldown_s = 0.3
    with stage(vts, tmp_path, hotkeys={"happiness": "Smile"}) as play:
        assert vts.wait(lambda: play.up)
        for _ in range(4):
            play.show(emotion="happiness")
            time.sleep(0.1)
            play.show()
            time.sleep(0.1)
        assert vts.wait(lambda: vts.active == set())
        settled(vts)
        assert vts.active == set()
        assert len(vts.triggered) % 2 == 0
        assert vts.errors.count(203) == 0  # the client is slow enough by itself


def test_the_cooldown_of_five_seconds_is_waited_out(vts: FakeVts, tmp_path: Path) -> None:
    vts.cooldown_s = 2.0
    with stage(vts, tmp_path, hotkeys={"happiness": "Smile"}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE})
        play.show()
        assert vts.wait(lambda: vts.active == set(), seconds=8)
        assert 1 <= vts.errors.count(203) <= 3
        assert play.sink.stats.note == ""


def test_a_full_queue_is_tried_again(vts: FakeVts, tmp_path: Path) -> None:
    vts.queue_full = True
    with stage(vts, tmp_path, hotkeys={"happiness": "Smile"}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: 200 in vts.errors)
        vts.queue_full = False
        assert vts.wait(lambda: vts.active == {SMILE})


def test_what_is_on_at_the_start_is_not_toggled_off(vts: FakeVts, tmp_path: Path) -> None:
    vts.active.add(SMILE)  # left by a run that was killed
    with stage(vts, tmp_path, hotkeys={"happiness": "Smile"}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: play.up)
        settled(vts)
        assert vts.triggered == []
        play.show()
        assert vts.wait(lambda: vts.active == set())


def test_the_users_own_finger_wins_until_the_mood_changes(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, hotkeys={"happiness": "Smile"}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE})
        vts.press("Smile")
        settled(vts)
        assert vts.active == set()
        play.show()
        settled(vts)
        assert vts.triggered == ["Smile"]
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE})


def test_another_model_gets_the_mood_of_now(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path, expressions={"happiness": SMILE}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE})
        vts.load(None)
        settled(vts)
        assert play.up
        vts.load(akari())
        assert vts.wait(lambda: vts.active == {SMILE})
        vts.load(FakeModel("Bare", [], ["other.exp3.json"]))
        assert vts.wait(lambda: "lacks the expression 'smile.exp3.json'" in play.sink.stats.note)
        vts.load(akari())
        assert vts.wait(lambda: vts.active == {SMILE})
        assert vts.wait(lambda: play.sink.stats.note == "")


def test_a_restarted_vtube_studio_gets_the_mood_of_now(vts: FakeVts, tmp_path: Path) -> None:
    options = {"happiness": "Rain"}
    with stage(vts, tmp_path, expressions={"happiness": SMILE}, hotkeys=options) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE})
        assert vts.wait(lambda: vts.triggered == ["Rain"])
        vts.stop()
        vts.start()
        assert vts.wait(lambda: vts.active == {SMILE})
        assert vts.wait(lambda: vts.triggered == ["Rain", "Rain"])


def test_a_broken_line_does_not_toggle_what_is_still_on(vts: FakeVts, tmp_path: Path) -> None:
    """The state of an item scene cannot be asked for: it is remembered while VTube Studio runs."""
    with stage(vts, tmp_path, hotkeys={"happiness": "Rain"}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.triggered == ["Rain"])
        started_s = vts.started_s
        vts.stop()
        vts.start()
        vts.started_s = started_s
        vts.injections.clear()
        assert vts.wait(lambda: len(vts.injections) > 3)
        settled(vts)
        assert vts.triggered == ["Rain"]


def test_the_end_of_a_run_switches_off(vts: FakeVts, tmp_path: Path) -> None:
    options = {"happiness": "Rain"}
    with stage(vts, tmp_path, expressions={"happiness": SMILE}, hotkeys=options) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.active == {SMILE} and vts.triggered == ["Rain"])
        play.end()
        assert vts.active == set()
        assert vts.triggered == ["Rain", "Rain"]


def test_the_end_of_a_run_waits_for_a_key_that_is_being_pressed(
    vts: FakeVts, tmp_path: Path
) -> None:
    with stage(vts, tmp_path, hotkeys={"happiness": "Rain"}) as play:
        assert vts.wait(lambda: len(vts.injections) > 20)
        vts.reply_after_s = 0.1
        play.show(emotion="happiness")
        assert vts.wait(lambda: vts.of("HotkeyTriggerRequest"))
        play.end()
    assert vts.triggered == ["Rain", "Rain"]


def test_wrong_names_are_told_with_the_right_one(vts: FakeVts, tmp_path: Path) -> None:
    with stage(
        vts, tmp_path, hotkeys={"happiness": "Smiel"}, expressions={"sadness": "sad.exp.json"}
    ) as play:
        assert vts.wait(lambda: play.sink.stats.note)
        assert "the hotkey 'Smiel' (did you mean 'Smile'?)" in play.sink.stats.note
        assert "did you mean 'sad.exp3.json'?" in play.sink.stats.note
        play.show(emotion="happiness")
        settled(vts)
        assert vts.triggered == []
        assert play.up


@pytest.mark.parametrize("number", [204, 206])
def test_a_hotkey_that_cannot_work_is_not_pressed_again_and_again(
    vts: FakeVts, tmp_path: Path, number: int
) -> None:
    vts.fail["HotkeyTriggerRequest"] = (number, "file missing")
    with stage(vts, tmp_path, hotkeys={"happiness": "Wave"}) as play:
        play.show(emotion="happiness")
        assert vts.wait(lambda: f"[error {number}]" in play.sink.stats.note)
        assert "the hotkey 'Wave'" in play.sink.stats.note
        settled(vts)
        assert len(vts.of("HotkeyTriggerRequest")) == 1
        assert len(vts.injections) > 10
