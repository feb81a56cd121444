"""From trained weights to the INT8 file that ships, its card, and the figures of both.

    python -m training.emotion.quantize --weights RUN/weights.pt --data FERPLUS --out models/

Several ways to choose the activations' ranges are tried on the same calibration faces; the one
whose top labels agree best with the fp32 network on the validation faces is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.emotion import card
from training.emotion.data import CROP_PX, INPUT_PX, MEAN, STD, Split, load
from training.emotion.evaluate import Network, interleaved_ms
from training.emotion.scores import (
    accuracy,
    calibration_error,
    fit_temperature,
    halves,
    macro_f1,
    recalls,
    softmax,
)
from vtdrive.classifiers.crop import to_input
from vtdrive.types import F32, U8

__all__ = ["CANDIDATES", "Candidate", "compare", "export", "quantize"]

NAME = "emotion-resnet50-int8.onnx"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to choose the activations' ranges."""

    name: str
    method: CalibrationMethod
    percentile: float | None = None


CANDIDATES = (
    Candidate("minmax", CalibrationMethod.MinMax),
    Candidate("percentile-99.99", CalibrationMethod.Percentile, 99.99),
    Candidate("percentile-99.999", CalibrationMethod.Percentile, 99.999),
    Candidate("entropy", CalibrationMethod.Entropy),
)


class _Faces(CalibrationDataReader):  # type: ignore[misc]
    """Feeds normalised faces to the calibrator, a few at a time."""

    def __init__(self, images: U8) -> None:
        self._batches: Iterator[U8] = iter(np.array_split(images, max(1, len(images) // 16)))

    def get_next(self) -> dict[str, F32] | None:
        batch = next(self._batches, None)
        if batch is None:
            return None
        return {"image": to_input(batch, size_px=INPUT_PX, mean=MEAN, std=STD)}


def export(weights: Path, path: Path) -> None:
    """Writes the fp32 network with batch norms folded in, ready to be quantized."""
    import torch

    from training.emotion.model import ResNet50, load_weights

    model = ResNet50()
    load_weights(model, weights)
    raw = path.with_suffix(".raw.onnx")
    torch.onnx.export(
        model.eval(),
        (torch.zeros(2, 1, INPUT_PX, INPUT_PX),),
        raw,
        input_names=["image"],
        output_names=["logits", "embedding"],
        dynamic_axes={name: {0: "N"} for name in ("image", "logits", "embedding")},
        opset_version=17,
        dynamo=False,
    )
    quant_pre_process(raw, path, skip_symbolic_shape=True)
    raw.unlink()


def quantize(fp32: Path, path: Path, faces: U8, how: Candidate) -> None:
    """Static QDQ INT8: weights per channel, activations by `how` on `faces`.

    Weights keep to 7 bits. On processors without VNNI the 8-bit products are added in pairs into
    16 bits, which full 8-bit weights overflow silently; 7-bit ones cannot.
    """
    options: dict[str, object] = {}
    if how.percentile is not None:
        options["CalibPercentile"] = how.percentile
    quantize_static(
        fp32,
        path,
        _Faces(faces),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=how.method,
        # The last layer is 16 thousand weights of 23 million: no time to win there.
        op_types_to_quantize=["Conv", "Add", "MaxPool", "GlobalAveragePool"],
        extra_options=options,
    )


def compare(int8: F32, fp32: F32, faces: Split) -> dict[str, float]:
    """How far the quantized logits are from the full ones on the same faces."""
    return {
        "accuracy": accuracy(int8, faces),
        "accuracy_fp32": accuracy(fp32, faces),
        "accuracy_all_faces": accuracy(int8, faces, decided_only=False),
        "same_top_label": float((int8.argmax(1) == fp32.argmax(1)).mean()),
        "macro_f1": macro_f1(int8, faces),
        "macro_f1_fp32": macro_f1(fp32, faces),
    }


def _calibrated(logits: F32, faces: Split, *, seed: int) -> dict[str, float]:
    """Temperature from one half of the decided faces, its calibration error from the other."""
    fit, judge = halves(faces, seed=seed)
    temperature = round(fit_temperature(logits[fit], faces.label[fit]), 3)
    held = logits[judge], faces.label[judge]
    return {
        "temperature": temperature,
        "ece": calibration_error(softmax(held[0], temperature=temperature), held[1]),
        "ece_uncalibrated": calibration_error(softmax(held[0]), held[1]),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=1024, help="for calibration")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep-fp32", type=Path, help="also leave the fp32 network here")
    given = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)

    train, valid = load(given.data, "train"), load(given.data, "valid")
    chosen = np.random.default_rng(given.seed).permutation(len(train.images))[: given.faces]
    with tempfile.TemporaryDirectory() as folder:
        full = given.keep_fp32 or Path(folder) / "fp32.onnx"
        export(given.weights, full)
        fp32 = Network(full).logits(valid.images)
        print(f"fp32 {accuracy(fp32, valid):.4f}", flush=True)
        tried: list[tuple[dict[str, float], Candidate, Path, F32]] = []
        for how in CANDIDATES:
            path = Path(folder) / f"{how.name}.onnx"
            quantize(full, path, train.images[chosen], how)
            logits = Network(path).logits(valid.images)
            tried.append((compare(logits, fp32, valid), how, path, logits))
            print(how.name, json.dumps(tried[-1][0]), flush=True)
        figures, how, path, logits = max(tried, key=lambda one: one[0]["same_top_label"])
        figures |= interleaved_ms(int8=path, fp32=full)
        data = path.read_bytes()

    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / NAME).write_bytes(data)
    calibrated = _calibrated(logits, valid, seed=given.seed)
    text = card.write(
        sha256=hashlib.sha256(data).hexdigest(),
        crop_px=CROP_PX,
        input_px=INPUT_PX,
        mean=MEAN,
        std=STD,
        temperature=calibrated.pop("temperature"),
        quantization={
            "format": "INT8 static QDQ, per-channel weights of 7 bits, u8 activations",
            "ranges": how.name,
            "calibration_faces": len(chosen),
            "seed": given.seed,
        },
        scores=figures | calibrated | {"size_mb": len(data) / 1e6},
        recall=recalls(logits, valid),
    )
    (given.out / NAME).with_suffix(".toml").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
