"""The network: normalised points → 52 shapes. Symmetric, small, several members averaged.

Besides the points it is given the distances that faces are read by (lid gaps, lip gaps, brows), in
units of the eye or the face: they are differences of nearly equal coordinates, which a network
finds late from coordinates alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vtdrive.vocab import MIRROR_SHAPE, SHAPES, UNSUPPORTED_SHAPES

__all__ = ["PREDICTED", "Ensemble", "Features", "Member", "mirrored"]

PREDICTED: list[int] = [i for i, n in enumerate(SHAPES) if n not in UNSUPPORTED_SHAPES]
"""Which of the 52 the network answers; the rest are 0."""

SPANS = [
    # lids, right then left eye: upper to lower, and corner to corner
    *[(159, 145), (158, 153), (160, 144), (157, 154), (161, 163), (33, 133)],
    *[(386, 374), (385, 380), (387, 373), (384, 381), (388, 390), (263, 362)],
    # iris to corners and lids
    *[(468, 33), (468, 133), (468, 159), (468, 145), (468, 158), (468, 153)],
    *[(473, 263), (473, 362), (473, 386), (473, 374), (473, 385), (473, 380)],
    # brow to upper lid and to the other brow, brow to eye corner
    *[(105, 159), (66, 158), (107, 133), (70, 33), (52, 159), (107, 168)],
    *[(334, 386), (296, 385), (336, 362), (300, 263), (282, 386), (336, 168), (107, 336)],
    # inner and outer lips, mouth width, corners to nose and eyes
    *[(13, 14), (82, 87), (312, 317), (81, 178), (311, 402), (80, 88), (310, 318)],
    *[(0, 13), (14, 17), (37, 82), (84, 87), (267, 312), (314, 317)],
    *[(61, 291), (78, 308), (61, 33), (291, 263), (61, 64), (291, 294), (61, 2), (291, 2)],
    *[(0, 2), (17, 152), (14, 152), (152, 2), (61, 152), (291, 152)],
    # nose wings and cheeks
    *[(64, 133), (294, 362), (98, 6), (327, 6), (50, 145), (280, 374), (205, 61), (425, 291)],
]


class Features(nn.Module):
    """(N, P, 5) points → (N, D): coordinates and spans, standardised."""

    index: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, points: npt.NDArray[np.intp]) -> None:
        super().__init__()
        where = {int(point): at for at, point in enumerate(points)}
        index = torch.tensor([[where[a], where[b]] for a, b in SPANS])
        width = len(points) * 5 + 2 * len(SPANS)
        self.register_buffer("index", index)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))
        self.width = width

    def raw(self, points: Tensor) -> Tensor:
        gap = points[:, self.index[:, 0]] - points[:, self.index[:, 1]]
        gap = gap[..., :4] * gap[..., :4]  # upright x, y; frontal x, y: depth is too noisy here
        spans = torch.sqrt(torch.stack([gap[..., :2].sum(-1), gap[..., 2:].sum(-1)], -1) + 1e-6)
        return torch.cat([points.flatten(1), spans.flatten(1)], 1)

    def fit(self, points: Tensor) -> None:
        """Takes mean and spread from (N, P, 5) samples."""
        raw = self.raw(points)
        self.mean.copy_(raw.mean(0))
        self.std.copy_(raw.std(0).clamp_min(1e-3))

    def forward(self, points: Tensor) -> Tensor:
        return ((self.raw(points) - self.mean) / self.std).clamp(-6, 6)


class Member(nn.Module):
    """A residual perceptron: (N, D) features → (N, len(PREDICTED)) logits."""

    def __init__(self, width: int, hidden: int = 192, blocks: int = 2, drop: float = 0.1) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(width, hidden), nn.SiLU(), nn.Dropout(drop))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(hidden),
                nn.Linear(hidden, hidden),
                nn.SiLU(),
                nn.Dropout(drop),
                nn.Linear(hidden, hidden),
            )
            for _ in range(blocks)
        )
        self.head = nn.Linear(hidden, len(PREDICTED))

    def forward(self, features: Tensor) -> Tensor:
        out = self.stem(features)
        for block in self.blocks:
            out = out + block(out)
        return torch.as_tensor(self.head(out))


def mirrored(points: Tensor, partner: Tensor) -> Tensor:
    """The same face in a mirror: x negated and left points swapped with right ones."""
    sign = points.new_tensor([-1, 1, -1, 1, 1])
    return points[:, partner] * sign


class Ensemble(nn.Module):
    """Members averaged over themselves and over the mirror image: what is shipped."""

    partner: Tensor
    swap: Tensor
    place: Tensor

    def __init__(
        self, features: Features, members: list[Member], partner: npt.NDArray[np.intp]
    ) -> None:
        super().__init__()
        self.features = features
        self.members = nn.ModuleList(members)
        self.register_buffer("partner", torch.tensor(partner))
        self.register_buffer(
            "swap", torch.tensor([PREDICTED.index(MIRROR_SHAPE[i]) for i in PREDICTED])
        )
        place = [
            PREDICTED.index(i) if i in PREDICTED else len(PREDICTED) for i in range(len(SHAPES))
        ]
        self.register_buffer("place", torch.tensor(place))

    def forward(self, points: Tensor) -> Tensor:
        """(N, P, 5) → (N, 52) in [0, 1]; unsupported shapes exactly 0."""
        both = self.features(torch.cat([points, mirrored(points, self.partner)], 0))
        shapes = sum(torch.sigmoid(member(both)) for member in self.members) / len(self.members)
        straight, glass = torch.as_tensor(shapes).chunk(2, 0)
        mean = (straight + glass[:, self.swap]) / 2
        return torch.cat([mean, torch.zeros_like(mean[:, :1])], 1)[:, self.place]
