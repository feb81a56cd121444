"""Where figures go: the file, the terminal, and each of them where the other fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.text import Text

from vtdrive.cli.figures import check_writable, show_and_write, write_text
from vtdrive.errors import UsageError


def test_a_name_that_no_system_takes_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--json a{300}: .*name"):
        check_writable(Path("a" * 300))


def test_tables_are_shown_though_the_file_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="no such file"):
        show_and_write(tmp_path / "gone" / "a.json", {"accuracy": 0.5}, [Text("a table")])
    assert "a table" in capsys.readouterr().out


def test_figures_on_standard_output_stand_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show_and_write(Path("-"), {"accuracy": 0.5}, [Text("a table")])
    assert json.loads(capsys.readouterr().out) == {"accuracy": 0.5}


def test_a_file_name_that_is_no_text_is_written_all_the_same(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "caf\udce9.png\n", option="--csv")
    assert (tmp_path / "a.csv").read_text("utf-8") == "caf\\udce9.png\n"
