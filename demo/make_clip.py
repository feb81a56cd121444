"""Builds demo.mp4 and truth.npz: `python demo/make_clip.py`. Same versions, same bytes.

Wants the extra `demo-clip` (scikit-image, scipy, av). Three to five minutes on two cores.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import timeline
from face import FaceAnimator
from head import Head
from portrait import OUT, load
from timeline import FPS, NAMES, Timeline

__all__ = ["encode", "main", "save_truth"]

U8 = npt.NDArray[np.uint8]

_SEED = 7
_NOISE = 1.6
"""Standard deviation of the sensor noise, of 255."""
_painter: Painter | None = None


class Painter:
    """Draws single frames; one per process."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        portrait = load()
        self._face, self._head = FaceAnimator(portrait), Head(portrait)
        self._values = timeline.build().values

    def draw(self, frame: int) -> U8:
        values = dict(zip(NAMES, self._values[frame].tolist(), strict=True))
        turn = {axis: values.pop(f"head_{axis}_rad") for axis in ("yaw", "pitch", "roll")}
        picture = self._head.render(self._face.render(values), **turn)
        rng = np.random.default_rng((_SEED, frame))
        grain = rng.normal(0.0, _NOISE, (*picture.shape[:2], 1))
        grain = cv2.GaussianBlur(grain, (0, 0), 0.6)[..., None] * 1.8
        out: U8 = np.clip(np.round(picture + grain), 0, 255).astype(np.uint8)
        return out


def _start() -> None:
    global _painter
    _painter = Painter()


def _draw(frame: int) -> U8:
    assert _painter is not None
    return _painter.draw(frame)


def encode(frames: Iterator[U8], path: Path, *, crf: int) -> None:
    """H.264 that browsers play: yuv420p, index first."""
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        stream = film.add_stream("libx264", rate=FPS)
        stream.width, stream.height = OUT
        stream.pix_fmt = "yuv420p"
        # One thread: x264's output depends on how many there are.
        stream.options = {"crf": str(crf), "preset": "slow", "threads": "1", "g": "90"}
        for picture in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                film.mux(packet)
        for packet in stream.encode():
            film.mux(packet)


def save_truth(line: Timeline, path: Path) -> None:
    """The side file; README.md describes it."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        fps=np.array(float(FPS)),
        names=np.array(NAMES),
        values=line.values.astype(np.float32),
        passage_names=np.array(list(line.passages)),
        passage_frames=np.array(list(line.passages.values()), np.int32),
    )
    path.write_bytes(buffer.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to fill")
    parser.add_argument("--jobs", type=int, default=2, help="processes that draw")
    parser.add_argument("--crf", type=int, default=22, help="x264 quality: lower is larger")
    options = parser.parse_args()
    line = timeline.build()
    save_truth(line, options.out / "truth.npz")
    with ProcessPoolExecutor(options.jobs, initializer=_start) as pool:
        frames = pool.map(_draw, range(len(line.values)), chunksize=8)
        encode(frames, options.out / "demo.mp4", crf=options.crf)


if __name__ == "__main__":
    main()
