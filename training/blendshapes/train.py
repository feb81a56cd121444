"""Trains members of the blendshape network on the samples of `augment.py`.

    python training/blendshapes/train.py SAMPLES.npz BASE.pt --stills-only --set steps=3000
    python training/blendshapes/train.py SAMPLES.npz FOLDS.json --base BASE.pt --leave-one-out
    python training/blendshapes/train.py SAMPLES.npz MEMBER.pt --base BASE.pt --set seed=1

The first form learns from still faces alone and is where the others start. The second goes on once
for each video clip without any sample that knows it, and writes how well that clip is answered: the
figure to judge changes by. The third makes a member of the shipped model.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from model import PREDICTED, Ensemble, Features, Member, mirrored
from points import mirror_of
from torch import Tensor

from vtdrive.vocab import MIRROR_SHAPE, SHAPES

__all__ = ["Data", "Recipe", "main", "train"]

MOVING = 0.03
"""A shape counts where the teacher's standard deviation exceeds this."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is tried; the defaults are what the shipped model was trained with."""

    seed: int = 0
    steps: int = 3000
    batch: int = 768
    block: int = 192
    """Frames of one clip in each batch, for the loss on differences within a clip."""
    within: float = 0.5
    """Weight of that loss."""
    rate: float = 2e-3
    decay: float = 1e-2
    echo: float = 0.5
    """Share of the echo in what is learnt; the rest is the label."""
    noise: float = 0.004
    """Of each coordinate, in face units: what the mesh trembles by."""
    hidden: int = 192
    drop: float = 0.1
    shares: tuple[float, ...] = (0.2, 0.25, 0.13, 0.12, 0.12, 0.12, 0.06)
    """Of each kind of sample in a batch, in the order of `augment.KINDS`."""


@dataclass(slots=True)
class Data:
    """Samples in memory."""

    points: Tensor
    labels: Tensor
    echoes: Tensor
    clips: npt.NDArray[np.int16]
    faces: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int8]
    layout_points: npt.NDArray[np.intp]
    partner: npt.NDArray[np.intp]

    @staticmethod
    def load(path: Path) -> Data:
        raw = np.load(path)
        points = raw["points"]
        partner = mirror_of(points[raw["kinds"] <= 1][:, :, 2:].mean(0))
        return Data(
            torch.from_numpy(points),
            torch.from_numpy(raw["labels"][:, PREDICTED]),
            torch.from_numpy(raw["echoes"][:, PREDICTED]),
            raw["clips"],
            raw["faces"],
            raw["kinds"],
            raw["layout_points"],
            partner,
        )


def load_member(path: Path, data: Data) -> tuple[Features, Member]:
    """A saved member and its feature scaling."""
    saved = torch.load(path, weights_only=True)
    features = Features(data.layout_points)
    features.load_state_dict(saved["features"])
    member = Member(features.width, saved["member"]["stem.0.weight"].shape[0])
    member.load_state_dict(saved["member"])
    return features, member


