"""The emotion model's page, its card and the figures that were measured say the same."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import Any

import pytest

from training.emotion.report import CARD, EVAL, PAGE, page_of, rewritten
from vtdrive.vocab import EMOTIONS

if not EVAL.exists():
    pytest.skip("no figures of the emotion model are kept", allow_module_level=True)

MEASURED: dict[str, Any] = json.loads(EVAL.read_text("utf-8"))
FACTS: dict[str, Any] = tomllib.loads(CARD.read_text("utf-8"))
TEXT = PAGE.read_text("utf-8")


def test_the_page_is_what_card_and_figures_make_it() -> None:
    assert page_of() == TEXT, "run: python -m training.emotion.report"


def test_the_figures_are_of_the_model_that_ships() -> None:
    assert MEASURED["model"]["name"] == CARD.with_suffix(".onnx").name
    assert MEASURED["model"]["temperature"] == FACTS["temperature"], "measure again"
    # On the same faces and cut alike, but not by the same code. A card without a preparation of
    # its own crops was measured on the stored pictures.
    if "scaling" in FACTS["input"]:
        assert MEASURED["accuracy"] == pytest.approx(FACTS["scores"]["accuracy"], abs=0.005)
        assert MEASURED["macro_f1"] == pytest.approx(FACTS["scores"]["macro_f1"], abs=0.02)


def test_counts_add_up() -> None:
    rows = MEASURED["confusion"]
    assert sum(map(sum, rows)) == MEASURED["n"]["majority"]
    assert sum(row[i] for i, row in enumerate(rows)) == round(
        MEASURED["accuracy"] * MEASURED["n"]["majority"]
    )
    for name, row in zip(EMOTIONS, rows, strict=True):
        assert MEASURED["per_class"][name]["n"] == sum(row)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("accuracy",), 0.1234, "0.123"),
        (("per_class", "fear", "recall"), 0.3217, "0.322"),
        (("confusion", 3, 7), 4321, "sadness for contempt (4321 of"),
        (("n", "whole"), 4242, "4242 whole"),
    ],
)
def test_another_figure_makes_another_page(path: tuple[Any, ...], value: Any, told: str) -> None:
    changed = copy.deepcopy(MEASURED)
    table = changed
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    page = rewritten(TEXT, card=FACTS, measured=changed)
    assert told in page
    assert told not in TEXT


def test_the_card_speaks_through_the_page() -> None:
    card = copy.deepcopy(FACTS)
    card["temperature"] = 0.4321
    card["input"] = {"size_px": 80, "scaling": "face"}
    card["training"] |= {"started_from": "elsewhere", "epochs": 17, "held_out": 2000}
    card["quantization"]["same_top_label"] = {"minmax": 0.5, "entropy": 0.9876}
    card["scores"] |= {"rare_recall_argmax_all": 0.417, "rare_recall_argmax_all_fp32": 0.4242}
    card.pop("enter", None)
    page = rewritten(TEXT, card=card, measured=MEASURED)
    for told in ("logits / 0.4321", "(N, 1, 80, 80)", "spread there", "`elsewhere`", "| 17 |",
                 "| entropy | 98.8% |", "| 0.417 | 0.424 |", "sets no thresholds"):  # fmt: skip
        assert told in page


def test_fused_figures_get_a_column() -> None:
    measured = copy.deepcopy(MEASURED)
    measured["fused"] = {**copy.deepcopy(measured), "macro_f1": 0.5432}
    assert "| 0.543 |" in rewritten(TEXT, card=FACTS, measured=measured)
    measured.pop("fused")
    assert "with blendshapes" not in rewritten(TEXT, card=FACTS, measured=measured)


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers of the part 'figures'"):
        rewritten(TEXT.replace("<!-- end of figures -->", ""), card=FACTS, measured=MEASURED)
