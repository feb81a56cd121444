"""The figures of `vtdrive eval emotion` as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from vtdrive.eval.emotion_faces import LEFT_OUT
from vtdrive.eval.emotion_scores import RARE
from vtdrive.eval.emotion_slices import SLICES

__all__ = ["tables"]

_RARE_KEY: Final = "rare_recall_argmax_all"
_HEADLINE: Final = {
    "accuracy": "accuracy, majority rule",
    "accuracy_argmax_all": "accuracy, all faces by most votes",
    "accuracy_strict_majority": "accuracy, over half of all votes",
    "macro_f1": "macro-F1, majority rule",
    "ece": "calibration error (ECE)",
    _RARE_KEY: "mean recall of contempt, disgust, fear, all faces",
}


def tables(result: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What to print, one after the other, of `emotion.evaluate`'s result; fits 80 columns."""
    yield Text(_counts(result))
    yield _headline(result)
    yield _classes(result)
    yield _confusion(result)
    yield _slices(result)


def _counts(result: Mapping[str, Any]) -> str:
    n = result["n"]
    left = [f"{n[key]:,} {why}" for key, why in LEFT_OUT.items() if n[key]]
    left += [f"{n['unreadable']:,} unreadable"] * bool(n["unreadable"])
    return (
        f"{n['faces']:,} faces of {result['data']['name']} by {result['model']['name']} in"
        f" {result['seconds']:.0f} s: {n['mesh']:,} through the face mesh, {n['whole']:,} whole"
        " (no mesh found)" + (f"; left out: {', '.join(left)}" if left else "")
    )


def _headline(result: Mapping[str, Any]) -> Table:
    table, fused, n = Table(box=None), result.get("fused"), result["n"]
    table.add_column("")
    table.add_column("picture", justify="right")
    if fused is not None:
        table.add_column("fused", justify="right")
    table.add_column("n", justify="right", style="dim")
    rare = sum(result["per_class"][name]["n_argmax_all"] for name in RARE)
    of = {"accuracy_argmax_all": "faces", "accuracy_strict_majority": "strict_majority"}
    for key, title in _HEADLINE.items():
        row = [title, _number(result[key])]
        if fused is not None:
            row.append(_number(fused[key]))
        table.add_row(*row, f"{rare if key == _RARE_KEY else n[of.get(key, 'majority')]:,}")
    return table


def _classes(result: Mapping[str, Any]) -> Table:
    table = Table(title="By emotion: majority rule, then recall over all faces", box=None)
    table.add_column("", no_wrap=True)
    for title in ("recall", "95 %", "prec.", "F1", "n", "recall", "95 %", "n"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, row in result["per_class"].items():
        table.add_row(
            name,
            _number(row["recall"], 2),
            _interval(row["recall_interval"]),
            _number(row["precision"], 2),
            _number(row["f1"], 2),
            f"{row['n']:,}",
            _number(row["recall_argmax_all"], 2),
            _interval(row["recall_argmax_all_interval"]),
            f"{row['n_argmax_all']:,}",
        )
    return table


def _confusion(result: Mapping[str, Any]) -> Table:
    labels = result["labels"]
    table = Table(title="What people saw (rows) and what was read (columns)", box=None)
    table.add_column("")
    for name in labels:
        table.add_column(name[:5], justify="right")
    for i, (name, row) in enumerate(zip(labels, result["confusion"], strict=True)):
        cells = [
            Text(str(count), "bold" if i == j else "" if count else "dim")
            for j, count in enumerate(row)
        ]
        table.add_row(name, *cells)
    return table


def _slices(result: Mapping[str, Any]) -> Table:
    table = Table(title="Accuracy by what the picture is like, majority rule", box=None)
    table.add_column("")
    table.add_column("accuracy", justify="right")
    table.add_column("n", justify="right")
    for each in SLICES:
        table.add_row(Text(f"{each.name.replace('_', ' ')}: {each.what}", "dim"))
        for name, row in result["slices"][each.name].items():
            if row["n"]:
                table.add_row(f"  {name}", _number(row["accuracy"]), f"{row['n']:,}")
    return table


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _interval(ends: list[float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.2f}–{ends[1]:.2f}"
