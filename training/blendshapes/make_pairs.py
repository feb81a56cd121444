"""Any video → pairs of (face mesh landmarks, teacher's blendshapes), as `vtdrive eval` reads them.

    .venv/bin/python training/blendshapes/make_pairs.py face_landmarker.task OUT.npz VIDEO [VIDEO …]

Both trackers run in video mode on the very same frames; frames where either finds no face are left
out. The file holds landmarks, which are personal: keep it out of the project.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from teacher import Pair, Teacher

__all__ = ["main", "pairs_of"]


def pairs_of(video: Path, task: Path) -> tuple[list[int], list[Pair], list[float], tuple[str, ...]]:
    """Frame numbers and pairs of one video, its width, height and fps, and the teacher's names."""
    film = cv2.VideoCapture(str(video))
    if not film.isOpened():
        raise SystemExit(f"{video} cannot be opened as a video")
    fps = film.get(cv2.CAP_PROP_FPS) or 30.0
    shape = [film.get(cv2.CAP_PROP_FRAME_WIDTH), film.get(cv2.CAP_PROP_FRAME_HEIGHT), fps]
    rows: list[int] = []
    pairs: list[Pair] = []
    with Teacher(task, video=True) as teacher:
        number = 0
        while True:
            good, frame = film.read()
            if not good:
                break
            rgb = np.ascontiguousarray(frame[..., ::-1])
            pair = teacher(rgb, t_ms=round(number * 1000 / fps))
            if pair is not None:
                rows.append(number)
                pairs.append(pair)
            number += 1
    film.release()
    print(f"{video.name}: {len(pairs)} of {number} frames")
    return rows, pairs, shape, teacher.names


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("videos", type=Path, nargs="+")
    options = parser.parse_args()

    done = [pairs_of(video, options.task) for video in options.videos]
    pairs = [pair for _, found, _, _ in done for pair in found]
    if not pairs:
        raise SystemExit("no face was found in any frame")
    np.savez_compressed(
        options.out,
        landmarks_px=np.stack([pair.landmarks_px for pair in pairs]),
        teacher_px=np.stack([pair.teacher_px for pair in pairs]),
        blendshapes=np.stack([pair.blendshapes for pair in pairs]),
        camera_from_face_cm=np.stack([pair.camera_from_face_cm for pair in pairs]),
        frame=np.concatenate([np.array(rows, np.int32) for rows, _, _, _ in done]),
        clip=np.repeat(np.arange(len(done), dtype=np.int16), [len(rows) for rows, _, _, _ in done]),
        clip_width_height_fps=np.array([shape for _, _, shape, _ in done]),
        names=np.array(next(names for _, found, _, names in done if found)),
    )


if __name__ == "__main__":
    main()
