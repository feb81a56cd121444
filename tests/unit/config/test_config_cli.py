"""`vtdrive config ...` as typed."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vtdrive.cli.config import app
from vtdrive.config.load import load_config
from vtdrive.errors import ConfigError, UsageError

RUN = CliRunner()


def test_check_says_good_or_raises(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[[sinks]]\nkind = 'vmc'\n")
    bad.write_text("[outputs.X]\nsum = { jawopen = 1 }\n")
    result = RUN.invoke(app, ["check", str(good)])
    assert result.exit_code == 0
    assert result.output.startswith(f"{good}: good; ")
    assert "1 sink" in result.output
    result = RUN.invoke(app, ["check", str(good), str(bad)])
    assert isinstance(result.exception, ConfigError)
    assert f"{bad}:2: [outputs.X] sum.jawopen" in str(result.exception)


def test_schema_prints_json_or_markdown() -> None:
    schema = json.loads(RUN.invoke(app, ["schema"]).output)
    assert schema["title"] == "vtdrive config"
    assert RUN.invoke(app, ["schema", "--format", "markdown"]).output.startswith("# Every key")


def test_show_prints_the_config_in_force(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("source.fps = 30\n")
    plain = RUN.invoke(app, ["show"]).output
    assert tomllib.loads(plain)["source"]["fps"] == 0.0
    shown = RUN.invoke(app, ["show", "--config", str(mine), "--origin"]).output
    assert f"fps = 30  # {mine}:1" in shown.split("\n")


def test_new_writes_once_and_for_apps(tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    result = RUN.invoke(app, ["new", "--for", "VSeeFace, vnyan", str(file)])
    assert (result.exit_code, result.output[:5]) == (0, "wrote")
    assert len(load_config([file]).sinks) == 2
    again = RUN.invoke(app, ["new", str(file)])
    assert isinstance(again.exception, UsageError)
    assert RUN.invoke(app, ["new", str(file), "--force"]).exit_code == 0
    assert load_config([file]).sinks == []


@pytest.mark.parametrize("module", ["load", "reload"])
def test_loading_a_config_needs_no_terminal_library(module: str) -> None:
    code = (
        f"import sys, vtdrive.config.{module} as m; "
        "m.__name__.endswith('.load') and m.load_config([]); "
        "heavy = {'rich', 'typer', 'click', 'tomlkit', 'watchfiles', 'cv2', 'mediapipe'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
