"""Whatever a config file holds: a config, or an error that names its lines."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vtdrive.config.documents import leaves
from vtdrive.config.load import load_config, load_with_origins
from vtdrive.config.toml_text import key_text, table_lines, value_text
from vtdrive.core.signals import SIGNALS
from vtdrive.errors import ConfigError

DEFAULTS = load_with_origins([], overrides={"sinks": [{"kind": "vmc", "port": 1, "host": "h"}]})
LEAVES = [path for path, _ in leaves(DEFAULTS.layers.tree)]
ODD = st.sampled_from(
    ["text", "", -1, 10**9, 1.5, float("inf"), True, [], [1, 2], ["x"], {}, {"x": 1}, [{"x": 1}]]
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(LEAVES), value=ODD, seed=st.integers(0, 9))
def test_a_spoilt_value_is_reported_at_its_line_or_accepted(
    tmp_path: Path, path: tuple[Any, ...], value: Any, seed: int
) -> None:
    """One value of the whole default config is replaced; no other line may be blamed."""
    tree = _copied(DEFAULTS.layers.tree)
    node = tree
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    lines = list(table_lines(tree))
    for at in random.Random(seed).sample(range(len(lines)), 5):
        lines[at] = f"\n# moved down = 1\n{lines[at]}" if not _in_list(lines, at) else lines[at]
    text = "\n".join(lines)
    file = tmp_path / "spoilt.toml"
    file.write_text(text, encoding="utf-8")
    try:
        load_config([file], known_signals=SIGNALS)
    except ConfigError as fault:
        written = text.split("\n")
        for line in fault.what.split("\n"):
            assert line.startswith(f"{file}:"), line
            number = int(line.removeprefix(f"{file}:").split(":")[0])
            blamed = written[number - 1]
            names = [str(step) for step in path if isinstance(step, str)]
            assert any(name in blamed for name in names[-3:]), (line, blamed, path)


def _in_list(lines: list[str], at: int) -> bool:
    return lines[at].startswith((" ", "]"))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(child) for key, child in value.items()}
    return [_copied(child) for child in value] if isinstance(value, list) else value


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(
            ["source", "sinks", "outputs", "emotion", "overlay", "bones", "x", "shapes"]
        ),
        st.recursive(
            st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=5)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(
                    st.sampled_from(
                        ["timing", "names", "sum", "fear", "kind", "aa", "gates", "a b"]
                    ),
                    inner,
                    max_size=3,
                ),
            ),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_any_toml_is_a_config_or_a_config_error(tmp_path: Path, tree: dict[str, Any]) -> None:
    file = tmp_path / "any.toml"
    text = "\n".join(f"{key_text(key)} = {value_text(value)}" for key, value in tree.items())
    file.write_text(text, encoding="utf-8")
    try:
        load_config([file], known_signals=SIGNALS)
    except ConfigError as fault:
        assert all(line.startswith((f"{file}:", "… and")) for line in fault.what.split("\n"))  # noqa: PT017


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_config_or_a_config_error(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "bytes.toml"
    file.write_bytes(raw)
    try:
        load_config([file])
    except ConfigError as fault:
        assert fault.what.startswith(str(file))  # noqa: PT017
