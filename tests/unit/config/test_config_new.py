"""Written configs load back to what they were written from, and say what each key means."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from annotated_types import Lt, MinLen
from hypothesis import given, settings
from hypothesis import strategies as st

from vtdrive.assets import data_dir
from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.documents import leaves
from vtdrive.config.export import effective_toml, json_schema
from vtdrive.config.load import load_config, load_with_origins
from vtdrive.config.new import apps, new_config_text, write_new_config
from vtdrive.config.positions import scan
from vtdrive.config.reference import markdown
from vtdrive.config.schema import Config
from vtdrive.config.shape import Slot, all_keys, slot_at, unit_of
from vtdrive.config.toml_text import key_text, table_lines, value_text
from vtdrive.core.signals import SIGNALS
from vtdrive.errors import UsageError

DOCS = Path(__file__).parents[3] / "docs" / "reference"


def test_a_new_config_loads_back_to_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    write_new_config(path)
    assert load_config([path], known_signals=SIGNALS) == load_config([])


def test_a_new_config_writes_every_default_itself() -> None:
    written = scan(new_config_text())
    layers = load_with_origins([]).layers
    missing = [
        p for p, _ in leaves(layers.tree) if written.line(p) is None and p[0] not in TABLE_LISTS
    ]
    assert missing == []


def test_a_new_config_explains_every_key_with_unit_and_range() -> None:
    text = " ".join(re.sub(r"\n# ", " ", new_config_text()).split())
    for path, slot in all_keys():
        # The mapping's language is explained where it is used, a sink's keys in its preset.
        if path[0] in ("shapes", "outputs", "overlay", *TABLE_LISTS) or not slot.field:
            continue
        said = " ".join((slot.field.description or "").split())
        assert said in text, path
        assert slot.bounds in text, path
    assert "It must last this long before it shows. Flickers: raise it. (number, ms, 0 to" in text


def test_each_comment_stands_over_its_key() -> None:
    lines = new_config_text().split("\n")
    beta = lines.index("beta = 3.0")
    assert any("Drags behind fast motion" in line for line in lines[beta - 3 : beta])


@pytest.mark.parametrize("targets", [["vseeface"], ["vseeface", "vnyan"], ["snekstudio", "vnyan"]])
def test_a_new_config_for_apps_has_their_sinks(tmp_path: Path, targets: list[str]) -> None:
    path = tmp_path / "new.toml"
    write_new_config(path, targets=targets)
    config = load_config([path])
    alone = [load_config([data_dir("configs") / f"{name}.toml"]).sinks[0] for name in targets]
    assert config.sinks == alone
    assert "Use: vtdrive run" not in path.read_text(encoding="utf-8")
    assert config.model_copy(update={"sinks": []}) == load_config([])


def test_all_apps_at_once_share_no_port(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    write_new_config(path, targets=apps())
    sinks = load_config([path]).sinks
    ports = [port for sink in sinks if (port := getattr(sink, "port", 0))]
    assert len(set(ports)) == len(ports) >= len(apps())
    moved = r"# evmc4u has port 39539 here: set 395\d\d in warudo too\."
    assert re.search(moved, path.read_text(encoding="utf-8"))


def test_a_new_config_replaces_nothing_unasked(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("precious = 1")
    with pytest.raises(UsageError, match="exists already"):
        write_new_config(path)
    assert path.read_text() == "precious = 1"
    write_new_config(path, force=True)
    assert load_config([path]) == load_config([])


def test_a_new_config_cannot_be_written_nowhere(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_new_config(tmp_path / "no" / "folder.toml")


def test_an_unknown_app_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'vseeface'") as caught:
        new_config_text(["vsefface"])
    assert caught.value.remedy == f"choose from {', '.join(apps())}"


def test_presets_are_there_and_short() -> None:
    known = {"vseeface", "vnyan", "warudo", "vmagicmirror", "snekstudio", "evmc4u"}
    known |= {"virtualmotioncapture", "vtubestudio", "vrchat", "obs", "unreal", "opentrack"}
    assert known < set(apps())


@pytest.mark.parametrize("name", apps())
def test_a_preset_is_one_sink_with_advice(name: str) -> None:
    path = data_dir("configs") / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    (sink,) = load_config([path], known_signals=SIGNALS).sinks
    assert tomllib.loads(text).keys() == {"sinks"}
    port = getattr(sink, "port", 0)
    assert text.count(f"\nport = {port}\n") == 1  # `config new` moves it on where taken
    assert re.search(rf"vtdrive run --config (vseeface.toml --config )?{name}.toml", text)
    assert text.startswith("# ")


def test_what_is_shown_loads_back(tmp_path: Path) -> None:
    files = [data_dir("configs") / "vseeface.toml", tmp_path / "mine.toml"]
    files[1].write_text("[filters.head]\nbeta = 2\n[[sinks]]\nkind = 'mcap'\npath = 'a\\b.mcap'\n")
    loaded = load_with_origins(files, overrides={"source": {"uri": "x"}})
    shown = tmp_path / "shown.toml"
    for origins in (False, True):
        shown.write_text(effective_toml(loaded, origins=origins), encoding="utf-8")
        assert load_config([shown]) == loaded.config


def test_origins_stand_at_the_end_of_each_line(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("[filters.head]\nbeta = 2\n[[sinks]]\nkind = 'vmc'\nport = 1\n")
    loaded = load_with_origins([mine], overrides={"source": {"uri": "x"}})
    lines = effective_toml(loaded, origins=True).split("\n")
    assert f"beta = 2  # {mine}:2" in lines
    assert f"port = 1  # {mine}:5" in lines
    assert 'names = "vrm0"  # default' in lines
    assert 'uri = "x"  # command line' in lines
    assert "width = 640  # default" in lines


def test_schema_and_reference_on_disk_are_those_of_the_code() -> None:
    how = "run: vtdrive config schema [--format markdown] > docs/reference/..."
    assert (DOCS / "config.schema.json").read_text(encoding="utf-8") == json_schema(), how
    assert (DOCS / "config.md").read_text(encoding="utf-8") == markdown(), how


def test_the_json_schema_describes_and_bounds() -> None:
    schema: dict[str, Any] = json.loads(json_schema())
    rate = schema["$defs"]["EmotionConfig"]["properties"]["rate_hz"]
    assert (rate["minimum"], rate["maximum"], rate["default"]) == (0.5, 60, 10.0)
    assert "slow down when the CPU is short" in rate["description"]
    assert schema["additionalProperties"] is False
    assert "title" not in rate


def test_the_reference_has_every_key_with_its_own_default() -> None:
    page = markdown()
    for path, slot in all_keys():
        if not slot.model and not (
            len(path) == 1 and path[0] in ("shapes", "outputs", "overlay", *TABLE_LISTS)
        ):
            assert f"| `{path[-1]}` |" in page, path
    head = page[page.index("## `[filters.head]`") :]
    assert "| `beta` | `3.0` |" in head[: head.index("## `[filters.root]`")]
    assert "| `path` | required | text |" in page
    assert "| `margin` | `0.1`; sadness, anger `0.05` | number, 0 to 1 |" in page


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("hold_ms", "ms"),
        ("stall_s", "s"),
        ("width", "px"),
        ("beta", ""),
        ("s", ""),
        ("breath_m", "m"),
    ],
)
def test_units_come_from_names(key: str, unit: str) -> None:
    assert unit_of(key) == unit


def test_the_schema_has_nothing_at_odd_paths() -> None:
    tree = {"sinks": [{"kind": "vmc"}, {"kind": "odd"}], "idle": {"blink_every_s": [1, 2]}}
    assert slot_at(("sinks", 0, "port"), tree) is not None
    assert slot_at(("sinks", 1, "port"), tree) is None
    assert slot_at(("idle", "blink_every_s", 2), tree) is None
    assert slot_at(("version", "x", "y"), tree) is None
    assert slot_at((), tree) is not None


def test_bounds_leave_other_rules_alone() -> None:
    assert Slot(str, (MinLen(1), Lt(2))).bounds == "below 2"


SCALARS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_a_written_value_reads_back(value: Any) -> None:
    assert tomllib.loads(f"x = {value_text(value)}")["x"] == value


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.text(), VALUES, max_size=4),
    st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=3),
)
def test_a_written_tree_reads_back(tree: dict[str, Any], sinks: list[dict[str, Any]]) -> None:
    tree = {**tree, "sinks": sinks}
    assert tomllib.loads("\n".join(table_lines(tree, note=lambda path: "x"))) == tree


def test_keys_are_quoted_where_needed() -> None:
    assert [key_text(k) for k in ("a-1", "out.x", "")] == ["a-1", '"out.x"', '""']


def test_the_defaults_round_trip_through_their_own_types() -> None:
    config = load_config([])
    assert Config.model_validate(config.model_dump()) == config
