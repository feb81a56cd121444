"""`bootstrap.py`, which sets vtdrive up: what it says where it cannot."""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "bootstrap.py"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lacks libraries")
def test_only_libraries_that_are_missing_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script: dict[str, Any] = runpy.run_path(str(SCRIPT))
    check = script["missing_libraries"]
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setitem(check.__globals__, "loads", lambda name: name != "libexpat.so.1")
    with pytest.raises(SystemExit):
        check()
    said = capsys.readouterr().err
    assert "libexpat.so.1" in said
    assert "libexpat1" in said
    assert "libGL" not in said
    monkeypatch.setitem(check.__globals__, "loads", lambda _: True)
    check()
