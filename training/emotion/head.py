"""The last layer of an .onnx classifier: read and replaced, the rest of the file left as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vtdrive.errors import MissingExtra, ModelError
from vtdrive.types import F32

if TYPE_CHECKING:
    import onnx

__all__ = ["Head", "read_head", "with_head"]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """`logits = embedding @ weight.T + bias`."""

    weight: F32
    """(K, D)."""
    bias: F32
    """(K,)."""

    def __call__(self, embedding: F32) -> F32:
        """(..., D) to (..., K)."""
        out: F32 = embedding @ self.weight.T + self.bias
        return out


def read_head(data: bytes, *, name: str) -> Head:
    """The head of a model file's bytes; `name` is for messages.

    Raises ModelError where the output `logits` is not one plain layer, in 32-bit floats, on the
    output `embedding`, and MissingExtra without the package `onnx`.
    """
    weight, bias, transposed = _parameters(_parsed(data, name), name)
    kernel = _onnx().numpy_helper.to_array(weight)
    return Head(
        weight=np.array(kernel if transposed else kernel.T, np.float32),
        bias=np.array(_onnx().numpy_helper.to_array(bias), np.float32),
    )


def with_head(data: bytes, head: Head, *, name: str) -> bytes:
    """The file's bytes with another head of the same shape; raises as `read_head` does."""
    model = _parsed(data, name)
    weight, bias, transposed = _parameters(model, name)
    kernel = head.weight if transposed else head.weight.T
    if tuple(weight.dims) != kernel.shape or tuple(bias.dims) != head.bias.shape:
        raise ValueError(f"a head of {head.weight.shape} does not fit {name}")
    for tensor, values in ((weight, kernel), (bias, head.bias)):
        values = np.ascontiguousarray(values, np.float32)
        tensor.CopyFrom(_onnx().numpy_helper.from_array(values, tensor.name))
    out: bytes = model.SerializeToString()
    return out


def _onnx() -> Any:
    try:
        import onnx
        import onnx.numpy_helper
    except ImportError:
        raise MissingExtra(
            "rewriting a model", install='pip install "onnx>=1.17"  # in the same environment'
        ) from None
    return onnx


def _parsed(data: bytes, name: str) -> onnx.ModelProto:
    try:
        model: onnx.ModelProto = _onnx().load_from_string(data)
    except MissingExtra:
        raise
    except Exception as fault:  # protobuf's own, which needs no import here
        raise ModelError(f"{name} is no .onnx file: {fault}", "restore the model") from fault
    return model


def _parameters(
    model: onnx.ModelProto, name: str
) -> tuple[onnx.TensorProto, onnx.TensorProto, bool]:
    """Weight, bias, and whether the weight is stored as (K, D)."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    last = [node for node in model.graph.node if "logits" in node.output]
    if len(last) == 1 and last[0].op_type == "Gemm" and last[0].input[0] == "embedding":
        settings = {a.name: a for a in last[0].attribute}
        plain = all(
            settings[key].f == 1.0 for key in ("alpha", "beta") if key in settings
        ) and not ("transA" in settings and settings["transA"].i)
        found = [stored.get(key) for key in last[0].input[1:]]
        floats = [t for t in found if t is not None and t.data_type == _onnx().TensorProto.FLOAT]
        if plain and len(floats) == 2:
            return floats[0], floats[1], bool("transB" in settings and settings["transB"].i)
    raise ModelError(
        f"{name}: its output 'logits' is not one layer of 32-bit floats on its output 'embedding'",
        "use a model that training.emotion.quantize wrote, such as the shipped one",
    )
