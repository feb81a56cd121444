"""What the pages about configs say is so: their examples load, their keys exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vtdrive.config.load import load_config
from vtdrive.config.shape import ANY, all_keys
from vtdrive.core.driver import Driver
from vtdrive.core.signals import SIGNALS

DOCS = Path(__file__).parents[3] / "docs"
PAGES = [DOCS / "how-to" / "tune.md", DOCS / "explanation" / "mapping.md"]
EXAMPLES = [
    (page.name, block)
    for page in PAGES
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]
KNOWN = {(".".join(path[:-1]), path[-1]) for path, _ in all_keys()}


def test_there_are_examples() -> None:
    assert {name for name, _ in EXAMPLES} == {page.name for page in PAGES}


@pytest.mark.parametrize(("page", "block"), EXAMPLES)
def test_an_example_loads_and_drives(tmp_path: Path, page: str, block: str) -> None:
    path = tmp_path / page
    path.write_text(block, encoding="utf-8")
    Driver(load_config([path], known_signals=SIGNALS))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_key_named_exists(page: Path) -> None:
    named = re.findall(r"`\[([\w.]+)\] (\w+)`", page.read_text(encoding="utf-8"))
    for table, key in named:
        general = re.sub(r"^(shapes|outputs|emotion\.timing)\.\w+", rf"\1.{ANY}", table)
        assert (general, key) in KNOWN, (table, key)


def test_the_starting_values_in_the_tuning_table_are_the_defaults() -> None:
    page = PAGES[0].read_text(encoding="utf-8")
    config = load_config([])
    told = {
        "1.0 → 0.6": config.filters.head.min_cutoff_hz,
        "3 → 6": config.filters.head.beta,
        "0.55 → 0.45": config.lids.shut_at,
        "0.25 → 0.32": config.lids.open_at,
        "0.4 → 0.3": config.lids.wink_difference,
        "1 → 2": config.filters.gaze_deadzone_deg,
    }
    for change, default in told.items():
        assert change in page
        assert float(change.split()[0]) == default, change
    jaw = config.shapes["jawOpen"].range
    assert jaw is not None
    assert f"{jaw[0]:.2f} → 0.10" in page
    assert f"{jaw[1]:.2f} → 0.40" in page
