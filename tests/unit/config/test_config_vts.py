"""The table of a VTube Studio sink: emotions by name, and what a URL can say."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtdrive.config.load import load_config
from vtdrive.config.sinks import VtsSink
from vtdrive.config.sinks.vts import ByEmotion
from vtdrive.config.urls import parse_sink_url
from vtdrive.errors import ConfigError, UsageError
from vtdrive.vocab import EMOTIONS

HEAD = 'version = 1\n[[sinks]]\nkind = "vts"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "my.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_every_emotion_has_its_place() -> None:
    assert tuple(ByEmotion.model_fields) == EMOTIONS


def test_emotions_by_name_inline_or_as_a_table(tmp_path: Path) -> None:
    text = 'hotkeys = { happiness = "Smile" }\n[sinks.expressions]\nfear = "a.exp3.json"\n'
    (sink,) = load_config([written(tmp_path, text)]).sinks
    assert isinstance(sink, VtsSink)
    assert sink.hotkeys == ByEmotion(happiness="Smile")
    assert sink.expressions == ByEmotion(fear="a.exp3.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('hotkeys = { happyness = "x" }', r"my\.toml:4: .*happyness.*did you mean 'happiness'\?"),
        ('port = 8001\n[sinks.expressions]\nangry = "x"', r"my\.toml:6: .*did you mean 'anger'"),
        ("hotkeys = { fear = 5 }", r"my\.toml:4: .*hotkeys\.fear: wants text; got 5"),
        ('hotkeys = "Smile"', r"my\.toml:4: .*hotkeys"),
        ("max_hz = 90", r"my\.toml:4: .*max_hz: 90 is out of range"),
        ("max_hz = 0", r"my\.toml:4: .*max_hz: 0 is out of range"),
        ("fade_s = 3", r"my\.toml:4: .*fade_s: 3 is out of range \(allowed: 0 to 2\)"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config([written(tmp_path, text)])


def test_a_url_has_the_plain_options() -> None:
    url = "vts://pc.local:8002?mirror=true&discover=true&instance=Window%202&mode=add&flip_y=yes"
    assert parse_sink_url(url) == VtsSink(
        host="pc.local",
        port=8002,
        mirror=True,
        discover=True,
        instance="Window 2",
        mode="add",
        flip_y=True,
    )
    with pytest.raises(UsageError, match="'hotkeys' is not allowed"):
        parse_sink_url("vts://?hotkeys=Smile")
