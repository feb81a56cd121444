"""How well the shipped blendshape network agrees with the Face Landmarker, on pairs of both.

A pairs file (`training/blendshapes/make_pairs.py` makes one of any video) holds face mesh points
and the teacher's blendshapes of the same frames. The points go through the very path the tracker
uses.
Left out of all figures is `_neutral`, which is no shape; a supported name that the teacher lacks
cannot be judged and is not listed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from vtdrive.errors import UsageError
from vtdrive.trackers.shapes import MESH, ShapeNet
from vtdrive.types import F32
from vtdrive.vocab import SHAPE_INDEX

__all__ = ["MOVING_STD", "Pairs", "compare", "evaluate", "format_table", "load_pairs"]

MOVING_STD = 0.03
"""A shape counts as moving where the teacher's standard deviation exceeds this."""
_CHUNK = 512
_REMEDY = "make the file with training/blendshapes/make_pairs.py"
_SUMMARY = {
    "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """One pairs file, checked."""

    landmarks_px: F32
    """(N, 478, 3)."""
    blendshapes: F32
    """(N, S) the teacher's, in the order of `names`."""
    names: tuple[str, ...]
    """(S,) those of the teacher's names that are in `SHAPES`."""
    clip: npt.NDArray[np.int64]
    """(N,) which clip a frame is from; all 0 where the file does not say."""


def load_pairs(data: Path) -> Pairs:
    """Reads and checks a pairs file; raises UsageError that says what is wrong with it."""
    arrays = _arrays(data)
    landmarks, shapes = arrays["landmarks_px"], arrays["blendshapes"]
    names = [str(name) for name in arrays["names"].ravel()]
    clip = arrays.get("clip", np.zeros(len(landmarks) if landmarks.ndim else 0, np.int64))
    if landmarks.ndim != 3 or landmarks.shape[1:] != (MESH, 3):
        _refuse(data, f"landmarks_px has shape {landmarks.shape}, expected (frames, {MESH}, 3)")
    if shapes.shape != (len(landmarks), len(names)):
        _refuse(
            data,
            f"blendshapes has shape {shapes.shape},"
            f" expected {(len(landmarks), len(names))}: a row per frame, a column per name",
        )
    if clip.shape != (len(landmarks),):
        _refuse(data, f"clip has shape {clip.shape}, expected ({len(landmarks)},)")
    if len(landmarks) < 2:
        _refuse(data, f"it holds {len(landmarks)} frames, too few for a correlation")
    for key, array in (("landmarks_px", landmarks), ("blendshapes", shapes), ("clip", clip)):
        if not np.issubdtype(array.dtype, np.number):
            _refuse(data, f"{key} holds {array.dtype}, not numbers")
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        if bad.any():
            _refuse(data, f"{key} has NaN or infinity in {bad.sum()} of {len(array)} frames")
    known = [at for at, name in enumerate(names) if name in SHAPE_INDEX]
    if len({names[at] for at in known}) != len(known) or not known:
        _refuse(data, "names lists no ARKit shape, or one of them twice")
    return Pairs(
        landmarks.astype(np.float32),
        shapes[:, known].astype(np.float32),
        tuple(names[at] for at in known),
        clip.astype(np.int64),
    )


def _arrays(data: Path) -> dict[str, npt.NDArray[Any]]:
    wanted = ("landmarks_px", "blendshapes", "names")
    try:
        with data.open("rb") as stream:
            loaded = np.load(stream, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                _refuse(data, "it holds a single array, not a set of named ones")
            found = {key: loaded[key] for key in (*wanted, "clip") if key in loaded.files}
    except FileNotFoundError:
        raise UsageError(f"{data} does not exist", "check the path given to --data") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as fault:
        raise UsageError(f"{data} is not a pairs file (.npz): {fault}", _REMEDY) from fault
    missing = [key for key in wanted if key not in found]
    if missing:
        _refuse(data, f"it lacks {', '.join(missing)}")
    return found


def _refuse(data: Path, reason: str) -> NoReturn:
    raise UsageError(f"{data} cannot be evaluated: {reason}", _REMEDY)


def evaluate(data: Path) -> dict[str, Any]:
    """Runs the shipped network over a pairs file and compares; see `compare` for the keys.

    Raises UsageError for a bad file and ModelError for a bad model.
    """
    pairs = load_pairs(data)
    net = ShapeNet()
    net.open()
    chunks = range(0, len(pairs.landmarks_px), _CHUNK)
    shown = np.concatenate([net.batch(pairs.landmarks_px[at : at + _CHUNK]) for at in chunks])
    if not np.isfinite(shown).all():
        _refuse(data, "some of its faces have no size (all points in one place)")
    ours = shown[:, [SHAPE_INDEX[name] for name in pairs.names]]
    return compare(ours=ours, teacher=pairs.blendshapes, names=pairs.names, clip=pairs.clip)


def compare(
    *, ours: F32, teacher: F32, names: tuple[str, ...], clip: npt.NDArray[np.int64]
) -> dict[str, Any]:
    """Figures of agreement, ready for JSON.

    mean_correlation  mean over the moving shapes, frames of all clips pooled
    mean_of_clips     mean over the clips of each clip's own mean; a clip counts if anything moves
    moving            how many shapes moved
    frames, mae       how many frames; mean absolute error over all shapes
    blink, smile      mean correlation of left and right, None where either stood still
    per_shape         name → correlation, mae, slope (ours per unit of the teacher's), teacher_std;
                      correlation and slope are None where the teacher stood still
    per_clip          for each clip: clip, frames, moving, mean_correlation (None if nothing moved)

    A moving shape that we hold constant counts as correlation 0.
    """
    per_shape = {name: _agreement(ours[:, at], teacher[:, at]) for at, name in enumerate(names)}
    mean, moving = _mean_moving(per_shape)
    per_clip = []
    means = []
    for number in np.unique(clip):
        rows = clip == number
        shapes = {n: _agreement(ours[rows, i], teacher[rows, i]) for i, n in enumerate(names)}
        own_mean, own_moving = _mean_moving(shapes)
        if own_mean is not None:
            means.append(own_mean)
        per_clip.append(
            {
                "clip": int(number),
                "frames": int(rows.sum()),
                "moving": own_moving,
                "mean_correlation": own_mean,
            }
        )
    return {
        "mean_correlation": mean,
        "mean_of_clips": float(np.mean(means)) if means else None,
        "moving": moving,
        "frames": len(teacher),
        "mae": float(np.abs(ours - teacher).mean()),
        **{key: _pair_mean(per_shape, pair) for key, pair in _SUMMARY.items()},
        "per_shape": per_shape,
        "per_clip": per_clip,
    }


def _agreement(ours: F32, teacher: F32) -> dict[str, float | None]:
    a, b = ours.astype(np.float64), teacher.astype(np.float64)
    std = float(b.std())
    out: dict[str, float | None] = {
        "correlation": None,
        "mae": float(np.abs(a - b).mean()),
        "slope": None,
        "teacher_std": std,
    }
    if std > 1e-6:
        shared = float(((a - a.mean()) * (b - b.mean())).mean())
        out["slope"] = shared / std**2
        out["correlation"] = shared / (std * float(a.std())) if a.std() > 1e-9 else 0.0
    return out


def _mean_moving(shapes: Mapping[str, Mapping[str, float | None]]) -> tuple[float | None, int]:
    rates = [
        entry["correlation"] or 0.0
        for entry in shapes.values()
        if (entry["teacher_std"] or 0.0) > MOVING_STD
    ]
    return (float(np.mean(rates)) if rates else None), len(rates)


def _pair_mean(
    shapes: Mapping[str, Mapping[str, float | None]], pair: tuple[str, str]
) -> float | None:
    rates = [shapes[name]["correlation"] for name in pair if name in shapes]
    known = [rate for rate in rates if rate is not None]
    return sum(known) / 2 if len(known) == 2 else None


def format_table(result: Mapping[str, Any]) -> str:
    """The result as plain text: shapes by how much they move, then clips, then the summary."""
    lines = [f"{'shape':<22}{'corr':>7}{'mae':>8}{'slope':>8}{'teacher std':>13}"]
    rows = sorted(result["per_shape"].items(), key=lambda item: -item[1]["teacher_std"])
    for name, row in rows:
        still = "" if row["teacher_std"] > MOVING_STD else "  (hardly moves)"
        lines.append(
            f"{name:<22}{_number(row['correlation']):>7}{row['mae']:>8.3f}"
            f"{_number(row['slope']):>8}{row['teacher_std']:>13.3f}{still}"
        )
    lines.append("")
    lines.append(f"{'clip':>4}{'frames':>8}{'moving':>8}{'mean corr':>11}")
    for row in result["per_clip"]:
        lines.append(
            f"{row['clip']:>4}{row['frames']:>8}{row['moving']:>8}"
            f"{_number(row['mean_correlation']):>11}"
        )
    lines.append("")
    lines.append(
        f"mean correlation {_number(result['mean_correlation'])} over {result['moving']} moving"
        f" shapes, {result['frames']} frames · mean of clips {_number(result['mean_of_clips'])}"
        f" · blink {_number(result['blink'])} · smile {_number(result['smile'])}"
        f" · mae {result['mae']:.3f}"
    )
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
