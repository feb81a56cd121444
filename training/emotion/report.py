"""Writes the figures of docs/reference/emotion-model.md; none of them is typed.

    vtdrive eval emotion --data FERPLUS/valid.npz --json benchmarks/results/emotion.json
    python -m training.emotion.report [--eval benchmarks/results/emotion.json]

Rewrites what stands between the page's markers from two sources: the model's card, and the figures
that the command above measured.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vtdrive.vocab import EMOTIONS

__all__ = ["EVAL", "PAGE", "page_of", "rewritten"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "emotion-model.md"
EVAL = ROOT / "benchmarks" / "results" / "emotion.json"
CARD = ROOT / "models" / "emotion-resnet50-int8.toml"

Figures = Mapping[str, Any]
Rows = Sequence[Sequence[str]]

_MISTAKES = 5
_RANDOM = "random weights"
_TRAINING = {
    "started_from": "started from",
    "epochs": "epochs",
    "plan": "input size in pixels: epochs",
    "peak_lr": "peak learning rate",
    "batch": "batch",
    "rare": "how much more often rare emotions were shown (exponent)",
    "held_out": "training faces held out of training",
    "prior_shift": "shift of the last layer towards rare emotions",
    "averaged": "weights averaged, by epoch",
    "temperature_from": "temperature from",
}
_READS = {"fused": "picture and blendshapes together", "shapes": "the blendshapes"}
_COMPARED = {
    "accuracy": "accuracy, majority rule",
    "accuracy_argmax_all": "accuracy, all faces",
    "macro_f1": "macro-F1",
    "rare_recall_argmax_all": "mean recall of contempt, disgust and fear, all faces",
}


def rewritten(page: str, *, card: Figures, measured: Figures) -> str:
    """The page with every part between markers made anew; ValueError for a marker that is amiss."""
    for name, part in _PARTS.items():
        start, end = (
            f"<!-- {name}: python -m training.emotion.report -->",
            f"<!-- end of {name} -->",
        )
        before, found, rest = page.partition(start)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page lacks the markers of the part '{name}'")
        page = before + start + "\n" + "\n".join(part(card, measured)) + "\n" + end + after
    return page


def page_of(path: Path = EVAL) -> str:
    """The page as the card in `models/` and the figures at `path` make it."""
    card = tomllib.loads(CARD.read_text(encoding="utf-8"))
    measured = json.loads(path.read_text(encoding="utf-8"))
    return rewritten(PAGE.read_text(encoding="utf-8"), card=card, measured=measured)


def _table(head: Sequence[str], rows: Rows) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _input(card: Figures, _: Figures) -> list[str]:
    given, crop = card["input"], card["crop"]
    if given.get("scaling", "fixed") == "face":
        values = (
            "the crop's greys less their mean over the face's oval, divided by their spread there,"
            " ended at ±3, then enlarged"
        )
    else:
        values = f"the crop enlarged, `(x / 255 - {given['mean']}) / {given['std']}`"
    side = given["size_px"]
    return [
        *_table(
            ["", ""],
            [
                ["input `image`", f"f32 (N, 1, {side}, {side}): {values}"],
                ["output `logits`", f"f32 (N, 8): {', '.join(card['labels'])}"],
                [
                    "output `embedding`",
                    "f32 (N, 2048): the pooled features that the logits are computed from",
                ],
                ["probabilities", f"softmax(logits / {card['temperature']})"],
            ],
        ),
        "",
        "The crop: a square around all face-mesh points, turned so that the eyes are level, its"
        f" side {crop['margin']} times the longer side of the points' box, its centre raised by"
        f" {crop['lift']} of that side; beyond the picture the border repeats; averaged down to"
        f" {crop['size_px']} px, then enlarged to {side}. Where no mesh is found, the whole"
        " picture.",
    ]


def _training(card: Figures, _: Figures) -> list[str]:
    told = card["training"]
    out: list[str] = []
    if "held_out" in told:
        out.append(
            f"{told['held_out']:,} of these faces, which a fixed seed chose, trained nothing: they"
            " calibrate the quantized network."
        )
    if told.get("started_from", _RANDOM) != _RANDOM:
        out.append(
            f"The run started from the weights `{told['started_from']}`, which had seen all"
            " training faces, these too."
        )
    rows = [[name, str(told[key])] for key, name in _TRAINING.items() if key in told]
    return [
        *([" ".join(out), ""] if out else []),
        *(_table(["training", ""], rows) if rows else []),
    ]


def _figures(_: Figures, measured: Figures) -> list[str]:
    n, fused = measured["n"], measured.get("fused")
    keys = (
        ("accuracy", f"accuracy, majority rule (n {n['majority']:,})"),
        ("accuracy_argmax_all", f"accuracy, all faces by most votes (n {n['faces']:,})"),
        (
            "accuracy_strict_majority",
            f"accuracy, over half of all votes agree (n {n['strict_majority']:,})",
        ),
        ("macro_f1", "macro-F1, majority rule"),
        ("rare_recall_argmax_all", "mean recall of contempt, disgust and fear, all faces"),
        ("ece", "calibration error (15 equal bins), majority rule"),
    )
    rows = [[name, _3(measured[key]), *([_3(fused[key])] if fused else [])] for key, name in keys]
    lo, hi = measured["accuracy_interval"]
    return [
        *_table(["", "INT8, as shipped", *(["with blendshapes"] if fused else [])], rows),
        "",
        f"95 % interval of the first: {lo:.3f} to {hi:.3f}. {n['mesh']:,} faces were read through"
        f" the mesh, {n['whole']} whole.",
    ]


def _classes(_: Figures, measured: Figures) -> list[str]:
    rows = []
    for name in EMOTIONS:
        of = measured["per_class"][name]
        rows.append(
            [
                name,
                _3(of["recall"]),
                _between(of["recall_interval"]),
                str(of["n"]),
                _3(of["precision"]),
                _3(of["recall_argmax_all"]),
                _between(of["recall_argmax_all_interval"]),
                str(of["n_argmax_all"]),
            ]
        )
    head = ["", "recall", "95 %", "n", "precision", "recall, all faces", "95 %", "n"]
    return _table(head, rows)


def _confusion(_: Figures, measured: Figures) -> list[str]:
    names, counts = measured["labels"], measured["confusion"]
    rows = [[name, *map(str, row)] for name, row in zip(names, counts, strict=True)]
    mistakes = sorted(
        (
            (count, sum(row), seen, read)
            for seen, row in zip(names, counts, strict=True)
            for read, count in zip(names, row, strict=True)
            if seen != read
        ),
        reverse=True,
    )
    told = [f"{seen} for {read} ({count} of {of})" for count, of, seen, read in mistakes]
    return [
        *_table(["people saw ↓, read →", *names], rows),
        "",
        f"Most often mistaken: {', '.join(told[:_MISTAKES])}.",
    ]


def _slices(_: Figures, measured: Figures) -> list[str]:
    rows = [
        [kind.replace("_", " ") if i == 0 else "", name, str(of["n"]), _3(of["accuracy"])]
        for kind, parts in measured["slices"].items()
        for i, (name, of) in enumerate((name, of) for name, of in parts.items() if of["n"])
    ]
    return _table(["faces by", "", "n", "accuracy"], rows)


def _quantization(card: Figures, _: Figures) -> list[str]:
    told, scores = card["quantization"], card["scores"]
    int8_ms, fp32_ms = scores["int8_ms"], scores["fp32_ms"]
    rows = [
        [name, _3(scores[key]), _3(scores[f"{key}_fp32"])]
        for key, name in _COMPARED.items()
        if f"{key}_fp32" in scores
    ]
    out = [
        f"{told['format']}; ranges by {told['ranges']}, on {told['calibration_faces']:,} faces."
        " Both networks on the same validation crops, as the card has it:",
        "",
        *_table(
            ["", "INT8", "fp32"],
            [
                *rows,
                ["same top label, all faces", f"{scores['same_top_label']:.1%}", ""],
                ["CPU ms per face, one thread, in turn", f"{int8_ms:.1f}", f"{fp32_ms:.1f}"],
                ["file", f"{scores['size_mb']:.1f} MB", "94 MB"],
            ],
        ),
        "",
        f"INT8 takes {fp32_ms / int8_ms:.1f} times less CPU time. On the faces that the temperature"
        f" was not fitted on INT8's calibration error is {scores['ece']:.3f}, and"
        f" {scores['ece_uncalibrated']:.3f} without temperature.",
    ]
    agreement = told.get("same_top_label", {})
    if agreement:
        rows = [
            [f"**{name}**" if name == told["ranges"] else name, f"{share:.1%}"]
            for name, share in agreement.items()
        ]
        head = ["ranges of the activations", "same top label as fp32, calibration faces"]
        out += ["", *_table(head, rows)]
    return out


def _enter(card: Figures, _: Figures) -> list[str]:
    given = card.get("enter", {})
    rows = [
        [
            name,
            f"{of['enter']:.2f}",
            of.get("basis", ""),
            _3(of.get("precision")),
            _3(of.get("recall")),
            *(str(of.get(key, "")) for key in ("predictions", "faces")),
        ]
        for name, of in given.items()
        if isinstance(of, dict)
    ]
    if not rows:
        return ["The card sets no thresholds: those of the config's defaults hold."]
    head = ["", "from", "set by one half of valid", "precision", "recall", "read as it", "faces"]
    return [
        *_table(head, rows),
        "",
        f"Read from {_READS.get(given.get('reads', ''), 'the picture')}. From precision on: on the"
        " other half, which set nothing.",
    ]


def _3(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _between(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}"


_PARTS: dict[str, Callable[[Figures, Figures], list[str]]] = {
    "in and out": _input,
    "training": _training,
    "figures": _figures,
    "classes": _classes,
    "confusion": _confusion,
    "slices": _slices,
    "quantization": _quantization,
    "thresholds": _enter,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path, default=EVAL, help="of `vtdrive eval emotion --json`")
    given = parser.parse_args()
    if given.eval.resolve() != EVAL:
        # The page must be made again from what is kept, by anybody.
        EVAL.write_bytes(given.eval.read_bytes())
    PAGE.write_text(page_of(), encoding="utf-8")


if __name__ == "__main__":
    main()
