"""The figures of docs/reference/emotion-fusion.md, from the head's card. `fuse` writes them.

python -m training.emotion.fusion_page        # anew from the card, nothing measured
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["CARD", "PAGE", "rewritten"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "emotion-fusion.md"
CARD = ROOT / "models" / "emotion-shapes.toml"
SHIPPED = "emotion-resnet50-int8"

_START = "<!-- figures: python -m training.emotion.fusion_page -->"
_END = "<!-- end of figures -->"
_ROWS = {
    "accuracy": "accuracy, majority rule",
    "accuracy_argmax_all": "accuracy, all faces",
    "macro_f1": "macro-F1",
    "rare_recall_argmax_all": "mean recall of contempt, disgust and fear, all faces",
    "ece": "calibration error (15 equal bins)",
}


def rewritten(page: str, card: Mapping[str, Any]) -> str:
    """The page with the figures of the shipped pair between its markers; ValueError without."""
    before, found, rest = page.partition(_START)
    _, closed, after = rest.partition(_END)
    if not found or not closed:
        raise ValueError(f"{PAGE.name} needs the lines '{_START}' and '{_END}'")
    return "\n".join([before + _START, *_lines(card), _END]) + after


def _lines(card: Mapping[str, Any]) -> list[str]:
    table = card["fusion"][SHIPPED]
    ways = ("picture", "shapes", "fused")
    scores = {way: table[f"scores_{way}"] for way in ways}
    ms = table["cpu_ms"]
    return [
        "| | picture | shapes | both |",
        "|---|---|---|---|",
        *(
            f"| {told} | " + " | ".join(f"{scores[way][key]:.3f}" for way in ways) + " |"
            for key, told in _ROWS.items()
        ),
        f"| CPU ms for one face, cropping included | {ms['picture']:.1f} | {ms['shapes']:.2f} |"
        f" {ms['fused']:.1f} |",
        "",
        f"Weights: {table['picture']:.3f} for the picture's logits, {table['shapes']:.3f} for the"
        f" shapes'. Fitted on: {table['fitted_on']}.",
    ]


def main() -> None:
    """The command line."""
    card = tomllib.loads(CARD.read_text(encoding="utf-8"))
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), card), encoding="utf-8")


if __name__ == "__main__":
    main()
