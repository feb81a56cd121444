"""Copies of avatars, and what is told about one."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_avatar import TABLES, write_avatar

from vtdrive.errors import UsageError
from vtdrive.render.inspect import inspected
from vtdrive.render.making import copy_avatar
from vtdrive.render.rig import load_rig


@pytest.mark.parametrize("written", ['name = "Small"', '  name="Small"', "name = 'Small' # mine"])
def test_a_copy_has_the_new_name_and_nothing_else_is_new(tmp_path: Path, written: str) -> None:
    tables = TABLES.replace('name = "Small"', written, 1)
    made = copy_avatar(write_avatar(tmp_path / "a", tables), tmp_path / "b", "fox")
    rig = load_rig(made)
    assert rig.avatar.name == "fox"
    assert [part.name for part in rig.avatar.part][:2] == ["head", "ear"]


def test_a_copy_into_itself_is_refused(tmp_path: Path) -> None:
    source = write_avatar(tmp_path / "a")
    (source / "avatars").mkdir()
    with pytest.raises(UsageError, match="lies in the folder"):
        copy_avatar(source, source / "avatars" / "fox", "fox")


def test_what_follows_through_a_spring_counts(tmp_path: Path) -> None:
    tables = TABLES.replace("turn = {", "# turn = {", 1).replace('by = "head_z"', 'by = "slow"', 1)
    without = inspected(load_rig(write_avatar(tmp_path / "a", tables.replace("slow", "head_z"))))
    assert any("head_x" in remark for remark in without.remarks)
    spring = "[springs.slow]\nto = { head_x = 1.0 }\nhz = 2\ndamping = 1\nswing = false\n"
    tables = tables.replace("[[part]]", f"{spring}[[part]]", 1)
    facts = inspected(load_rig(write_avatar(tmp_path / "b", tables)))
    assert not any("head_x" in remark for remark in facts.remarks)
