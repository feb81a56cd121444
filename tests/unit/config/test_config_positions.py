"""Every key that tomllib reads is found on the line where it stands."""

from __future__ import annotations

import json
import random
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.config.documents import leaves, parse
from vtdrive.config.positions import Path, scan

SCALARS = [
    "1_000",
    "-0.5e3",
    "0xf",
    "inf",
    "true",
    "1979-05-27 07:32:00Z",
    "07:32:00",
    '"plain"',
    "'C:\\temp # no comment'",
    r'"a \" quote, \\ and = [x] # \u00e9"',
    '"""one line"""',
    '"""\nfake = 1\n[fake.table]\n# nor a comment\n"""',
    '"""ends in two quotes"""""',
    '"""\\\n   folded \\"""  \\\n"""',
    "'''\nfake = '1'\n[[fake]]\n'''",
    "'''it''s'''''",
    "''",
    '""',
]
KEYS = st.one_of(
    st.sampled_from(["a", "b-1", "3", "true", "sinks", "sum"]),
    st.sampled_from(["", "a.b", "a = 1", "# no", "[x]", 'say "x"', "it's", "ü", "new\nline"]),
    st.text(max_size=4),
)


class Raw(str):
    """A scalar in TOML's own spelling."""


RAW = st.sampled_from(SCALARS).map(Raw)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        RAW,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(KEYS, inner, max_size=3),
            st.lists(st.dictionaries(KEYS, inner, max_size=3), min_size=1, max_size=3),
        ),
        max_leaves=12,
    ),
    max_size=5,
)