def train(
    data: Data, allowed: npt.NDArray[np.bool_], recipe: Recipe, base: Path | None = None
) -> tuple[Features, Member]:
    """One member from the samples where `allowed` is True, starting from `base` where given."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    pools = [np.flatnonzero(allowed & (data.kinds == kind)) for kind in range(len(recipe.shares))]
    clips = [
        rows
        for clip in np.unique(data.clips[pools[1]])
        if len(rows := pools[1][data.clips[pools[1]] == clip])
    ]
    real = np.concatenate(pools[:2])
    spread = data.labels[torch.from_numpy(real)].std(0).clamp_min(0.03)
    targets = torch.lerp(data.labels, data.echoes, recipe.echo)
    if base is not None:
        features, member = load_member(base, data)
    else:
        features = Features(data.layout_points)
        some = [rng.choice(pool, min(len(pool), 2000)) for pool in pools if len(pool)]
        features.fit(data.points[torch.from_numpy(np.concatenate(some))])
        member = Member(features.width, recipe.hidden, drop=recipe.drop)
    average = Member(features.width, member.head.in_features, drop=recipe.drop)
    average.load_state_dict(member.state_dict())
    optimiser = torch.optim.AdamW(member.parameters(), recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, total_steps=recipe.steps, pct_start=0.1
    )
    partner = torch.from_numpy(data.partner)
    swap = torch.tensor([PREDICTED.index(MIRROR_SHAPE[i]) for i in PREDICTED])
    block = recipe.block if clips else 0
    counts = [round(share * recipe.batch) for share in recipe.shares]
    member.train()
    for step in range(recipe.steps):
        rows = np.concatenate(
            [rng.choice(pool, n) for pool, n in zip(pools, counts, strict=True) if len(pool)]
            + [rng.choice(clips[rng.integers(len(clips))], block) for _ in clips[:1]]
        )
        # Every second clip block and every second sample is seen in a mirror.
        cut = (len(rows) - block) // 2
        glass = np.r_[np.arange(cut), np.arange(len(rows) - block * (step % 2), len(rows))]
        straight = np.setdiff1d(np.arange(len(rows)), glass)
        rng.shuffle(rows[: len(rows) - block])
        order = np.concatenate([glass, straight])
        rows = rows[order]
        at = torch.from_numpy(rows)
        points, labels = data.points[at], targets[at]
        points[: len(glass)] = mirrored(points[: len(glass)], partner)
        labels[: len(glass)] = labels[: len(glass), swap]
        points += recipe.noise * torch.randn(points.shape)
        end = len(glass) if step % 2 else len(rows)
        error = (torch.sigmoid(member(features(points))) - labels) / spread
        inside = error[end - block : end]
        loss = torch.nn.functional.smooth_l1_loss(error, torch.zeros_like(error), beta=2.0) * 2
        if block:
            loss = loss + recipe.within * (inside - inside.mean(0)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(member.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():  # a running mean of the weights is steadier than the last ones
            keep = min(0.995, (step + 1) / (step + 10))
            for mean, now in zip(average.parameters(), member.parameters(), strict=True):
                mean.lerp_(now, 1 - keep)
    average.eval()
    return features, average


def score(shown: npt.NDArray[np.float32], truth: npt.NDArray[np.float32]) -> dict[str, float]:
    """Correlation of each moving shape, by name."""
    out = {}
    for at, index in enumerate(PREDICTED):
        if truth[:, at].std() > MOVING:
            rate = np.corrcoef(shown[:, at], truth[:, at])[0, 1]
            out[SHAPES[index]] = float(np.nan_to_num(rate))
    return out


def leave_one_out(
    data: Data, recipe: Recipe, clips: list[int], out: Path, base: Path | None
) -> None:
    """Trains without each of `clips` in turn and tests on it."""
    result: dict[str, dict[str, float]] = {}
    kept: dict[str, npt.NDArray[np.float32]] = {}
    for clip in clips:
        start = time.monotonic()
        features, member = train(data, data.clips != clip, recipe, base)
        rows = np.flatnonzero((data.kinds == 1) & (data.clips == clip))
        net = Ensemble(features, [member], data.partner).eval()
        with torch.no_grad():
            shown = net(data.points[torch.from_numpy(rows)])[:, PREDICTED].numpy()
        truth = data.labels[torch.from_numpy(rows)].numpy()
        kept[f"clip{clip}"] = shown
        result[str(clip)] = score(shown, truth)
        mean = np.mean(list(result[str(clip)].values()))
        worst = sorted(result[str(clip)].items(), key=lambda item: item[1])[:4]
        error = float(np.abs(shown - truth).mean())
        took = time.monotonic() - start
        print(
            f"clip {clip}: {mean:.3f} over {len(result[str(clip)])}, mae {error:.3f}, "
            f"{took:.0f} s, worst {', '.join(f'{n} {v:.2f}' for n, v in worst)}",
            flush=True,
        )
    means = [float(np.mean(list(shapes.values()))) for shapes in result.values()]
    print(f"mean of the clips' means: {np.mean(means):.4f}")
    np.savez(out.with_suffix(".npz"), **kept)
    out.write_text(json.dumps({"mean_of_clips": float(np.mean(means)), "per_clip": result}))


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--leave-one-out", action="store_true")
    parser.add_argument("--stills-only", action="store_true", help="no sample that knows a clip")
    parser.add_argument("--base", type=Path, help="member to start from")
    parser.add_argument("--clips", type=int, nargs="*", help="only these folds")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="recipe changes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    changes = {}
    for pair in options.set:
        key, _, value = pair.partition("=")
        changes[key] = json.loads(value)
    recipe = Recipe(**changes)
    data = Data.load(options.samples)
    if options.leave_one_out:
        every = [int(clip) for clip in np.unique(data.clips) if clip >= 0]
        leave_one_out(data, recipe, options.clips or every, options.out, options.base)
        return
    allowed = data.clips < 0 if options.stills_only else np.ones(len(data.clips), bool)
    features, member = train(data, allowed, recipe, options.base)
    torch.save({"features": features.state_dict(), "member": member.state_dict()}, options.out)
    print(f"wrote {options.out.name}")


if __name__ == "__main__":
    main()
