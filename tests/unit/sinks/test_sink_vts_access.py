"""VTube Studio's popup, its token and its API's switch."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fake_vts import FakeVts
from vts_stage import stage
from vts_stage import vts as vts

from vtdrive.sinks import vts_login
from vtdrive.wire.vts_errors import POPUP_OPEN


def test_a_popup_that_waits_is_told_and_waited_for(vts: FakeVts, tmp_path: Path) -> None:
    vts.popup = "hang"
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "asks whether" in play.sink.stats.last_error)
        assert "Allow" in play.sink.stats.remedy
        vts.popup = "allow"
        assert vts.wait(lambda: len(vts.injections) > 5)
        assert play.sink.stats.last_error == ""


def test_a_run_may_end_while_the_popup_stands(vts: FakeVts, tmp_path: Path) -> None:
    vts.popup = "hang"
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: vts.popups)
        start = time.monotonic()
        play.end()
        assert time.monotonic() - start < 1.5
        assert "did not close" not in play.sink.stats.last_error
    vts.popup = "deny"


def test_denied_asks_only_once(vts: FakeVts, tmp_path: Path) -> None:
    vts.popup = "deny"
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "denies vtdrive access" in play.sink.stats.last_error)
        assert "click Allow" in play.sink.stats.remedy
        time.sleep(3.0)
        assert vts.popups == 1
        assert "denies vtdrive access" in play.sink.stats.last_error
    assert not list(tmp_path.glob("*.json"))


def test_after_a_long_pause_it_may_ask_again(
    vts: FakeVts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vts_login, "_SULK_S", 0.2)
    vts.popup = "deny"
    with stage(vts, tmp_path):
        assert vts.wait(lambda: vts.popups == 1)
        vts.popup = "allow"
        assert vts.wait(lambda: vts.injections)
        assert vts.popups == 2


def test_another_popup_is_open(vts: FakeVts, tmp_path: Path) -> None:
    vts._asking = True
    asked = list[str]()
    play = stage(vts, tmp_path)
    play.sink._login._tell = lambda what, _: asked.append(what)
    with play:
        assert vts.wait(lambda: "still shows a popup" in play.sink.stats.last_error)
        assert vts.wait(lambda: vts.errors.count(POPUP_OPEN) >= 2)
        # There is no popup of ours to click on, and each attempt would tell of one.
        assert asked == []
        vts._asking = False
        assert vts.wait(lambda: vts.injections)


def test_a_token_that_is_no_longer_good_asks_once_more(vts: FakeVts, tmp_path: Path) -> None:
    play = stage(vts, tmp_path)
    play.tokens.save("of another installation", host="127.0.0.1", port=vts.port)
    with play:
        assert vts.wait(lambda: vts.injections)
    assert vts.popups == 1
    assert play.tokens.load(host="127.0.0.1", port=vts.port) in vts.world.tokens


def test_revoked_in_the_middle_of_a_run(vts: FakeVts, tmp_path: Path) -> None:
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.popup = "deny"
        vts.revoke()
        assert vts.wait(lambda: "denies vtdrive access" in play.sink.stats.last_error)
        assert vts.wait(lambda: vts.popups == 2)
        time.sleep(2.0)
        assert vts.popups == 2


def test_the_api_is_switched_off(vts: FakeVts, tmp_path: Path) -> None:
    vts.api_on = False
    with stage(vts, tmp_path) as play:
        assert vts.wait(lambda: "API is switched off" in play.sink.stats.last_error)
        assert "Start API" in play.sink.stats.remedy
        vts.api_on = True
        assert vts.wait(lambda: len(vts.injections) > 5)
        vts.api_on = False
        assert vts.wait(lambda: not play.up)
        assert "API is switched off" in play.sink.stats.last_error
