"""`[control]` and `--control URL`: what is taken, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtdrive.config.control import place_of
from vtdrive.config.control_urls import CONTROL_URLS, control_overrides, parse_control_url
from vtdrive.config.export import effective_toml
from vtdrive.config.load import load_config, load_with_origins
from vtdrive.errors import ConfigError, UsageError


def test_nothing_listens_by_default() -> None:
    control = load_config([]).control
    assert (control.osc, control.http, control.midi.device) == ("", "", "")


def test_a_table_and_the_command_line_add_up(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(
        '[control]\nosc = "off"\nhttp = "127.0.0.1:9011"\npresets = ["calm.toml"]\n'
        '[control.midi.notes]\n36 = "freeze toggle"\n"10:37" = "panic hold"\n'
    )
    chosen = control_overrides(["osc://:9010", "midi:Launch pad"])
    config = load_config([file], overrides={"control": chosen})
    control = config.control
    assert (control.osc, control.http) == (":9010", "127.0.0.1:9011")
    assert place_of(control.osc) == ("127.0.0.1", 9010)
    assert control.presets == ("calm.toml",)
    assert control.midi.device == "Launch pad"
    assert control.midi.notes == {"36": "freeze toggle", "10:37": "panic hold"}


def test_it_survives_being_shown(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[control.midi.notes]\n36 = "freeze"\n"2:5" = "panic"\n')
    shown = tmp_path / "b.toml"
    shown.write_text(effective_toml(load_with_origins([file]), origins=False))
    assert load_config([shown]).control == load_config([file]).control


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[control]\nosc = "9010"', "is no HOST:PORT"),
        ('[control]\nhttp = "127.0.0.1:0"', "is no HOST:PORT"),
        ('[control]\nhttp = "http://127.0.0.1:9011"', "is no HOST:PORT"),
        ('[control]\nhttp = "a b:9011"', "is no HOST:PORT"),
        ("[control]\nhtpp = 5", "did you mean 'http'?"),
        ('[control.midi.notes]\nC3 = "freeze"', "no number from 0 to 127"),
        ('[control.midi.notes]\n128 = "freeze"', "no number from 0 to 127"),
        ('[control.midi.controls]\n"17:5" = "freeze"', "nor CHANNEL:NUMBER"),
        ('[control.midi.controls]\n"0:5" = "freeze"', "nor CHANNEL:NUMBER"),
    ],
)
def test_mistakes_in_a_table_are_named_with_their_line(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config([file])
    assert said in caught.value.what
    assert f"{file}:" in caught.value.what


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("osc://127.0.0.1:9010", ("osc", "127.0.0.1:9010")),
        ("OSC://127.0.0.1:9010/", ("osc", "127.0.0.1:9010")),
        ("http://[::1]", ("http", "[::1]:9011")),
        ("http://0.0.0.0", ("http", "0.0.0.0:9011")),
        ("osc:", ("osc", ":9010")),
        ("midi:Launchpad Mini", ("midi", "Launchpad Mini")),
        ("midi://Pad", ("midi", "Pad")),
    ],
)
def test_urls(url: str, parsed: tuple[str, str]) -> None:
    assert parse_control_url(url) == parsed
    if parsed[0] != "midi":
        place_of(parsed[1])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "the kind"),
        ("127.0.0.1:9010", "the kind '127.0.0.1' is not allowed"),
        ("htpp://127.0.0.1:9011", "did you mean 'http'?"),
        ("https://127.0.0.1:9011", "the kind 'https'"),
        ("osc://127.0.0.1:99999", "is no HOST:PORT"),
        ("osc://a@b:9010", "is no HOST:PORT"),
        ("http://127.0.0.1:9011/command", "is no HOST:PORT"),
        ("midi:", "the device is missing"),
    ],
)
def test_urls_that_are_none(url: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_control_url(url)
    assert said in caught.value.what
    assert all(example in caught.value.remedy for example in CONTROL_URLS)


def test_two_of_a_kind_are_refused() -> None:
    with pytest.raises(UsageError, match="osc is given twice"):
        control_overrides(["osc://:9010", "osc://:9012"])