class Writer:
    """Writes a tree in any of TOML's styles, and notes the line of every leaf."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.text = ""
        self.lines: dict[Path, int] = {}

    def document(self, tree: dict[str, Any]) -> None:
        self.body(tree, (), ())

    def body(self, tree: dict[str, Any], path: Path, header: tuple[str, ...]) -> None:
        later = []
        for key, value in tree.items():
            here = (*path, key)
            if self.as_headers(value):
                later.append((key, value))
            elif isinstance(value, dict) and value and self.rng.random() < 0.4:
                self.dotted(value, here, (key,))
            else:
                self.pair((key,), value, here)
        for key, value in later:
            self.sub_tables((*path, key), (*header, key), value)

    def sub_tables(self, path: Path, header: tuple[str, ...], value: Any) -> None:
        name = self.key(header)
        if isinstance(value, list):
            for i, item in enumerate(value):
                self.noise()
                self.mark((*path, i))
                self.put(f"[[ {name} ]]" if self.rng.random() < 0.3 else f"[[{name}]]")
                self.end()
                self.body(item, (*path, i), header)
            return
        self.noise()
        self.mark(path)
        self.put(f"[{name}]")
        self.end()
        self.body(value, path, header)

    def as_headers(self, value: Any) -> bool:
        if isinstance(value, dict):
            return self.rng.random() < 0.5
        tables = isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
        return bool(tables) and self.rng.random() < 0.6

    def dotted(self, tree: dict[str, Any], path: Path, names: tuple[str, ...]) -> None:
        for key, value in tree.items():
            if isinstance(value, dict) and value and self.rng.random() < 0.5:
                self.dotted(value, (*path, key), (*names, key))
            else:
                self.pair((*names, key), value, (*path, key))

    def pair(self, names: tuple[str, ...], value: Any, path: Path) -> None:
        self.noise()
        self.put(" " * self.rng.randrange(3))
        self.mark(path)
        self.put(self.key(names) + self.rng.choice(["=", " = ", "\t="]))
        self.value(value, path)
        self.end()

    def value(self, value: Any, path: Path) -> None:
        if isinstance(value, dict):
            self.put("{")
            for i, (key, child) in enumerate(value.items()):
                self.put(", " if i else " ")
                self.mark((*path, key))
                self.put(f"{self.key((key,))} = ")
                self.value(child, (*path, key))
            self.put(" }")
        elif isinstance(value, list):
            self.put("[")
            for i, child in enumerate(value):
                self.gap()
                self.mark((*path, i))
                self.value(child, (*path, i))
                self.gap()
                if i < len(value) - 1 or self.rng.random() < 0.5:
                    self.put(",")
            self.gap()
            self.put("]")
        else:
            self.put(str(value))

    def key(self, names: tuple[str, ...]) -> str:
        return self.rng.choice([".", " . "]).join(self.one_key(name) for name in names)

    def one_key(self, name: str) -> str:
        if name and all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
            return self.rng.choice([name, f'"{name}"', f"'{name}'"])
        if name and all(c.isprintable() and c != "'" for c in name) and self.rng.random() < 0.5:
            return f"'{name}'"
        return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")

    def gap(self) -> None:
        self.put(self.rng.choice(["", " ", "\n", " # fake = [\n", "\n\n  "]))

    def noise(self) -> None:
        self.put(self.rng.choice(["", "", "\n", "# fake = 1\n", "  # [fake] ''' \"\"\"\n"]))

    def end(self) -> None:
        self.put(self.rng.choice(["\n", " # fake = 2\n", "\t\n"]))

    def mark(self, path: Path) -> None:
        self.lines[path] = self.text.count("\n") + 1

    def put(self, text: str) -> None:
        self.text += text


@settings(max_examples=400, deadline=None)
@given(tree=TREES, seed=st.integers(0, 2**32), crlf=st.booleans())
def test_every_leaf_is_found_on_its_line(tree: dict[str, Any], seed: int, crlf: bool) -> None:
    writer = Writer(random.Random(seed))
    writer.document(tree)
    text = writer.text.replace("\n", "\r\n") if crlf else writer.text
    read = tomllib.loads(text)
    positions = scan(text.replace("\r\n", "\n"))
    for path, _ in leaves(read):
        if path:
            assert positions.line(path) == writer.lines[path], (path, text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab.=[]{}\"'#\\\n, 1é", max_size=60))
def test_any_text_ends_the_scan(text: str) -> None:
    positions = scan(text)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert all(positions.line(path) is not None for path, _ in leaves(tree) if path)


TRICKY = '''\
# a = 1
version = 1
a.b."c.d" = 2 # e = 3
note = """
port = 1
[sinks]
"""
other = \'\'\'
port = 2\'\'\'
[ filters . "head" ] # [no]
beta = 3

[[sinks]]
kind = "vmc"
[[sinks]]
kind = "osc"
[[sinks.more]]
x = 1
[[sinks.more]]
x = 2

[outputs.A]
sum = { jawOpen = 1.0, "out.x" = 2 }
gates = [
  { sum = { a = 1 } },
  # { sum = { b = 1 } },
  { bias = 1, sum = {
    b = 2 } },
  [ 1,
    2 ],
]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 2),
        (("a", "b", "c.d"), 3),
        (("a", "b"), 3),
        (("note",), 4),
        (("other",), 8),
        (("filters", "head"), 10),
        (("filters", "head", "beta"), 11),
        (("sinks", 0), 13),
        (("sinks", 0, "kind"), 14),
        (("sinks", 1), 15),
        (("sinks", 1, "kind"), 16),
        (("sinks", 1, "more", 0, "x"), 18),
        (("sinks", 1, "more", 1), 19),
        (("sinks", 1, "more", 1, "x"), 20),
        (("outputs",), 22),
        (("outputs", "A", "sum", "jawOpen"), 23),
        (("outputs", "A", "sum", "out.x"), 23),
        (("outputs", "A", "gates", 0, "sum", "a"), 25),
        (("outputs", "A", "gates", 1, "bias"), 27),
        (("outputs", "A", "gates", 1, "sum", "b"), 28),
        (("outputs", "A", "gates", 2, 1), 30),
        (("port",), None),
        (("nowhere", "at", "all"), None),
    ],
)
def test_lines_of_tricky_text(path: Path, line: int | None) -> None:
    assert scan(TRICKY).line(path) == line


def test_an_unwritten_key_takes_the_line_of_its_table() -> None:
    positions = scan(TRICKY)
    assert positions.nearest_line(("sinks", 1, "port")) == 15
    assert positions.nearest_line(("nowhere",)) is None


def test_a_text_that_is_no_toml_keeps_what_came_before() -> None:
    positions = scan("a = 1\nb = ,\nc = 2")
    assert [positions.line((key,)) for key in "abc"] == [1, 2, None]


def test_a_table_written_late_stands_where_it_is_written() -> None:
    positions = parse("[a.b]\nx = 1\n[a]\ny = 2\n", source="f").positions
    assert positions.line(("a",)) == 3
    assert positions.line(("a", "b")) == 1
