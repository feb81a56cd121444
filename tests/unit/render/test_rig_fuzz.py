"""Any tree of tables gives an avatar that can be painted, or sentences with file and line."""

from __future__ import annotations

import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_avatar import TABLES, write_avatar

from vtdrive.config.toml_text import value_text
from vtdrive.errors import ConfigError
from vtdrive.render.motion import Motion
from vtdrive.render.paint.painter import Painter
from vtdrive.render.rig import load_rig

MORE = """
[params.glow]
sum = { jawOpen = 1.0 }
max = [{ sum = { mouthSmile = 1.0 }, range = [0.1, 1.0] }]
[params.head_x]
neutral = 5
[springs.lock]
to = { head_x = 0.6 }
hz = 2.0
damping = 0.3
[feelings.anger]
add = { ear_l = -1.0 }
[[part]]
name = "p"
art = "picture.png"
at = [1, 2]
size = [30, 20]
show = [{ by = "glow", points = [[0, 1], [1, 0.2]] }]
deform = [
  { kind = "warp", by = ["lock"], box = [0, 0, 10, 10], grid = [2, 2], keys = [{ at = [1], offsets = [[0, 1], [2, 3], [4, 5], [6, 7]] }] },
  { kind = "scale", by = "breath", x = 0.1 },
]
[[part]]
name = "s"
blend = "multiply"
clip = "p"
sprite = [{ art = "ear", when = { mouth_open = [0.5, 2] } }, { art = "picture.png" }]
"""  # noqa: E501
TREE = tomllib.loads(TABLES + MORE)
ODD = st.one_of(
    st.sampled_from(
        ["", ".", "x", "../x.svg", "body", "picture.png", "a\0", "x.**", "y" * 300, "head_x", "ear"]
    ),
    st.sampled_from([0, -1, 1, 2, 0.5, 1e-300, 1e6, -1e6, 1e308, 10**400, float("nan"), True]),
    st.sampled_from([[], [1], [0, 0], [1, 0], [[0, 1]], ["a", "b"], [["a"], ["b"]], [[0, 0], [1, 9]]]),  # noqa: E501
    st.sampled_from([{}, {"a": 1}, {"head_x": 1e6}, {"kind": "move", "by": "live"}, [{"x": 1}]]),
)  # fmt: skip


def places(tree: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found: list[tuple[str | int, ...]] = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


PLACES = places(TREE)


def changed(tree: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    out: Any = dict(tree) if isinstance(tree, dict) else list(tree)
    try:
        out[path[0]] = changed(out[path[0]], path[1:], value)
    except (KeyError, IndexError, TypeError):
        return out
    return out


def text_of(tree: dict[str, Any]) -> str:
    return "\n".join(f"{value_text(key)} = {value_text(value)}" for key, value in tree.items())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), max_size=3))
def test_any_tree_gives_an_avatar_or_sentences(
    changes: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    tree = TREE
    for path, value in changes:
        tree = changed(tree, path, value)
    with tempfile.TemporaryDirectory() as folder:
        place = write_avatar(Path(folder), text_of(tree), picture=True)
        try:
            rig = load_rig(place)
        except ConfigError as fault:
            for line in fault.what.splitlines():
                assert re.match(r".*(avatar\.toml|drawing\.svg|picture\.png)(:\d+)?: |… and", line)
            return
    motion = Motion(rig.avatar)
    painter = Painter(rig, motion.names, 64, 48)
    for params in (motion.neutral, motion.lo, motion.hi):
        assert np.isfinite(params).all()
        assert np.isfinite(painter.puppet.pose(params).points).all()
        painter.paint(params)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("canvas = [200, 200]", "canvas = [200, 200]\nframe = [0, 0, 0, 9]", "frame 3"),
        ('art = ["mouth", "mouth.open"]', 'art = [["mouth"], ["mouth.open"]]', "one list"),
        ('drawing = "drawing.svg"', 'drawing = "x.**"', "no file x.**"),
        ('name = "Small"', "name = 1979-05-27", "a date means nothing"),
        ("deg = 1.0", "deg = 1e300", "too large"),
        ("[[part]]", "[springs.x]\nto = { head_x = 1 }\nhz = 1\ndamping = 1\nneutral = 2\n[[part]]",
         "springs, x: neutral must lie within clamp"),
        ("[[part]]", "[feelings.neutral]\nadd = { ear_l = 1 }\n[[part]]", "avatar at rest"),
        ("[[part]]", "[params.mine]\nneutral = 2\n[[part]]", "the neutral of mine, 2, must lie"),
    ],
)  # fmt: skip
def test_what_used_to_break_is_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigError) as fault:
        load_rig(write_avatar(tmp_path, TABLES.replace(old, new, 1)))
    assert words in str(fault.value)
    assert fault.value.what.count("avatar.toml:") == 1, "and nothing that only follows from it"
