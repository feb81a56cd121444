"""How much the picture and how much the blendshapes should count: fitted, judged, written down.

    python -m training.emotion.fuse --data FERPLUS --squares SQUARES.npz --shapes SHAPES.npz

To be run again whenever either model is replaced; a minute or two, no torch. The two weights make
the majority-rule labels of some faces most likely, and are judged on others. Weights of a picture
model that has seen the held-out training faces are fitted on half of the validation faces.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.emotion import fusion_page
from training.emotion.data import Split, held_out, load
from training.emotion.fusion_card import Figures, with_fusion
from training.emotion.scores import halves, softmax
from vtdrive.assets import data_dir, load_card
from vtdrive.classifiers.crop import cut_square
from vtdrive.classifiers.fused import FusedEmotion, Weights, fuse
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.classifiers.shape_emotion import SHAPES_MODEL, ShapeEmotion
from vtdrive.types import F32, Face, VideoFrame

__all__ = ["fit_weights", "picture_logits", "spent_ms"]

_BATCH = 32
_TIMED = 100
"""Faces in a timing."""


def fit_weights(
    readings: list[F32], label: npt.NDArray[np.int64], *, rounds: int = 50
) -> npt.NDArray[np.float64]:
    """(J,) weights, none below 0, of J readings (N, 8): the labels' likelihood under
    softmax(sum of weight * reading) is greatest."""
    z = np.stack(readings, -1).astype(np.float64)
    use = np.ones(z.shape[-1], bool)
    while True:
        weights = np.where(use, 1.0 / use.sum(), 0.0)
        weights[use] = _newton(z[..., use], label, weights[use], rounds)
        if (weights >= 0).all():
            return weights
        # Convex in the weights: a reading that would count negatively counts nothing.
        use &= weights > 0


def _newton(
    z: npt.NDArray[np.float64],
    label: npt.NDArray[np.int64],
    start: npt.NDArray[np.float64],
    rounds: int,
) -> npt.NDArray[np.float64]:
    """Newton's method with halved steps where a whole one would climb."""
    rows = np.arange(len(label))

    def loss(w: npt.NDArray[np.float64]) -> float:
        total = z @ w
        top = total.max(1)
        spread = np.log(np.exp(total - top[:, None]).sum(1)) + top
        return float((spread - total[rows, label]).mean())

    w = start
    for _ in range(rounds):
        p = softmax(z @ w)
        mean = np.einsum("nk,nkj->nj", p, z)
        slope = (mean - z[rows, label]).mean(0)
        bend = np.einsum("nk,nki,nkj->ij", p, z, z) / len(z) - mean.T @ mean / len(z)
        step = np.linalg.solve(bend + 1e-9 * np.eye(len(w)), slope)
        size = 1.0
        while loss(w - size * step) > loss(w) and size > 1e-6:
            size /= 2
        w = w - size * step
        if np.abs(step).max() < 1e-8:
            break
    return w


