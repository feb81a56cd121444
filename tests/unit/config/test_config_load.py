"""Files over defaults, files over files: which value wins, and what was read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vtdrive.config.load import load_config, load_with_origins, mapping_text
from vtdrive.config.merge_files import Layers
from vtdrive.config.positions import Path as Where
from vtdrive.config.problems import Origin
from vtdrive.config.schema import Config
from vtdrive.config.sinks import VmcSink
from vtdrive.core.signals import SIGNALS
from vtdrive.errors import ConfigError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, name: str = "my.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_without_files_all_is_default_and_the_mapping_is_there() -> None:
    config = load_config([], known_signals=SIGNALS)
    assert config.filters == Config().filters
    assert config.sinks == []
    assert set(config.overlay) == set(config.emotion.timing)
    assert config.outputs["aa"].sum["jawOpen"] == 1.0


def test_an_empty_file_changes_nothing(write: Write) -> None:
    assert load_config([write("")]) == load_config([])
    assert load_config([write("\ufeff# only a comment\r\n")]) == load_config([])


def test_a_partial_table_keeps_the_defaults_of_its_own_place(write: Write) -> None:
    config = load_config(
        [write("[filters.head]\nmin_cutoff_hz = 0.5\n[emotion.timing.sadness]\ncap = 0.5\n")]
    )
    assert config.filters.head.min_cutoff_hz == 0.5
    assert config.filters.head.beta == Config().filters.head.beta != 1.0
    sadness = config.emotion.timing["sadness"]
    assert (sadness.cap, sadness.enter) == (0.5, Config().emotion.timing["sadness"].enter)
    assert config.emotion.timing["surprise"] == Config().emotion.timing["surprise"]


def test_later_files_win_key_by_key(write: Write) -> None:
    first = write("[source]\nwidth = 1280\nfps = 60\n[bones]\nnames = ['Head', 'Neck']\n", "a.toml")
    later = write("source.fps = 30.0\nbones.names = ['Head']\n", "b.toml")
    config = load_config([first, later])
    assert (config.source.width, config.source.fps) == (1280, 30.0)
    assert config.bones.names == ("Head",)
    assert load_config([later, first]).source.fps == 60


@pytest.mark.parametrize("section", ["outputs", "shapes"])
def test_an_expression_is_replaced_whole(write: Write, section: str) -> None:
    name = {"outputs": "ih", "shapes": "noseSneer"}[section]
    before = getattr(load_config([]), section)
    after = getattr(
        load_config([write(f"[{section}.{name}]\nsum = {{ jawOpen = 0.5 }}\n")]), section
    )
    assert after[name].sum == {"jawOpen": 0.5}
    assert after[name].gates == after[name].max == []
    assert {k: v for k, v in after.items() if k != name} == {
        k: v for k, v in before.items() if k != name
    }


def test_an_overlay_is_replaced_whole(write: Write) -> None:
    config = load_config([write("[overlay]\nanger = { browDown = 1 }\n")])
    assert config.overlay["anger"] == {"browDown": 1.0}
    assert config.overlay["fear"] == load_config([]).overlay["fear"]


def test_sinks_of_all_files_and_options_add_up(write: Write) -> None:
    files = [
        write(f"[[sinks]]\nkind = 'vmc'\nport = {port}\n", f"{port}.toml")
        for port in (39539, 39570)
    ]
    config = load_config(files, overrides={"sinks": [{"kind": "jsonl"}]})
    assert [sink.kind for sink in config.sinks] == ["vmc", "vmc", "jsonl"]
    assert [s.port for s in config.sinks if isinstance(s, VmcSink)] == [39539, 39570]


def test_overrides_lie_over_files(write: Write) -> None:
    path = write("[source]\nuri = '1'\nwidth = 320\n")
    config = load_config([path], overrides={"source": {"uri": "clip.mp4", "loop": True}})
    assert (config.source.uri, config.source.loop, config.source.width) == ("clip.mp4", True, 320)


def test_what_nobody_wrote_has_no_place() -> None:
    assert Layers().origin(("x", "y")) == Origin("config")


def test_loading_never_changes_the_defaults(write: Write) -> None:
    before = load_config([])
    load_config(
        [write("[[sinks]]\nkind='vmc'\n[filters.head]\nbeta=9\n[overlay.fear]\njawOpen=1\n")]
    )
    assert load_config([]) == before


def test_every_value_knows_its_file_and_line(write: Write) -> None:
    a = write("[filters.head]\nbeta = 1\n\n[[sinks]]\nkind = 'vmc'\n", "a.toml")
    b = write(
        "filters.head.min_cutoff_hz = 2\n\n[[sinks]]\nkind = 'osc'\n[outputs.ih]\nbias = 1\n",
        "b.toml",
    )
    layers = load_with_origins([a, b], overrides={"source": {"uri": "2"}}).layers
    expected: dict[Where, Origin] = {
        ("filters", "head", "beta"): Origin(str(a), 2),
        ("filters", "head", "min_cutoff_hz"): Origin(str(b), 1),
        ("filters", "head", "d_cutoff_hz"): Origin("default"),
        ("sinks", 0, "kind"): Origin(str(a), 5),
        ("sinks", 1): Origin(str(b), 3),
        ("sinks", 1, "kind"): Origin(str(b), 4),
        ("sinks", 1, "port"): Origin(str(b), 3),
        ("outputs", "ih", "bias"): Origin(str(b), 6),
        ("outputs", "ih", "gates"): Origin(str(b), 5),
        ("outputs", "aa", "sum"): Origin("default"),
        ("source", "uri"): Origin("command line"),
        ("source", "width"): Origin("default"),
    }
    assert {path: layers.origin(path) for path in expected} == expected


@pytest.mark.parametrize("value", ["2", "0", "'1'", "true", "1.5"])
def test_other_versions_are_refused_with_one_sentence(write: Write, value: str) -> None:
    path = write(f"# mine\nversion = {value}\n[no.such]\ntable = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_config([path])
    assert caught.value.what.startswith(f"{path}:2: version: this vtdrive reads version 1, not ")
    assert "\n" not in caught.value.what


def test_the_bundled_mapping_only_holds_what_the_schema_lacks() -> None:
    sections = {
        line[1:].split(".")[0].split("]")[0]
        for line in mapping_text().split("\n")
        if line.startswith("[")
    }
    assert sections == {"shapes", "overlay", "outputs"}
