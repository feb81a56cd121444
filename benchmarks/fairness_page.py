"""Writes the figures and the chart of docs/reference/emotion-fairness.md; no figure is typed.

vtdrive eval fairness --data FERPLUS/valid.npz --json benchmarks/results/emotion_fairness.json
python -m benchmarks.fairness_page [--eval FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.fairness_chart import chart
from vtdrive.eval.fairness_report import times

__all__ = ["CHART", "EVAL", "PAGE", "rewritten"]

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "emotion-fairness.md"
CHART = PAGE.with_suffix(".svg")
EVAL = ROOT / "benchmarks" / "results" / "emotion_fairness.json"
START, END = "<!-- figures: python -m benchmarks.fairness_page -->", "<!-- end of figures -->"

Figures = Mapping[str, Any]


def rewritten(page: str, found: Figures) -> str:
    """The page with what stands between its markers made anew; ValueError without markers."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError("the page lacks the markers of its figures")
    return before + START + "\n" + "\n".join(_lines(found)) + "\n" + END + after


def _lines(found: Figures) -> list[str]:
    shipped, without, n = found["shipped"], found["without_normalisation"], found["n"]
    left = n["without_mesh"] + n["unreachable"] + n["unreadable"]
    lines = [
        f"`{found['model']['name']}` on {n['measured']:,} faces of `{found['data']['name']}`, FER+"
        f" validation split, majority rule ({n['not_anger']:,} of them not anger; {left} left out:"
        f" no mesh, or no light brings them into every bin).",
        "",
        f"![False anger and accuracy by brightness of the skin]({CHART.name})",
        "",
    ]
    title = (
        "**As shipped: every crop is measured by its own greys**"
        if found["model"]["scaling"] == "face"
        else "**As shipped: one mean and spread for all faces**"
    )
    lines += [title, "", *_table(shipped, found["mesh_found"]), "", *_targets(found, shipped)]
    if without is not None:
        lines += [
            "",
            "**For comparison: the same network, one mean and spread for all faces**",
            "",
            *_table(without, None),
            "",
            *_targets(found, without),
        ]
    return lines


def _table(figures: Figures, mesh: Figures | None) -> list[str]:
    heads = ["mean grey of the skin", "read otherwise", "accuracy", "false anger", "anger found"]
    rows = [["as it is", "", *_shares(figures["unaltered"])]]
    rows += [
        [f"{row['skin']:.0f}", f"{row['flips']:.3f}", *_shares(row)] for row in figures["bins"]
    ]
    if mesh is not None:
        heads.append("mesh found")
        for row, share in zip(rows, [mesh["unaltered"], *mesh["bins"]], strict=True):
            row.append("" if share is None else f"{share:.3f}")
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _shares(row: Figures) -> list[str]:
    recall = row["anger_recall"]
    return [
        f"{row['accuracy']:.3f}",
        f"{row['false_anger']:.3f}",
        "" if recall is None else f"{recall:.3f}",
    ]


def _targets(found: Figures, figures: Figures) -> list[str]:
    lo, hi = figures["false_anger_interval95"]
    most, met = found["targets"], figures["met"]
    rows = [
        (
            f"false anger, worst bin ({figures['worst_bin']:.0f}) / best"
            f" ({figures['best_bin']:.0f})",
            times(figures["false_anger_ratio"]),
            f"≤ {most['ratio']}",
            met["ratio"],
        ),
        (
            "its 95 % interval (paired bootstrap)",
            f"{times(lo)} to {times(hi)}",
            f"upper end ≤ {most['interval']}",
            met["interval"],
        ),
        (
            "accuracy, best bin less worst",
            f"{100 * figures['accuracy_spread']:.1f} points",
            f"≤ {100 * most['accuracy_spread']:.0f} points",
            met["accuracy_spread"],
        ),
    ]
    return [
        "| target | measured | wanted | |",
        "|---|---|---|---|",
        *(f"| {a} | {b} | {c} | {_verdict(ok)} |" for a, b, c, ok in rows),
    ]


def _verdict(met: bool | None) -> str:
    return "too few to tell" if met is None else "met" if met else "**missed**"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--eval", type=Path, default=EVAL, help="what eval fairness wrote")
    found = json.loads(parser.parse_args().eval.read_text(encoding="utf-8"))
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    CHART.write_text(chart(found), encoding="utf-8")


if __name__ == "__main__":
    main()
