"""What was read from many pictures, as JSON, as CSV and as text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vtdrive.stills.read import ReadFace
from vtdrive.vocab import EMOTIONS

__all__ = ["ReadPicture", "as_csv", "as_json", "as_text"]


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """One picture file: its faces, surest first, or why it could not be read."""

    path: Path
    width: int = 0
    height: int = 0
    faces: tuple[ReadFace, ...] = ()
    error: str | None = None


def as_json(pictures: Sequence[ReadPicture], *, detector: str, model: str) -> str:
    """A whole JSON document. Pixels count from the picture's upper left corner, to one tenth."""
    whole = {
        "detector": detector,
        "model": model,
        "emotions": list(EMOTIONS),
        "images": [_image(picture) for picture in pictures],
    }
    return json.dumps(whole, indent=1) + "\n"


def as_csv(pictures: Sequence[ReadPicture]) -> str:
    """A line for each face, with a header; pictures without faces or with errors have none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("file", "face", "x", "y", "width", "height", "score", "mesh", "emotion", *EMOTIONS)
    )
    for picture in pictures:
        for number, face in enumerate(picture.faces, 1):
            facts = _face(face)
            box, probs = facts["box"], facts["probabilities"]
            writer.writerow(
                (
                    str(picture.path),
                    number,
                    *(box[key] for key in ("x", "y", "width", "height")),
                    facts["score"],
                    str(face.mesh).lower(),
                    facts["emotion"],
                    *(probs[name] for name in EMOTIONS),
                )
            )
    return out.getvalue()


def as_text(pictures: Sequence[ReadPicture]) -> str:
    """For the terminal: a line for each picture, and below it one for each face."""
    lines = []
    for picture in pictures:
        if picture.error is not None:
            lines.append(f"{picture.path}  not read")
            continue
        count = {0: "no face", 1: "1 face"}.get(len(picture.faces), f"{len(picture.faces)} faces")
        lines.append(f"{picture.path}  {picture.width}x{picture.height}, {count}")
        lines += [_line(number, face) for number, face in enumerate(picture.faces, 1)]
    return "".join(f"{line}\n" for line in lines)


def _line(number: int, face: ReadFace) -> str:
    first, second = np.argsort(-face.probs, kind="stable")[:2]
    emotions = "".join(f"{EMOTIONS[i]:>9} {face.probs[i]:.2f}  " for i in (first, second))
    box = _face(face)["box"]
    place = "{width:.0f}x{height:.0f} at {x:.0f},{y:.0f}".format(**box)
    note = "" if face.mesh else "  no mesh"
    return f"{number:4} {emotions} {place:20} sure {face.found.score:.2f}{note}"


def _image(picture: ReadPicture) -> dict[str, Any]:
    if picture.error is not None:
        return {"file": str(picture.path), "error": picture.error}
    return {
        "file": str(picture.path),
        "width": picture.width,
        "height": picture.height,
        "faces": [_face(face) for face in picture.faces],
    }


def _face(face: ReadFace) -> dict[str, Any]:
    # Inside, pixel centres lie on whole numbers; here 0 is the picture's edge, as in any viewer.
    left, top, right, bottom = (float(edge) + 0.5 for edge in face.found.box_px)
    return {
        "box": {
            "x": round(left, 1),
            "y": round(top, 1),
            "width": round(right - left, 1),
            "height": round(bottom - top, 1),
        },
        "score": round(face.found.score, 4),
        "mesh": face.mesh,
        "emotion": EMOTIONS[int(face.probs.argmax())],
        "probabilities": {
            name: round(float(p), 4) for name, p in zip(EMOTIONS, face.probs, strict=True)
        },
    }
