"""Random views of a batch of faces: placed, relit, made noisy, partly hidden. Always 48 px first.

Run time cuts a face at 48 px, standardises it and enlarges it to the input size; a view goes the
same way, so that whatever happens to it happens where a camera or a light would do it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.emotion.data import CROP_PX
from vtdrive.classifiers.crop import face_oval

__all__ = ["Augment", "network_input", "standardised"]


def standardised(views: Tensor) -> Tensor:
    """(N, 1, S, S) greys of 0 to 255, as `vtdrive.classifiers.crop.standardised` does it."""
    inside = views[:, 0, torch.from_numpy(face_oval(views.shape[-1]).copy())]
    mean = inside.mean(1)[:, None, None, None]
    spread = inside.std(1, unbiased=False).clamp_min(4.0)[:, None, None, None]
    return ((views - mean) / spread).clamp(-3, 3)


def network_input(views: Tensor, size_px: int) -> Tensor:
    """(N, 1, 48, 48) greys to what the network takes, (N, 1, size_px, size_px)."""
    x = F.interpolate(standardised(views), (size_px, size_px), mode="bilinear", align_corners=False)
    return x.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True, slots=True)
class Augment:
    """How far views may stray; every value is drawn anew for each face."""

    turn_rad: float = math.radians(13)
    scale: float = 0.14
    stretch: float = 0.07
    """Of the width against the height."""
    shift: float = 0.09
    """Share of half the square's side."""
    unaligned: float = 0.1
    """Probability that the picture's own frame is taken instead of the face mesh's square."""
    hide: float = 0.4
    """Probability that one box of 0.1 to 0.45 of the side is painted over."""

    def __call__(self, images: Tensor, squares: Tensor, size_px: int) -> Tensor:
        """u8 (N, H, W) and their squares (N, 4) to f32 (N, 1, size_px, size_px).

        `squares` are centre x and y, turn in radians and side, in pixels of the picture.
        """
        n = len(images)
        whole = torch.tensor([CROP_PX / 2 - 0.5, CROP_PX / 2 - 0.5, 0.0, CROP_PX])
        squares = torch.where(_some(n, self.unaligned)[:, :, 0, 0], whole, squares)
        views = F.grid_sample(
            images.float()[:, None] / 255,
            F.affine_grid(
                self._placements(squares, images.shape[-1]),
                [n, 1, CROP_PX, CROP_PX],
                align_corners=False,
            ),
            align_corners=False,
            padding_mode="border",
        )
        views = self._hidden(self._relit(views))
        return network_input((views.clamp(0, 1) * 255).round(), size_px)

    def _placements(self, squares: Tensor, side_px: int) -> Tensor:
        """(N, 2, 3) affine maps from the view to the picture, in -1..1 coordinates."""
        n = len(squares)
        turn = squares[:, 2] + _around_zero(n, self.turn_rad).flatten()
        scale = squares[:, 3] / side_px * (1 + _around_zero(n, self.scale).flatten())
        wide = 1 + _around_zero(n, self.stretch).flatten()
        mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
        at = (squares[:, :2] + 0.5) / side_px * 2 - 1
        at = at + (torch.rand(n, 2) * 2 - 1) * self.shift
        c, s = torch.cos(turn) * scale, torch.sin(turn) * scale
        x = torch.stack([mirror * c * wide, -s, at[:, 0]], 1)
        y = torch.stack([mirror * s * wide, c, at[:, 1]], 1)
        return torch.stack([x, y], 1)

    def _relit(self, views: Tensor) -> Tensor:
        """Gamma, light from one side, another background, exposure, blur and sensor noise."""
        n = len(views)
        views = views.clamp_min(1e-4) ** torch.exp(_around_zero(n, 0.5) * _some(n, 0.5))
        at = torch.linspace(-1, 1, CROP_PX)
        angle = torch.rand(n, 1, 1, 1) * 2 * math.pi
        towards = (
            torch.cos(angle) * at[None, None, None] + torch.sin(angle) * at[None, None, :, None]
        )
        views = views * (1 + torch.rand(n, 1, 1, 1) * 0.5 * _some(n, 0.4) * towards)

        # The oval's edge is soft and a little off: a hard one would be a clue of its own.
        x, y = (at[None, :] - 0) / 0.72, (at[:, None] - 0.06) / 0.9
        outside = torch.sigmoid(((x**2 + y**2) - 1) * 6)
        views = views * torch.exp(_around_zero(n, 0.8) * _some(n, 0.35) * outside)

        oval = torch.from_numpy(face_oval(CROP_PX).copy())
        mean = views[:, 0, oval].mean(1)[:, None, None, None].clamp_min(1e-3)
        wanted = torch.exp(torch.empty(n, 1, 1, 1).uniform_(math.log(14), math.log(185))) / 255
        views = views * torch.where(_some(n, 0.5), wanted / mean, torch.ones(1))
        soft = F.avg_pool2d(F.pad(views, (1, 1, 1, 1), mode="replicate"), 3, 1)
        views = torch.lerp(views, soft, torch.rand(n, 1, 1, 1) * _some(n, 0.3))
        shot = torch.rand(n, 1, 1, 1) * 0.03 * views.clamp_min(0).sqrt()
        read = torch.rand(n, 1, 1, 1) * 0.01
        return views + torch.randn_like(views) * (shot + read) * _some(n, 0.5)

    def _hidden(self, views: Tensor) -> Tensor:
        """One box painted over with one grey, as bright as something lit like the face."""
        n, side = len(views), views.shape[-1]
        at = torch.arange(side)
        centre = torch.rand(2, n, 1) * side
        half = side * (0.05 + 0.175 * torch.rand(2, n, 1))
        rows, columns = (at - centre).abs() < half
        boxes = (rows[:, :, None] & columns[:, None, :])[:, None] & _some(n, self.hide)
        grey = views.mean((2, 3), keepdim=True) * 2 * torch.rand(n, 1, 1, 1)
        return torch.where(boxes, grey, views)


def _some(n: int, share: float) -> Tensor:
    """(N, 1, 1, 1) true with probability `share`."""
    return torch.rand(n, 1, 1, 1) < share


def _around_zero(n: int, reach: float) -> Tensor:
    """(N, 1, 1, 1) uniform in ±reach."""
    return (torch.rand(n, 1, 1, 1) * 2 - 1) * reach
