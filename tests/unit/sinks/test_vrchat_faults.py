"""VRChat absent, late, gone, silent or ugly; and its files, which stand in for it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_vrchat import FakeVrchat
from vrchat_playing import Playing
from vrchat_playing import play as play
from vrchat_playing import quick as quick
from vrchat_playing import vrchat as vrchat

from vtdrive.config.sinks import VrchatSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import UsageError
from vtdrive.sinks.vrchat_browse import Browse


def test_vrchat_started_later_and_again(vrchat: FakeVrchat, play: Callable[..., Playing]) -> None:
    port = vrchat.http_port
    vrchat.close_page()
    playing = play()
    assert playing.until(lambda: "does not answer" in playing.told[0])
    assert "switch OSC on" in playing.told[1]
    assert playing.sink.stats.connected is False
    assert vrchat.count == 0
    vrchat.open_page(port)
    assert playing.until(lambda: playing.sink.stats.connected)
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)
    vrchat.close_page()
    assert playing.until(lambda: playing.sink.stats.connected is False)
    vrchat.wear("avtr_third", {"v2/JawOpen": "f"})
    vrchat.open_page(port)
    assert playing.until(lambda: "v2/JawOpen" in vrchat.values)
    assert playing.told == ("", "")


def deep(levels: int) -> bytes:
    return b'{"CONTENTS":{"a":' * levels + b"{}" + b"}}" * levels


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"CONTENTS": 3}', b"\xff\xfe", b"[" * 100_000, deep(70),
     deep(20_000), b'{"CONTENTS":{' + b'"a":{},' * 30_000 + b'"b":{}}}', b" " * (5 << 20)],
    ids=["empty", "cut", "list", "null", "type", "bytes", "brackets", "deep", "deeper", "wide",
         "long"],
)  # fmt: skip
def test_an_ugly_page_is_no_vrchat_and_harms_nothing(
    vrchat: FakeVrchat, play: Callable[..., Playing], body: bytes
) -> None:
    vrchat.answer_with = lambda _: body
    playing = play()
    assert playing.until(lambda: "does not answer" in playing.told[0])
    vrchat.answer_with = None
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)


def test_a_page_that_hangs_keeps_the_avatar_moving(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    playing = play()
    assert playing.until(lambda: "LipTrackingActive" in vrchat.values)
    vrchat.answer_with = lambda _: None
    asked = len(vrchat.asked)
    assert playing.until(lambda: len(vrchat.asked) > asked)
    assert playing.until(
        lambda: vrchat.values["FT/v2/SmileFrownLeft"] == 1.0, shapes={"mouthSmileLeft": 1.0},
        within_s=1.0,
    )  # fmt: skip


def test_closing_beside_a_page_that_hangs_is_quick(
    vrchat: FakeVrchat, play: Callable[..., Playing]
) -> None:
    vrchat.answer_with = lambda _: None
    playing = play()
    playing.for_s(0.3)
    start = time.monotonic()
    playing.sink.close()
    assert time.monotonic() - start < 1.0


def avatar_file(folder: Path, name: str, parameters: dict[str, str], *, age_s: int) -> Path:
    path = folder / "usr_1" / "Avatars" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = [
        {"name": n, "input": {"address": f"/avatar/parameters/{n.replace(' ', '_')}", "type": t},
         "output": {"address": f"/avatar/parameters/{n}", "type": t}}
        for n, t in parameters.items()
    ]  # fmt: skip
    read_only = {"name": "Upright", "output": {"address": "/avatar/parameters/Upright"}}
    text = json.dumps({"id": name, "name": "A", "parameters": [*entries, read_only]})
    path.write_text("\ufeff" + text, encoding="utf-8")
    when = time.time() - age_s
    os.utime(path, (when, when))
    return path


def test_the_newest_file_stands_in(vrchat: FakeVrchat, tmp_path: Path) -> None:
    vrchat.wear("avtr_b", {"My_FT/v2/JawOpen": "f"})
    avatar_file(tmp_path, "avtr_a", {"v2/JawOpen": "Float"}, age_s=100)
    avatar_file(tmp_path, "avtr_b", {"My FT/v2/JawOpen": "Float"}, age_s=50)
    config = VrchatSink(port=vrchat.osc_port, parameters="file", avatar=str(tmp_path))
    playing = Playing(config)
    assert playing.until(lambda: vrchat.values, shapes={"jawOpen": 1.0})
    assert vrchat.values == {"My_FT/v2/JawOpen": 1.0}
    assert vrchat.wrong == []
    assert playing.sink.stats.connected is None
    assert "the file avtr_b.json" in playing.sink.stats.note
    # Another avatar is put on for the first time.
    vrchat.wear("avtr_c", {"v2/JawX": "f"})
    avatar_file(tmp_path, "avtr_c", {"v2/JawX": "Float"}, age_s=0)
    assert playing.until(lambda: vrchat.values, shapes={"jawLeft": 1.0})
    assert vrchat.values == {"v2/JawX": -1.0}
    playing.sink.close()


@pytest.mark.parametrize("fault", ["none", "ugly", "huge"])
def test_without_a_file_it_says_what_to_do(tmp_path: Path, fault: str) -> None:
    if fault != "none":
        path = avatar_file(tmp_path, "avtr_a", {}, age_s=0)
        path.write_bytes(b"\xff" if fault == "ugly" else b" " * (5 << 20))
    playing = Playing(VrchatSink(parameters="file", avatar=str(tmp_path)))
    assert playing.until(lambda: playing.told[0])
    reason = "no file about an avatar" if fault == "none" else "cannot be read"
    assert reason in playing.told[0]
    assert "avatar=FILE" in playing.told[1]
    playing.sink.close()


def test_a_home_that_nobody_has_is_told() -> None:
    playing = Playing(VrchatSink(parameters="file", avatar="~no-such-user/avtr_a.json"))
    assert playing.until(lambda: playing.told[0])
    assert "RuntimeError" not in playing.told[0]
    assert "avatar=FILE" in playing.told[1]
    playing.sink.close()


def test_the_file_serves_until_vrchat_answers(
    vrchat: FakeVrchat, play: Callable[..., Playing], tmp_path: Path
) -> None:
    port = vrchat.http_port
    vrchat.close_page()
    path = avatar_file(tmp_path, "avtr_first", {"v2/JawOpen": "Float"}, age_s=0)
    vrchat.wear("avtr_first", {"v2/JawOpen": "f", "v2/JawX": "f"})
    playing = play(parameters="auto", avatar=str(path), port=vrchat.osc_port)
    assert playing.until(lambda: vrchat.values)
    assert vrchat.values.keys() == {"v2/JawOpen"}
    assert playing.sink.stats.connected is None
    assert "switch OSC on" in playing.told[1]
    vrchat.open_page(port)
    assert playing.until(lambda: "v2/JawX" in vrchat.values)
    assert playing.sink.stats.connected is True


def test_hosts_that_are_unknown_are_told_and_tried_again() -> None:
    playing = Playing(VrchatSink(host="no such host", parameters="default"))
    assert playing.until(lambda: "is unknown" in playing.told[0])
    assert "spelling" in playing.told[1]
    playing.for_s(0.2)
    assert "is unknown" in playing.told[0]
    playing.sink.close()


def test_nobody_there_is_a_hint_and_no_fault() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    playing = Playing(VrchatSink(port=port, parameters="default", refresh_s=0.2))
    assert playing.until(lambda: f"nobody listens on 127.0.0.1:{port}" in playing.told[0])
    assert playing.sink.stats.connected is None
    playing.sink.close()


def test_where_mdns_is_blocked_the_file_serves(
    vrchat: FakeVrchat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blocked(_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Browse, "open", blocked)
    path = avatar_file(tmp_path, "avtr_first", {"v2/JawOpen": "Float"}, age_s=0)
    vrchat.wear("avtr_first", {"v2/JawOpen": "f"})
    playing = Playing(VrchatSink(port=vrchat.osc_port, avatar=str(path)))
    assert playing.until(lambda: vrchat.values)
    assert "oscquery=HOST:PORT" in playing.told[1]
    playing.sink.close()
    lost = Playing(VrchatSink(port=vrchat.osc_port, avatar=str(tmp_path / "none")))
    assert lost.until(lambda: "cannot search for VRChat (Operation not permitted)" in lost.told[0])
    lost.sink.close()


def test_an_address_that_is_not_ours_is_refused_for_good() -> None:
    playing = Playing(VrchatSink(listen="192.0.2.77"))
    assert playing.until(lambda: "cannot listen on 192.0.2.77" in playing.told[0])
    assert "address of this computer" in playing.told[1]
    assert playing.sink.stats.connected is False
    playing.sink.close()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("oscquery", "127.0.0.1", "no HOST:PORT"),
        ("oscquery", ":80", "no HOST:PORT"),
        ("oscquery", "127.0.0.1:99999", "no HOST:PORT"),
        ("listen", "localhost", "no IP address"),
    ],
)
def test_options_that_cannot_work_are_refused(option: str, value: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_sink_url(f"vrchat://127.0.0.1:9000?{option}={value}")
