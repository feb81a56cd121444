"""Small networks with cards, made on the spot, that show what a classifier was given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vtdrive.vocab import EMOTIONS

__all__ = ["INPUT_PX", "card", "network", "write"]

INPUT_PX = 16


def network(
    logits: Sequence[float] = (0.0,) * 8,
    *,
    input_px: int | str = INPUT_PX,
    planes: int | str = 1,
    layout: str = "nchw",
    batch: int | str = "N",
    outputs: Sequence[str] = ("logits", "embedding"),
    softmax: bool = False,
    looks: bool = False,
    kind: int = TensorProto.FLOAT,
) -> bytes:
    """Answers `logits`; its embedding is all that it was given, in the order of (N, C, H, W).

    With `looks` each logit also depends on where the picture is light. With `softmax` the first
    output holds probabilities. With one name in `outputs` there is no embedding.
    """
    k, first = len(logits), outputs[0]
    shape = {
        "nchw": [batch, planes, input_px, input_px],
        "nhwc": [batch, input_px, input_px, planes],
    }
    plain = ["image"]
    nodes = []
    if kind != TensorProto.FLOAT:
        nodes.append(helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT))
        plain = ["floats"]
    if layout == "nhwc":
        nodes.append(helper.make_node("Transpose", plain, ["turned"], perm=[0, 3, 1, 2]))
        plain = ["turned"]
    seen = outputs[1] if len(outputs) > 1 else "seen"
    step = (input_px if isinstance(input_px, int) else INPUT_PX) // 4
    weight = np.zeros((16, k), np.float32)
    if looks:
        weight[:] = np.random.default_rng(k).normal(size=weight.shape)
    nodes += [
        helper.make_node("Flatten", plain, [seen]),
        helper.make_node("ReduceMean", plain, ["grey"], axes=[1], keepdims=1),
        helper.make_node(
            "AveragePool", ["grey"], ["coarse"], kernel_shape=[step] * 2, strides=[step] * 2
        ),
        helper.make_node("Flatten", ["coarse"], ["few"]),
        helper.make_node("Gemm", ["few", "weight", "bias"], ["raw" if softmax else first]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["raw"], [first], axis=-1))
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", kind, shape[layout])],
        [
            helper.make_tensor_value_info(first, TensorProto.FLOAT, [batch, k]),
            *(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, None])
                for name in outputs[1:]
            ),
        ],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(np.array(logits, np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def card(data: bytes, **facts: Any) -> str:
    """A card for `data`. Facts replace those of a grey model of eight labels; None leaves one out.

    `crop` and `input` are tables, of which each key is replaced by itself.
    """
    crop: dict[str, Any] = {"size_px": 12, "margin": 1.1, "lift": 0.05}
    given: dict[str, Any] = {"size_px": INPUT_PX, "mean": 0.5, "std": 0.25}
    told: dict[str, Any] = {
        "kind": "emotion",
        "sha256": hashlib.sha256(data).hexdigest(),
        "labels": list(EMOTIONS),
        **facts,
        "crop": crop | facts.get("crop", {}),
        "input": given | facts.get("input", {}),
    }
    lines = [_line(key, value) for key, value in told.items() if not isinstance(value, dict)]
    for name, table in told.items():
        if isinstance(table, dict):
            lines += [f"[{name}]", *(_line(key, value) for key, value in table.items())]
    return "\n".join(line for line in lines if line)


def _line(key: str, value: Any) -> str:
    """A line of TOML; JSON writes lists, texts and numbers the same way."""
    return "" if value is None else f"{json.dumps(key)} = {json.dumps(value)}"


def write(folder: Path, data: bytes | None = None, **facts: Any) -> Path:
    """`tiny.onnx` and its card in `folder`; `facts` as in `card`."""
    data = network() if data is None else data
    path = folder / "tiny.onnx"
    path.write_bytes(data)
    path.with_suffix(".toml").write_text(card(data, **facts), encoding="utf-8")
    return path
