"""From trained weights to the INT8 file that ships, its card, and the figures of both.

    python -m training.emotion.quantize --weights RUN/weights.pt --data FERPLUS \\
        --squares SQUARES.npz --out models/

Every way of `ranges.WAYS` to bound the activations is tried on the same calibration faces, those
of the training split that trained nothing; the one whose top labels agree best with the fp32
network on these faces is kept. Without `--squares` pictures are read as they are stored.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.emotion import card
from training.emotion.data import CROP_PX, Split, deal, held_out, load
from training.emotion.head import Head, read_head, with_head
from training.emotion.network import Network, Preparation, interleaved_ms
from training.emotion.prior import chosen_shift, dealt_prior, shift
from training.emotion.ranges import WAYS, Histogram, collect
from training.emotion.scores import (
    accuracy,
    calibration_error,
    fit_temperature,
    halves,
    macro_f1,
    softmax,
)
from vtdrive.eval.emotion_scores import per_class, rare_recall
from vtdrive.types import F32, U8

__all__ = ["calibrated", "compare", "export", "quantize"]

NAME = "emotion-resnet50-int8.onnx"

_BATCH = 16
_MOST_LOST, _LEAST_AGREEMENT = 0.005, 0.98
"""Of accuracy, and of top labels: INT8 that does worse is not fit to ship."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Labelled faces as run time would cut them."""

    split: Split
    crops: U8


def export(weights: Path, path: Path, *, input_px: int) -> None:
    """Writes the fp32 network with batch norms folded in, ready to be quantized."""
    import torch  # type: ignore[import-not-found, unused-ignore]

    from training.emotion.model import ResNet50, load_weights

    model = ResNet50()
    load_weights(model, weights)
    raw = path.with_suffix(".raw.onnx")
    torch.onnx.export(
        model.eval(),
        (torch.zeros(2, 1, input_px, input_px),),
        raw,
        input_names=["image"],
        output_names=["logits", "embedding"],
        dynamic_axes={name: {0: "N"} for name in ("image", "logits", "embedding")},
        opset_version=17,
        dynamo=False,
    )
    quant_pre_process(raw, path, skip_symbolic_shape=True)
    raw.unlink()


def quantize(fp32: Path, path: Path, seen: Mapping[str, Histogram], *, how: str) -> None:
    """Static QDQ INT8: weights per channel, activations in the ranges that `how` reads of `seen`.

    Weights keep to 7 bits. On processors without VNNI the 8-bit products are added in pairs into
    16 bits, which full 8-bit weights overflow silently; 7-bit ones cannot.
    """
    bounds = {name: WAYS[how](histogram) for name, histogram in seen.items()}
    ranges = {
        name: TensorData(lowest=np.array(lo, np.float32), highest=np.array(hi, np.float32))
        for name, (lo, hi) in bounds.items()
    }
    quantizer = QDQQuantizer(
        onnx.load(fp32),
        per_channel=True,
        reduce_range=True,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, ranges),
        nodes_to_quantize=[],
        nodes_to_exclude=[],
        # The last layer is 16 thousand weights of 23 million: no time to win there, and as it is
        # anybody can adapt it to their own faces (training.emotion.finetune).
        op_types_to_quantize=["Conv", "Add", "MaxPool", "GlobalAveragePool"],
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.save_model_to_file(str(path), False)


def compare(int8: F32, fp32: F32, faces: Split) -> dict[str, float]:
    """How well both read the same faces, and how far they agree."""
    return {
        "accuracy": accuracy(int8, faces),
        "accuracy_fp32": accuracy(fp32, faces),
        "accuracy_argmax_all": accuracy(int8, faces, decided_only=False),
        "accuracy_argmax_all_fp32": accuracy(fp32, faces, decided_only=False),
        "same_top_label": float((int8.argmax(1) == fp32.argmax(1)).mean()),
        "macro_f1": macro_f1(int8, faces),
        "macro_f1_fp32": macro_f1(fp32, faces),
        "rare_recall_argmax_all": rare_recall(int8, faces),
        "rare_recall_argmax_all_fp32": rare_recall(fp32, faces),
    }


