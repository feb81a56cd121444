"""A small network of the kind that training exports: features, pooled, one last layer."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["pooled_network"]


def pooled_network(*, side_px: int = 16, width: int = 6, transposed: bool = True) -> bytes:
    """Conv, Relu, mean of each plane as `embedding`, and eight `logits` of it."""
    rng = np.random.default_rng(3)
    head = rng.normal(size=(8, width)).astype(np.float32)
    stored = {
        "kernel": rng.normal(size=(width, 1, 3, 3)).astype(np.float32),
        "offset": rng.normal(size=width).astype(np.float32),
        "head.weight": head if transposed else np.ascontiguousarray(head.T),
        "head.bias": rng.normal(size=8).astype(np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node(
                "Conv", ["image", "kernel", "offset"], ["felt"], "conv", kernel_shape=[3, 3]
            ),
            helper.make_node("Relu", ["felt"], ["kept"], "relu"),
            helper.make_node("GlobalAveragePool", ["kept"], ["mean"], "pool"),
            helper.make_node("Flatten", ["mean"], ["embedding"], "flat"),
            helper.make_node(
                "Gemm",
                ["embedding", "head.weight", "head.bias"],
                ["logits"],
                "head",
                transB=int(transposed),
            ),
        ],
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, side_px, side_px])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 8]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", width]),
        ],
        [numpy_helper.from_array(values, name) for name, values in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
