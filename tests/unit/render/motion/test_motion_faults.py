"""What an avatar's file says of motion and cannot be is told with its line, before it moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_avatar import TABLES, write_avatar

from vtdrive.errors import ConfigError
from vtdrive.render.rig import load_rig


@pytest.mark.parametrize(
    ("tables", "line", "words"),
    [
        ("[params.glow]\nsum = { jawOpn = 1.0 }", 2, "jawOpn' is no signal (did you mean 'jawOpen"),
        ("[params.glow]\nmax = [{ sum = { mouthSmil = 1.0 } }]", 2, "did you mean 'mouthSmile'"),
        ("[params.glow]\nsum = { 'out.tail_2' = 1.0 }", 2, "only springs can follow springs"),
        ("[params.glow]\nsum = { 'out.hed_x' = 1.0 }", 2, "did you mean 'out.head_x'"),
        ("[params.eye_open_l]\nclamp = [0, 0.8]", 2, "the neutral of eye_open_l, 1, must lie"),
        ("[params.a]\nsum = { 'out.a' = 1.0 }", 1, "in a circle: a"),
        ("[feelings.angry]\nadd = { ear_l = 1.0 }", 1, "did you mean 'anger'"),
        ("[feelings.anger]\nadd = { earl = 1.0 }", 2, "did you mean 'ear_l'"),
        (
            "[springs.a]\nto = { b = 1 }\nhz = 1\ndamping = 1\n"
            "[springs.b]\nto = { a = 1 }\nhz = 1\ndamping = 1",
            1,
            "hang on each other in a circle: a, b",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, tables: str, line: int, words: str
) -> None:
    before, mark, after = TABLES.partition("[[part]]")
    with pytest.raises(ConfigError) as refused:
        load_rig(write_avatar(tmp_path, f"{before}{tables}\n{mark}{after}"))
    said = str(refused.value)
    assert words in said
    assert f"avatar.toml:{before.count(chr(10)) + line}:" in said
    assert said.count("avatar.toml:") == 1
