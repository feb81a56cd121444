"""What a user's file may hold without keeping a run from starting."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtdrive.runtime.users import UserStore


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '{"neutral": 5}', '{"neutral": []}', '{"neutral": null}', "{}"]
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "default.json").write_text(text, "utf-8")
    assert UserStore(folder=tmp_path).load() is None
