"""A network as training measures it: an .onnx file and how faces are prepared. No torch here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.emotion.data import INPUT_PX, MEAN, STD
from vtdrive.classifiers.crop import standardised, to_input
from vtdrive.inference import onnxruntime_module
from vtdrive.types import F32, U8

__all__ = ["Network", "Preparation", "interleaved_ms"]

_TIMED = 150
"""Faces per network in a timing run."""
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Preparation:
    """From grey crops to what a network takes, as its card will say."""

    input_px: int = INPUT_PX
    scaling: str = "face"
    """`face`: by the greys inside the face's oval; `fixed`: by the mean and std below."""
    mean: float = MEAN
    std: float = STD

    def __call__(self, crops: U8) -> F32:
        """(N, S, S) greys to (N, 1, input_px, input_px)."""
        if self.scaling == "face":
            # `to_input` divides by 255, so this leaves the standardised values as they are.
            return to_input(
                standardised(crops),
                size_px=self.input_px,
                mean=0.0,
                std=1 / 255,
            )
        return to_input(crops, size_px=self.input_px, mean=self.mean, std=self.std)


class Network:
    """An .onnx file with the outputs `logits` and `embedding`. Needs no card."""

    def __init__(self, path: Path, prepare: Preparation, *, threads: int = 1) -> None:
        """`threads` 0 means one for each core: for many faces, not for timing."""
        onnxruntime = onnxruntime_module()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.prepare = prepare
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, x: F32) -> F32:
        """(N, 8) logits of a prepared batch."""
        logits: F32 = self._session.run(["logits"], {"image": x})[0]
        return logits

    def logits(self, crops: U8) -> F32:
        """(N, 8) of u8 (N, S, S)."""
        batches = np.array_split(crops, max(1, len(crops) // _BATCH))
        return np.concatenate([self(self.prepare(batch)) for batch in batches])


def interleaved_ms(*, int8: Path, fp32: Path, prepare: Preparation) -> dict[str, float]:
    """Median CPU ms per single face of both networks, in turn: both meet the same machine."""
    networks = {"int8_ms": Network(int8, prepare), "fp32_ms": Network(fp32, prepare)}
    side = prepare.input_px
    face = np.random.default_rng(0).normal(size=(1, 1, side, side)).astype(np.float32)
    taken: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(_TIMED):
        for name, network in networks.items():
            # A network's one thread is the caller's, so this leaves out other programs' turns.
            started = time.thread_time()
            network(face)
            taken[name].append((time.thread_time() - started) * 1e3)
    return {name: float(np.median(ms)) for name, ms in taken.items()}
