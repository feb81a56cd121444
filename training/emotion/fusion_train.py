"""Trains the small head that reads emotion from blendshapes, and writes its model and card.

    python -m training.emotion.fusion_train --data FERPLUS --shapes SHAPES.npz --out models/

Needs torch and onnx; minutes on one CPU thread. The 2,000 faces of `data.held_out` train nothing:
they judge choices here, and the temperature comes from them. Run `training.emotion.fuse` next.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.emotion.data import Split, deal, held_out, load
from training.emotion.fusion_card import Figures, write
from training.emotion.scores import fit_temperature
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS, MIRROR_SHAPE, SHAPES, UNSUPPORTED_SHAPES

__all__ = ["MODEL", "Head", "Recipe", "fit", "ignored"]

MODEL = "emotion-shapes.onnx"


def ignored() -> list[int]:
    """Indices of shapes that the head must not see.

    Where somebody looks says little of what they feel and much of where their second screen is;
    what face mesh cannot measure is always 0 in training and must not matter elsewhere.
    """
    gaze = [i for i, name in enumerate(SHAPES) if name.startswith("eyeLook")]
    return sorted({*gaze, *(SHAPES.index(name) for name in UNSUPPORTED_SHAPES)})


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the outcome, besides the data. Noises are standard deviations."""

    epochs: int = 60
    batch: int = 512
    peak_lr: float = 3e-3
    weight_decay: float = 1e-2
    width: int = 128
    members: int = 3
    """Networks whose logits are averaged."""
    drop: float = 0.1
    rare: float = 0.75
    """How much more often rare emotions are shown; see `data.deal`."""
    gain: float = 0.1
    """Of the logarithm, of a whole face: people move more or less."""
    shape_gain: float = 0.1
    """The same for single shapes."""
    offset: float = 0.015
    """Of single shapes: no face rests at 0."""
    absent: float = 0.02
    """Probability that a shape reads 0."""
    seed: int = 0


class Head(nn.Module):
    """(N, 52) shapes to (N, 8) logits; swapping left and right changes no bit of the result."""

    def __init__(self, recipe: Recipe, shapes: Tensor) -> None:
        """`shapes` (N, 52) are the training faces, which set the scale of the features."""
        super().__init__()
        self.register_buffer("mirror", torch.tensor(MIRROR_SHAPE))
        left = [i for i, j in enumerate(MIRROR_SHAPE) if i <= j and i not in ignored()]
        pairs = [i for i in left if MIRROR_SHAPE[i] != i]
        self.register_buffer("even", torch.tensor(left))
        self.register_buffer("uneven", torch.tensor(pairs))
        width = len(left) + len(pairs)
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))
        features = self.features(shapes)
        self.centre, self.scale = features.mean(0), features.std(0) + 0.02
        self.members = nn.ModuleList(
            nn.Sequential(
                nn.Linear(width, recipe.width),
                nn.ReLU(),
                nn.Dropout(recipe.drop),
                nn.Linear(recipe.width, recipe.width),
                nn.ReLU(),
                nn.Dropout(recipe.drop),
                nn.Linear(recipe.width, len(EMOTIONS)),
            )
            for _ in range(recipe.members)
        )

    def features(self, shapes: Tensor) -> Tensor:
        """Of each pair its mean and how far its sides differ."""
        other = shapes[:, self.mirror]
        mean, apart = (shapes + other) * 0.5, (shapes - other).abs()
        x = torch.cat([mean[:, self.even], apart[:, self.uneven]], 1)
        return (x - self.centre) / self.scale

    def each(self, shapes: Tensor) -> Tensor:
        """(members, N, 8)."""
        x = self.features(shapes)
        return torch.stack([member(x) for member in self.members])

    def forward(self, shapes: Tensor) -> Tensor:
        """The members' mean."""
        return self.each(shapes).mean(0)


