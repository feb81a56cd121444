"""Trains the network on FER+'s vote distributions; the same command again resumes.

    python -m training.emotion.train 48:9 64:11 --data FERPLUS --squares SQUARES.npz --out RUN

Each PIXELS:EPOCHS is one leg at one input size. Soft cross-entropy, SGD with Nesterov momentum,
one warm-up and cosine over all legs, an exponential mean of the weights as the result. 2,000 faces
of the training split are left out: they calibrate the quantized network.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.emotion.augment import Augment, network_input
from training.emotion.data import CROP_PX, Split, deal, held_out, load
from training.emotion.model import ResNet50, initialise, load_weights, save_weights
from training.emotion.scores import accuracy, macro_f1
from vtdrive.classifiers.crop import cut_square
from vtdrive.types import F32, U8

__all__ = ["Recipe", "aligned", "learning_rate", "logits_of", "train"]

_EMA_EVERY = 4
"""Steps between updates of the mean weights: a twentieth of the time of updating at each."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the outcome, besides the data."""

    plan: tuple[int, ...]
    """Input size in pixels of each epoch."""
    peak_lr: float = 0.06
    batch: int = 128
    seed: int = 0
    warmup: float = 0.06
    momentum: float = 0.9
    weight_decay: float = 5e-4
    ema: float = 0.99
    rare: float = 0.5
    """How much more often rare emotions are shown; see `data.deal`."""
    start: str = ""
    """Weights to start from; empty for random ones."""


def learning_rate(share: float, *, peak: float, warmup: float) -> float:
    """At `share` (0..1) of the whole run: a line up, then half a cosine down to 1e-4."""
    if share < warmup:
        return peak * share / warmup + 1e-4
    return peak * 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup))) + 1e-4


def aligned(images: U8, squares: F32) -> U8:
    """(N, 48, 48) crops as run time cuts them, from pictures and their squares (N, 4)."""
    out = np.empty((len(images), CROP_PX, CROP_PX), np.uint8)
    for crop, image, (x, y, turn, side) in zip(out, images, squares.astype(float), strict=True):
        right = np.array([math.cos(turn), math.sin(turn)])
        rgb = np.repeat(image[:, :, None], 3, 2)
        crop[:] = cut_square(rgb, np.array([x, y]), right, side, size_px=CROP_PX)
    return out


@torch.no_grad()
def logits_of(model: ResNet50, crops: Tensor, *, size_px: int) -> Tensor:
    """(N, 8) logits of u8 (N, 48, 48), one unaltered view each."""
    model.eval()
    out = []
    for batch in torch.split(crops, 128):
        with torch.autocast("cpu", torch.bfloat16):
            out.append(model(network_input(batch[:, None].float(), size_px))[0].float())
    return torch.cat(out)