def calibrated(
    logits: F32, faces: Split, *, seed: int, elsewhere: tuple[F32, Split] | None
) -> dict[str, float]:
    """The temperature, and the calibration error on faces that it was not fitted on.

    Fitted on one half of the decided `faces` and judged on the other; or fitted on the decided
    ones of `elsewhere`, logits and faces, and judged on all decided `faces`.
    """
    if elsewhere is None:
        fit, judge = halves(faces, seed=seed)
        known, label = logits[fit], faces.label[fit]
    else:
        judge = np.flatnonzero(faces.decided)
        known, label = elsewhere[0][elsewhere[1].decided], elsewhere[1].label[elsewhere[1].decided]
    temperature = round(fit_temperature(known, label), 3)
    read, right = logits[judge], faces.label[judge]
    return {
        "temperature": temperature,
        "ece": calibration_error(softmax(read, temperature=temperature), right),
        "ece_uncalibrated": calibration_error(softmax(read), right),
    }


def _crops(split: Split, squares: F32 | None) -> Faces:
    if squares is None:
        return Faces(split, split.images)
    from training.emotion.train import aligned

    return Faces(split, aligned(split.images, squares))


def _read(data: Path, squares: Path | None, count: int) -> tuple[Faces, Faces, Split]:
    """Calibration faces, validation faces, and the faces that were trained on."""
    train, valid = load(data, "train"), load(data, "valid")
    where: dict[str, F32] = {}
    if squares is not None:
        with np.load(squares) as stored:
            where = {name: stored[name] for name in ("train", "valid")}
    out = held_out(train)
    used = np.setdiff1d(np.arange(len(train.images)), out)
    some = np.sort(np.random.default_rng(0).permutation(out)[:count])
    calibration = _crops(train.some(some), where["train"][some] if where else None)
    return calibration, _crops(valid, where.get("valid")), train.some(used)


def _shifted(
    path: Path, held: Faces, valid: Faces, used: Split, given: argparse.Namespace
) -> float:
    """Moves the head's bias of the fp32 network in place as asked; how far."""
    prior = dealt_prior(used.target[deal(used.label, rare=given.rare)])
    network = Network(path, given.prepare, threads=0)
    if given.prior_shift == "auto":
        read = network.logits(held.crops)
        tau, tried = chosen_shift(read, held.split, prior)
        seen = network.logits(valid.crops)
        for row in tried:
            moved = shift(seen, prior, tau=row["tau"])
            told = {"accuracy": accuracy(moved, valid.split), "f1": macro_f1(moved, valid.split)}
            print("shift", json.dumps(_short(row)), "valid", json.dumps(_short(told)), flush=True)
    else:
        tau = float(given.prior_shift)
    if tau:
        head = read_head(path.read_bytes(), name=path.name)
        bias = shift(head.bias, prior, tau=tau).astype(np.float32)
        path.write_bytes(with_head(path.read_bytes(), Head(head.weight, bias), name=path.name))
    return tau


def _short(row: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in row.items()}


