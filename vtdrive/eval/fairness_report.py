"""The figures of `vtdrive eval fairness` as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["tables", "times", "verdict"]


def tables(result: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What to print, one after the other, of `fairness.evaluate`'s result; fits 80 columns."""
    yield Text(_counts(result["n"]))
    scaling = result["model"]["scaling"]
    how = "each crop by its own greys" if scaling == "face" else "one mean and spread for all"
    yield _table(result["shipped"], f"{result['model']['name']}: {how}", result["mesh_found"])
    yield Text(verdict(result["shipped"]))
    without = result["without_normalisation"]
    if without is not None:
        yield _table(without, "the same network, one mean and spread for all faces", None)
        yield Text(verdict(without))


def _counts(n: Mapping[str, int]) -> str:
    left = {
        "without_mesh": "without a mesh",
        "unreachable": "that no light brings into every bin",
        "unreadable": "that cannot be read",
    }
    some = "".join(f"; {n[key]:,} {why}" for key, why in left.items() if n[key])
    return (
        f"{n['measured']:,} faces of {n['majority']:,} by the majority rule,"
        f" {n['not_anger']:,} of them not anger{some}"
    )


def _table(found: Mapping[str, Any], title: str, mesh: Mapping[str, Any] | None) -> Table:
    table = Table(title=title, title_justify="left")
    for head in ("skin", "flips", "accuracy", "false anger", "anger found", "mesh found"):
        if head != "mesh found" or mesh is not None:
            table.add_column(head, justify="right")
    shares = [None] * len(found["bins"]) if mesh is None else mesh["bins"]
    rows = [(found["unaltered"], None if mesh is None else mesh["unaltered"])]
    rows += list(zip(found["bins"], shares, strict=True))
    for row, share in rows:
        cells = [
            f"{row['skin']:.0f}" if "skin" in row else "as it is",
            _percent(row.get("flips")),
            _percent(row["accuracy"]),
            _percent(row["false_anger"]),
            _percent(row["anger_recall"]),
        ]
        table.add_row(*cells, *([] if mesh is None else [_percent(share)]))
    return table


def verdict(found: Mapping[str, Any]) -> str:
    """One sentence for each of the targets."""
    lo, hi = found["false_anger_interval95"]
    met = found["met"]
    return (
        f"false anger, worst bin ({found['worst_bin']:.0f}) over best ({found['best_bin']:.0f}):"
        f" {times(found['false_anger_ratio'])} ({_yes(met['ratio'])}),"
        f" 95 % interval {times(lo)} to {times(hi)} ({_yes(met['interval'])});"
        f" accuracy, best bin less worst: {100 * found['accuracy_spread']:.1f} points"
        f" ({_yes(met['accuracy_spread'])})"
    )


def times(value: float | None) -> str:
    """A ratio in words of the page; None is a division by 0."""
    return "no end" if value is None else f"{value:.2f}"


def _yes(met: bool | None) -> str:
    return "too few to tell" if met is None else "met" if met else "missed"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
