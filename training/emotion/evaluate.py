"""What a network reads along a video: the leading emotion of its smoothed probabilities.

    python -m training.emotion.evaluate --video CLIP [--model MODEL.onnx] [--hz 10] [--tau-ms 250]

`vtdrive eval emotion` measures it on labelled faces. No torch here.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vtdrive.assets import data_dir
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.types import F32, Face, VideoFrame
from vtdrive.vocab import EMOTIONS

__all__ = ["follow", "passages"]


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


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=data_dir("models") / SHIPPED_MODEL)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--hz", type=float, default=10.0)
    parser.add_argument("--tau-ms", type=float, default=250.0)
    given = parser.parse_args()
    _print_video(given.video, given.model, hz=given.hz, tau_ms=given.tau_ms)


if __name__ == "__main__":
    main()
