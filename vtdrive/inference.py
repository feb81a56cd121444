"""The one door to ONNX Runtime: a session on one thread, and nothing sent to anybody.

From 1.29 on its packages report usage to their makers over the network, on Linux and macOS as well,
unless `ORT_DISABLE_TELEMETRY=1` is set before the library starts; on Windows events go to the
system's own tracing, which the library's switch turns off. Both are done here, so every use of
ONNX Runtime must come through `onnxruntime_module`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtdrive.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["onnxruntime_module", "open_session"]


def onnxruntime_module() -> Any:
    """`import onnxruntime`, silent."""
    # The second name is what some builds before 1.30 listen to.
    for name in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"):
        os.environ[name] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def open_session(model: bytes, *, name: str) -> onnxruntime.InferenceSession:
    """`model` on the CPU, on one thread that sleeps while it waits: the cores are the game's.

    Raises ModelError, with `name`, where the bytes are no network that ONNX Runtime can run.
    """
    runtime = onnxruntime_module()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # failures reach the user as ModelError
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as fault:  # onnxruntime's exceptions share no base of their own
        raise ModelError(
            f"model {Path(name).name} cannot be loaded: {fault}",
            "restore the model and its card together, or use the shipped one",
        ) from fault
