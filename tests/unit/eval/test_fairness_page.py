"""The page about fairness: its figures and chart are made of what was measured."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from benchmarks.fairness_chart import chart
from benchmarks.fairness_page import CHART, END, EVAL, PAGE, START, rewritten
from vtdrive.eval.fairness import TARGETS, figures
from vtdrive.eval.fairness_look import LIGHTS
from vtdrive.vocab import EMOTION_INDEX

ANGER = EMOTION_INDEX["anger"]


def measured(*, without: bool = True) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 8, 400)
    read = np.repeat(label[:, None], LIGHTS, 1)
    wrong = rng.random(read.shape) < np.linspace(0.3, 0.1, LIGHTS)
    read[wrong] = ANGER
    shipped = figures(read, label)
    return {
        "shipped": shipped,
        "without_normalisation": figures(np.sort(read, 1), label) if without else None,
        "targets": TARGETS,
        "mesh_found": {"faces": 3, "unaltered": 1.0, "bins": [0.5] + [1.0] * (LIGHTS - 2)},
        "n": {
            "measured": 400, "not_anger": 345, "without_mesh": 7, "unreachable": 1, "unreadable": 0,
        },
        "model": {"name": "some.onnx", "scaling": "face" if without else "fixed"},
        "data": {"name": "valid.npz", "kind": "npz"},
    }  # fmt: skip


@pytest.mark.parametrize("without", [True, False])
def test_figures_stand_between_the_markers(without: bool) -> None:
    found = measured(without=without)
    page = rewritten(f"before\n{START}\nold\n{END}\nafter\n", found)
    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")
    assert "old" not in page
    for row in found["shipped"]["bins"]:
        assert f"| {row['skin']:.0f} | {row['flips']:.3f} | {row['accuracy']:.3f} |" in page
    assert "400 faces of `valid.npz`" in page
    assert "8 left out" in page
    assert ("For comparison" in page) == without
    assert page.count("| target |") == 1 + without
    missed = False in found["shipped"]["met"].values()
    assert ("**missed**" in page.split("For comparison")[0]) == missed
    assert rewritten(page, found) == page


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        rewritten("no markers", measured())


@pytest.mark.parametrize("without", [True, False])
def test_the_chart_is_a_picture_of_the_figures(without: bool) -> None:
    found = measured(without=without)
    picture = ET.fromstring(chart(found))
    space = "{http://www.w3.org/2000/svg}"
    dots = picture.findall(f"{space}circle")
    assert len(dots) == 2 * (LIGHTS - 1) * (1 + without)
    # The first panel's dots lie the higher, the more false anger there is.
    heights = [float(dot.attrib["cy"]) for dot in dots[: LIGHTS - 1]]
    rates = [row["false_anger"] for row in found["shipped"]["bins"]]
    np.testing.assert_array_equal(np.argsort(heights), np.argsort(rates)[::-1])
    width, height = (float(picture.attrib[key]) for key in ("width", "height"))
    for dot in dots:
        assert 0 < float(dot.attrib["cx"]) < width
        assert 0 < float(dot.attrib["cy"]) < height


def test_the_page_is_the_newest_measurement() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert START in page
    if not EVAL.exists():
        assert f"{START}\n{END}" in page
        pytest.skip("fairness has not been measured for the shipped model yet")
    found = json.loads(EVAL.read_text(encoding="utf-8"))
    assert rewritten(page, found) == page
    assert CHART.read_text(encoding="utf-8") == chart(found)