def picture_logits(classifier: OnnxEmotion, faces: Split, squares: F32) -> F32:
    """(N, 8) of pictures read as run time reads them; `squares` (N, 4) from `align`."""
    size_px = classifier.card.crop_px
    crops = np.empty((len(faces.images), size_px, size_px), np.uint8)
    for crop, image, (x, y, turn, side) in zip(crops, faces.images, squares, strict=True):
        right = np.array([np.cos(turn), np.sin(turn)], np.float64)
        rgb = np.repeat(image[:, :, None], 3, 2)
        crop[:] = cut_square(rgb, np.array([x, y], np.float64), right, side, size_px=size_px)
    batches = [crops[i : i + _BATCH] for i in range(0, len(crops), _BATCH)]
    return np.concatenate([classifier.infer_many(batch)[0] for batch in batches])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--squares", type=Path, required=True, help="from training.emotion.align")
    parser.add_argument("--shapes", type=Path, required=True, help="from fusion_features")
    parser.add_argument("--picture", type=Path, default=data_dir("models") / SHIPPED_MODEL)
    parser.add_argument("--head", type=Path, default=data_dir("models") / SHAPES_MODEL)
    parser.add_argument(
        "--fit-on",
        choices=("valid-half", "held-out"),
        default="valid-half",
        help="held-out: only for a picture model that has never seen these training faces",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the halves")
    given = parser.parse_args()
    picture, head = OnnxEmotion(given.picture), ShapeEmotion(given.head)
    picture.open()
    head.open()
    with np.load(given.squares) as file:
        squares = {name: file[name] for name in ("train", "valid")}
    with np.load(given.shapes) as file:
        shapes = {name: file[name] for name in ("train", "valid")}

    valid = load(given.data, "valid")
    both = picture_logits(picture, valid, squares["valid"]), head.infer_many(shapes["valid"])
    fit, judge = halves(valid, seed=given.seed)
    if given.fit_on == "valid-half":
        fitted, label = [r[fit] for r in both], valid.label[fit]
        # Undecided faces are fitted on by nobody; half of them, so that their share stays.
        undecided = np.random.default_rng(given.seed).permutation(np.flatnonzero(~valid.decided))
        judged = np.concatenate([judge, undecided[: len(undecided) // 2]])
        told = f"half of the decided validation faces, seed {given.seed}; scores on the other half"
    else:
        train = load(given.data, "train")
        apart = held_out(train)
        apart = apart[train.decided[apart]]
        some = train.some(apart)
        fitted = [
            picture_logits(picture, some, squares["train"][apart]),
            head.infer_many(shapes["train"][apart]),
        ]
        label, judged = some.label, np.arange(len(valid.images))
        told = "held-out training faces; scores on all validation faces"
    meshed = np.isfinite(fitted[1]).all(1)
    found = fit_weights([r[meshed] for r in fitted], label[meshed])
    weights = Weights(picture=round(float(found[0]), 4), shapes=round(float(found[1]), 4))

    scores = _scores(both, valid, judged, weights, temperatures=(picture, head))
    print(json.dumps({name: f.rounded() for name, f in scores.items()}, indent=1))
    print(f"weights {weights}, fitted on {told}")
    whole = np.arange(len(valid.images))
    everything = _scores(both, valid, whole, weights, temperatures=(picture, head))
    print("all validation faces:", json.dumps({n: f.rounded() for n, f in everything.items()}))
    card = given.head.with_suffix(".toml")
    card.write_text(
        with_fusion(
            card.read_text(encoding="utf-8"),
            picture=given.picture.stem,
            sha256=load_card(given.picture).sha256,
            weights=(weights.picture, weights.shapes),
            fitted_on=told,
            scores=scores,
            cpu_ms=spent_ms(picture, head),
        ),
        encoding="utf-8",
    )
    if card == fusion_page.CARD:
        fusion_page.main()
    picture.close()
    head.close()


def spent_ms(picture: OnnxEmotion, head: ShapeEmotion) -> dict[str, float]:
    """Median CPU ms for one face of a webcam picture, each way in turn; both are open."""
    fused = FusedEmotion(picture, head)
    fused.weights = Weights(picture=1.0, shapes=1.0)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (480, 640, 3), np.uint8)
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = rng.uniform((240, 160), (400, 320), (478, 2))
    face = Face(
        points,
        rng.random(52, np.float32),
        np.eye(4, dtype=np.float32),
        np.zeros(4, np.float32),
        1.0,
    )
    frame = VideoFrame(0, 0, image)
    ways = {"picture": picture.classify, "shapes": head.classify, "fused": fused.classify}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_TIMED):
        for name, classify in ways.items():
            # All of it is this thread's work, so this leaves out other programs' turns.
            started = time.thread_time()
            classify(frame, face)
            taken[name].append((time.thread_time() - started) * 1e3)
    return {name: float(np.median(ms)) for name, ms in taken.items()}


def _scores(
    readings: tuple[F32, F32],
    faces: Split,
    which: npt.NDArray[np.int64],
    weights: Weights,
    *,
    temperatures: tuple[OnnxEmotion, ShapeEmotion],
) -> dict[str, Figures]:
    """Figures of the picture, the shapes (faces with a mesh) and both, over some faces."""
    picture, shapes = (r[which] for r in readings)
    some = faces.some(which)
    meshed = np.flatnonzero(np.isfinite(shapes).all(1))
    t_picture = temperatures[0].card.temperature
    t_shapes = float(temperatures[1].card.facts["temperature"])
    fused = picture / np.float32(t_picture)
    fused[meshed] = fuse(picture[meshed], shapes[meshed], weights)
    return {
        "picture": Figures.of(picture, some, temperature=t_picture),
        "shapes": Figures.of(shapes[meshed], some.some(meshed), temperature=t_shapes),
        "fused": Figures.of(fused, some),
    }


if __name__ == "__main__":
    main()