def _best(
    full: Path, folder: Path, held: Faces, valid: Faces, prepare: Preparation
) -> tuple[str, Path, dict[str, Any]]:
    """The way to bound activations that agrees best, its file, and what each way gives."""
    batches = np.array_split(held.crops, max(1, len(held.crops) // _BATCH))
    seen = collect(full, (prepare(batch) for batch in batches))
    fp32 = Network(full, prepare, threads=0)
    sure, wanted = fp32.logits(held.crops), fp32.logits(valid.crops)
    print(f"fp32 {accuracy(wanted, valid.split):.4f}", flush=True)
    tried: dict[str, Any] = {}
    for how in WAYS:
        path = folder / f"{how}.onnx"
        quantize(full, path, seen, how=how)
        network = Network(path, prepare, threads=0)
        logits = network.logits(held.crops)
        tried[how] = {
            "agreement": float((logits.argmax(1) == sure.argmax(1)).mean()),
            # Of the logits, the finer measure: it decides between equals.
            "rms": float(np.sqrt(((logits - sure) ** 2).mean())),
            "valid": compare(network.logits(valid.crops), wanted, valid.split),
        }
        print(how, json.dumps({**tried[how], "valid": _short(tried[how]["valid"])}), flush=True)
    how = max(tried, key=lambda name: (tried[name]["agreement"], -tried[name]["rms"]))
    return how, folder / f"{how}.onnx", tried


def training_of(weights: Path) -> dict[str, str | int | float]:
    """What `train` noted beside the weights, for the card; empty for weights without a run."""
    state = weights.parent / "state.pt"
    if not state.exists():
        return {}
    import torch  # type: ignore[import-not-found, unused-ignore]

    stored = torch.load(state, map_location="cpu", weights_only=True, mmap=True)
    recipe = json.loads(stored["recipe"])
    plan: list[int] = recipe["plan"][: stored["done"]]
    legs = [f"{size}:{plan.count(size)}" for size in dict.fromkeys(plan)]
    note = weights.with_suffix(".json")
    return {
        "started_from": Path(recipe["start"]).stem if recipe["start"] else "random weights",
        "epochs": len(plan),
        "plan": " ".join(legs),
        **{key: recipe[key] for key in ("peak_lr", "batch", "weight_decay", "ema", "rare", "seed")},
        **(json.loads(note.read_text("utf-8")) if note.exists() else {}),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--squares", type=Path, help="from training.emotion.align")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--input-px", type=int, default=64)
    parser.add_argument("--scaling", choices=("face", "fixed"), default="face")
    parser.add_argument("--faces", type=int, default=2000, help="for calibration, at most 2000")
    parser.add_argument(
        "--temperature-from",
        choices=("valid", "held-out"),
        default="valid",
        help="held-out only for weights that never saw these faces, not even at their start",
    )
    parser.add_argument(
        "--prior-shift",
        default="0",
        help="how far rare emotions are favoured: a number, or auto to choose on held-out faces",
    )
    parser.add_argument("--rare", type=float, default=0.5, help="as in training; for the prior")
    parser.add_argument("--keep-fp32", type=Path, help="also leave the fp32 network here")
    given = parser.parse_args()
    given.prepare = Preparation(input_px=given.input_px, scaling=given.scaling)
    return given


def main() -> None:
    """The command line."""
    given = _arguments()
    prepare: Preparation = given.prepare
    logging.getLogger().setLevel(logging.ERROR)
    held, valid, used = _read(given.data, given.squares, given.faces)
    with tempfile.TemporaryDirectory() as temporary:
        full = given.keep_fp32 or Path(temporary) / "fp32.onnx"
        export(given.weights, full, input_px=prepare.input_px)
        tau = _shifted(full, held, valid, used, given)
        how, path, tried = _best(full, Path(temporary), held, valid, prepare)
        speeds = interleaved_ms(int8=path, fp32=full, prepare=prepare)
        data = path.read_bytes()
        network = Network(path, prepare, threads=0)
        logits: F32 = network.logits(valid.crops)
        elsewhere = (
            (network.logits(held.crops), held.split)
            if given.temperature_from == "held-out"
            else None
        )

    figures = tried[how]["valid"]
    fitted = calibrated(logits, valid.split, seed=0, elsewhere=elsewhere)
    temperature = fitted.pop("temperature")
    text = card.write(
        sha256=hashlib.sha256(data).hexdigest(),
        crop_px=CROP_PX,
        prepare=prepare,
        temperature=temperature,
        temperature_from=given.temperature_from,
        quantization={
            "format": "INT8 static QDQ, per-channel weights of 7 bits, u8 activations",
            "ranges": how,
            "calibration_faces": len(held.crops),
        },
        agreement={name: row["agreement"] for name, row in tried.items()},
        training=training_of(given.weights) | {"held_out": 2000, "prior_shift": tau},
        scores=figures | fitted | speeds | {"size_mb": len(data) / 1e6},
        recall=per_class(logits, valid.split),
    )
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / NAME).write_bytes(data)
    (given.out / NAME).with_suffix(".toml").write_text(text, encoding="utf-8")
    print(text)
    for fault in _faults(figures):
        print("not fit to ship:", fault)


def _faults(figures: Mapping[str, float]) -> list[str]:
    lost = figures["accuracy_fp32"] - figures["accuracy"]
    agreement = figures["same_top_label"]
    return [
        *([f"INT8 loses {100 * lost:.2f} points"] if lost > _MOST_LOST else []),
        *([f"only {agreement:.1%} same top label"] if agreement < _LEAST_AGREEMENT else []),
    ]


if __name__ == "__main__":
    main()