def _disturbed(shapes: Tensor, recipe: Recipe) -> Tensor:
    """Another person, another tracker's mood: gains, offsets, shapes that are missing."""
    x = shapes * torch.exp(torch.randn(len(shapes), 1) * recipe.gain)
    x = x * torch.exp(torch.randn_like(x) * recipe.shape_gain)
    x = x + torch.randn_like(x) * recipe.offset
    return (x * (torch.rand_like(x) > recipe.absent)).clamp(0, 1)


def fit(
    recipe: Recipe, views: Tensor, target: Tensor, label: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Head:
    """`views` (V, N, 52) are measurements of the same N faces, `target` (N, 8) their votes."""
    torch.manual_seed(recipe.seed)
    head = Head(recipe, views[0])
    dealt = torch.from_numpy(deal(label, rare=recipe.rare))
    steps = len(dealt) // recipe.batch
    optimiser = torch.optim.AdamW(
        head.parameters(), lr=recipe.peak_lr, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.peak_lr, total_steps=steps * recipe.epochs
    )
    head.train()
    for _ in range(recipe.epochs):
        order = dealt[torch.randperm(len(dealt))]
        for chosen in order[: steps * recipe.batch].split(recipe.batch):
            # Between two measurements of one face lies a third that is as true as they are.
            share = torch.rand(len(chosen), 1)
            x = views[0, chosen] * share + views[1, chosen] * (1 - share)
            logits = head.each(_disturbed(x, recipe))
            wanted = target[chosen].expand(len(logits), -1, -1)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(0, 1))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return head.eval()


def export(head: Head) -> bytes:
    """The head as an ONNX file: `shapes` (N, 52) to `logits` (N, 8)."""
    buffer = io.BytesIO()
    torch.onnx.export(
        head,
        (torch.rand(2, len(SHAPES)),),
        buffer,
        input_names=["shapes"],
        output_names=["logits"],
        dynamic_axes={"shapes": {0: "N"}, "logits": {0: "N"}},
        opset_version=17,
        dynamo=False,
    )
    return buffer.getvalue()


def measured(faces: Split, stored: dict[str, F32], name: str) -> tuple[Split, F32]:
    """The faces of a split that have a mesh in both views, and their views (2, N, 52)."""
    views = np.stack([stored[name], stored[f"{name}_mirrored"]])
    found = np.flatnonzero(np.isfinite(views).all((0, 2)))
    return faces.some(found), views[:, found]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--shapes", type=Path, required=True, help="from fusion_features")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    recipe = Recipe(seed=given.seed)
    with np.load(given.shapes) as file:
        stored = {name: file[name] for name in file.files}

    train = load(given.data, "train")
    apart = held_out(train)
    kept = np.setdiff1d(np.arange(len(train.images)), apart)
    taught, views = measured(
        train.some(kept), {k: v[kept] for k, v in stored.items() if "train" in k}, "train"
    )
    head = fit(recipe, torch.from_numpy(views), torch.from_numpy(taught.target), taught.label)

    judge = train.some(apart)
    judged, seen = measured(
        judge, {k: v[apart] for k, v in stored.items() if "train" in k}, "train"
    )
    with torch.no_grad():
        logits = head(torch.from_numpy(seen[0])).numpy()
    sure = judged.decided
    temperature = round(fit_temperature(logits[sure], judged.label[sure]), 3)
    print("held-out", Figures.of(logits, judged, temperature=temperature))
    valid, seen = measured(load(given.data, "valid"), stored, "valid")
    with torch.no_grad():
        figures = Figures.of(
            head(torch.from_numpy(seen[0])).numpy(), valid, temperature=temperature
        )
    print("valid", figures)

    data = export(head)
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / MODEL
    path.write_bytes(data)
    text = write(
        sha256=hashlib.sha256(data).hexdigest(),
        temperature=temperature,
        faces=len(taught.images),
        figures=figures,
    )
    path.with_suffix(".toml").write_text(text, encoding="utf-8")
    print(f"{path}: {len(data)} bytes; now run training.emotion.fuse")


if __name__ == "__main__":
    main()
