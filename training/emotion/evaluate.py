"""What a network reads: on labelled faces, or along a video. No torch here.

python -m training.emotion.evaluate --model models/emotion-resnet50-int8.onnx --data FERPLUS
python -m training.emotion.evaluate --video CLIP [--hz 10] [--tau-ms 250]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.emotion.data import INPUT_PX, MEAN, STD, load
from training.emotion.scores import (
    accuracy,
    calibration_error,
    macro_f1,
    recalls,
    softmax,
)
from vtdrive.assets import data_dir
from vtdrive.classifiers.crop import to_input
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.inference import onnxruntime_module
from vtdrive.types import F32, U8, Face, VideoFrame
from vtdrive.vocab import EMOTIONS

__all__ = ["Network", "follow", "interleaved_ms", "passages"]

_TIMED = 150
"""Faces per network in a timing run."""


class Network:
    """An .onnx file without a card, on one thread."""

    def __init__(self, path: Path) -> None:
        onnxruntime = onnxruntime_module()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, x: F32) -> F32:
        logits: F32 = self._session.run(["logits"], {"image": x})[0]
        return logits

    def logits(self, images: U8) -> F32:
        """(N, 8) of u8 (N, H, W)."""
        batches = np.array_split(images, max(1, len(images) // 32))
        return np.concatenate(
            [self(to_input(b, size_px=INPUT_PX, mean=MEAN, std=STD)) for b in batches]
        )


def interleaved_ms(*, int8: Path, fp32: Path) -> dict[str, float]:
    """Median CPU ms per single face of both networks, in turn: both meet the same machine."""
    networks = {"int8_ms": Network(int8), "fp32_ms": Network(fp32)}
    face = np.random.default_rng(0).normal(size=(1, 1, INPUT_PX, INPUT_PX)).astype(np.float32)
    taken: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(_TIMED):
        for name, network in networks.items():
            # A network's one thread is the caller's, so this leaves out other programs' turns.
            started = time.thread_time()
            network(face)
            taken[name].append((time.thread_time() - started) * 1e3)
    return {name: float(np.median(ms)) for name, ms in taken.items()}


def frames(video: Path) -> Iterator[tuple[VideoFrame, Face | None]]:
    """Every frame with its face mesh, at the file's own times."""
    import cv2

    # Face mesh never plots; importing pyplot for it costs seconds.
    sys.modules.setdefault("matplotlib", types.ModuleType("matplotlib"))
    sys.modules.setdefault("matplotlib.pyplot", types.ModuleType("matplotlib.pyplot"))
    import mediapipe as mp

    film = cv2.VideoCapture(str(video))
    fps = film.get(cv2.CAP_PROP_FPS) or 30.0
    with mp.solutions.face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=1) as mesh:
        seq = 0
        while True:
            ok, bgr = film.read()
            if not ok:
                break
            image = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
            found = mesh.process(image).multi_face_landmarks
            face = None
            if found:
                height, width = image.shape[:2]
                points = np.array([(p.x, p.y, p.z) for p in found[0].landmark], np.float32)
                points *= (width, height, width)
                face = Face(
                    points,
                    np.zeros(52, np.float32),
                    np.eye(4, dtype=np.float32),
                    np.zeros(4, np.float32),
                    1.0,
                )
            yield VideoFrame(seq, round(seq / fps * 1e9), image), face
            seq += 1


def follow(
    video: Path, classifier: OnnxEmotion, *, hz: float, tau_ms: float
) -> tuple[list[int], F32]:
    """Each frame's time, and its smoothed probabilities (N, 8) with a reading every 1 / hz."""
    times: list[int] = []
    rows: list[F32] = []
    smooth: F32 | None = None
    last_ns, due_ns = 0, 0
    for frame, face in frames(video):
        if face is not None and frame.t_ns >= due_ns:
            probs = classifier.classify(frame, face).probs
            due_ns += math.ceil((frame.t_ns - due_ns + 1) * hz * 1e-9) * round(1e9 / hz)
            share = 1 - math.exp(-(frame.t_ns - last_ns) * 1e-6 / tau_ms)
            smooth = probs if smooth is None else smooth + share * (probs - smooth)
            last_ns = frame.t_ns
        times.append(frame.t_ns)
        rows.append(np.full(len(EMOTIONS), np.nan, np.float32) if smooth is None else smooth)
    return times, np.array(rows)


def passages(leading: list[int]) -> list[tuple[int, int, int]]:
    """Runs of one leading emotion: first frame, end, emotion."""
    out: list[tuple[int, int, int]] = []
    for i, k in enumerate(leading):
        if out and out[-1][2] == k:
            out[-1] = (out[-1][0], i + 1, k)
        else:
            out.append((i, i + 1, k))
    return out


def _print_video(video: Path, model: Path, *, hz: float, tau_ms: float) -> None:
    classifier = OnnxEmotion(model)
    classifier.open()
    times, probs = follow(video, classifier, hz=hz, tau_ms=tau_ms)
    classifier.close()
    seen = ~np.isnan(probs[:, 0])
    leading = probs[seen].argmax(1)
    offset, n = int(seen.argmax()), len(times)
    runs = passages(leading.tolist())
    for first, end, k in runs:
        mean = probs[seen][first:end].mean(0)
        print(
            f"{times[first + offset] * 1e-9:7.2f} s {end - first:5d} frames {EMOTIONS[k]:10s}"
            f" {mean[k]:.2f}"
        )
    print(f"{n} frames, {int(seen.sum())} read, {len(runs) - 1} switches of the leading emotion")
    for title, part in (
        ("first 40 %", leading[: int(0.4 * n)]),
        ("last 25 %", leading[-(n // 4) :]),
    ):
        shares = {EMOTIONS[k]: round(float((part == k).mean()), 3) for k in np.unique(part)}
        print(f"{title}: {json.dumps(shares)}")


def _print_faces(folder: Path, model: Path) -> None:
    classifier = OnnxEmotion(model)
    classifier.open()
    temperature = classifier.card.temperature
    classifier.close()
    valid = load(folder, "valid")
    logits = Network(model).logits(valid.images)
    probs = softmax(logits[valid.decided], temperature=temperature)
    print(f"accuracy, majority rule  {accuracy(logits, valid):.4f} (n {int(valid.decided.sum())})")
    print(f"accuracy, all faces      {accuracy(logits, valid, decided_only=False):.4f}")
    print(f"macro-F1                 {macro_f1(logits, valid):.4f}")
    print(f"ECE                      {calibration_error(probs, valid.label[valid.decided]):.4f}")
    for name, (share, count) in recalls(logits, valid).items():
        print(f"recall {name:10s} {share:.3f} (n {count})")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=data_dir("models") / SHIPPED_MODEL)
    parser.add_argument("--data", type=Path, help="folder with valid.npz")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--hz", type=float, default=10.0)
    parser.add_argument("--tau-ms", type=float, default=250.0)
    given = parser.parse_args()
    if given.data is None and given.video is None:
        parser.error("name --data or --video")
    if given.data is not None:
        _print_faces(given.data, given.model)
    if given.video is not None:
        _print_video(given.video, given.model, hz=given.hz, tau_ms=given.tau_ms)


if __name__ == "__main__":
    main()