class Run:
    """Model, mean weights and optimiser, and the file that outlives an interruption."""

    def __init__(self, recipe: Recipe, folder: Path, *, keep: bool = False) -> None:
        torch.manual_seed(recipe.seed)
        self.keep = keep
        self.recipe, self.folder, self.done = recipe, folder, 0
        self.model = ResNet50()
        initialise(self.model)
        if recipe.start:
            load_weights(self.model, Path(recipe.start))
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean = copy.deepcopy(self.model)
        self.optimiser = torch.optim.SGD(
            self.model.parameters(),
            lr=recipe.peak_lr,
            momentum=recipe.momentum,
            nesterov=True,
            weight_decay=recipe.weight_decay,
        )
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    @property
    def _file(self) -> Path:
        return self.folder / "state.pt"

    def _resume(self) -> None:
        if not self._file.exists():
            return
        state = torch.load(self._file, weights_only=True)
        if state["recipe"] != json.dumps(asdict(self.recipe)):
            raise SystemExit(f"{self._file} is of another recipe: name another --out")
        self.model.load_state_dict(state["model"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        self.done = state["done"]

    def save(self) -> None:
        """After an epoch: the state to resume from, and the mean weights as the result so far."""
        state = {
            "recipe": json.dumps(asdict(self.recipe)),
            "model": self.model.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "done": self.done,
        }
        # Written beside and moved over, so that a kill while writing costs one epoch, not all.
        fresh = self._file.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self._file)
        save_weights(self.mean.state_dict(), self.folder / "weights.pt")
        if self.keep:
            save_weights(self.mean.state_dict(), self.folder / f"weights-{self.done}.pt")

    def update_mean(self, step: int) -> None:
        """Moves the mean weights; faster at first, so that the start is soon forgotten."""
        keep = min(self.recipe.ema, (1 + step) / (40 + step))
        pairs = zip(self.mean.state_dict().values(), self.model.state_dict().values(), strict=True)
        mean, now = zip(*((a, b) for a, b in pairs if a.is_floating_point()), strict=True)
        torch._foreach_lerp_(mean, now, 1 - keep)

    def epoch(self, faces: Split, squares: Tensor, *, size_px: int) -> float:
        """One pass over the faces in a fresh order; the mean loss."""
        recipe, augment = self.recipe, Augment()
        images, target = torch.from_numpy(faces.images), torch.from_numpy(faces.target)
        dealt = torch.from_numpy(deal(faces.label, rare=recipe.rare))
        per_epoch = len(dealt) // recipe.batch
        order, total = dealt[torch.randperm(len(dealt))], 0.0
        self.model.train()
        for i in range(per_epoch):
            step = self.done * per_epoch + i
            rate = learning_rate(
                step / (per_epoch * len(recipe.plan)), peak=recipe.peak_lr, warmup=recipe.warmup
            )
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            chosen = order[i * recipe.batch : (i + 1) * recipe.batch]
            views = augment(images[chosen], squares[chosen], size_px)
            with torch.autocast("cpu", torch.bfloat16):
                logits, _ = self.model(views)
            loss = nn.functional.cross_entropy(logits.float(), target[chosen])
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            total += loss.item()
            if (step + 1) % _EMA_EVERY == 0:
                with torch.no_grad():
                    self.update_mean(step + 1)
        self.done += 1
        return total / per_epoch


def train(
    recipe: Recipe,
    faces: Split,
    valid: Split,
    squares: dict[str, F32],
    folder: Path,
    *,
    keep: bool = False,
) -> None:
    """Runs what is left of the recipe and leaves `weights.pt` in `folder`.

    With `keep`, those of every epoch too, as `weights-N.pt`.
    """
    run = Run(recipe, folder, keep=keep)
    used = np.setdiff1d(np.arange(len(faces.images)), held_out(faces))
    faces, where = faces.some(used), torch.from_numpy(squares["train"][used])
    crops = torch.from_numpy(aligned(valid.images, squares["valid"]))
    started = time.monotonic()
    for size_px in recipe.plan[run.done :]:
        loss = run.epoch(faces, where, size_px=size_px)
        run.save()
        logits = logits_of(run.mean, crops, size_px=size_px).numpy()
        print(
            f"epoch {run.done}/{len(recipe.plan)} {size_px} px loss {loss:.4f}"
            f" valid {accuracy(logits, valid):.4f}"
            f" all {accuracy(logits, valid, decided_only=False):.4f}"
            f" macro-F1 {macro_f1(logits, valid):.3f}"
            f" {(time.monotonic() - started) / 60:.1f} min",
            flush=True,
        )


def _leg(text: str) -> list[int]:
    pixels, epochs = text.split(":")
    return [int(pixels)] * int(epochs)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("plan", nargs="+", type=_leg, metavar="PIXELS:EPOCHS")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz, valid.npz")
    parser.add_argument("--squares", type=Path, required=True, help="from training.emotion.align")
    parser.add_argument("--out", type=Path, required=True, help="folder of this run")
    parser.add_argument("--keep", action="store_true", help="keep the weights of every epoch")
    parser.add_argument("--start", default="", help="weights to start from")
    parser.add_argument("--peak-lr", type=float, default=0.06)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rare", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    recipe = Recipe(
        plan=tuple(size for leg in given.plan for size in leg),
        peak_lr=given.peak_lr,
        batch=given.batch,
        seed=given.seed,
        rare=given.rare,
        start=given.start,
    )
    with np.load(given.squares) as stored:
        squares = {name: stored[name] for name in ("train", "valid")}
    train(
        recipe,
        load(given.data, "train"),
        load(given.data, "valid"),
        squares,
        given.out,
        keep=given.keep,
    )


if __name__ == "__main__":
    main()
