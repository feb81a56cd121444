"""Random views of a batch of faces: turned, scaled, shifted, mirrored, relit, partly hidden."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.emotion.data import MEAN, STD

__all__ = ["Augment", "normalised"]


def normalised(images: Tensor) -> Tensor:
    """u8 (N, H, W) to f32 (N, 1, H, W), as `vtdrive.classifiers.crop.to_input` scales."""
    return ((images.float() / 255 - MEAN) / STD)[:, None]


@dataclass(frozen=True, slots=True)
class Augment:
    """How far views may stray; every value is drawn anew for each face."""

    turn_rad: float = math.radians(18)
    scale: float = 0.15
    shift: float = 0.1
    """Share of half the picture's side."""
    contrast: float = 0.3
    brightness: float = 0.4
    """In units of the normalised grey."""
    hide: float = 0.35
    """Probability that one box of 0.1 to 0.36 of the side is painted over."""

    def __call__(self, images: Tensor, size_px: int) -> Tensor:
        """u8 (N, H, W) to f32 (N, 1, size_px, size_px), normalised."""
        n = len(images)
        views = F.grid_sample(
            normalised(images),
            F.affine_grid(self._placements(n), [n, 1, size_px, size_px], align_corners=False),
            align_corners=False,
            padding_mode="border",
        )
        views = views * (1 + _around_zero(n, self.contrast))
        views = views + _around_zero(n, self.brightness)
        views = torch.where(self._boxes(n, size_px), torch.randn(n, 1, 1, 1), views)
        return views.contiguous(memory_format=torch.channels_last)

    def _placements(self, n: int) -> Tensor:
        """(N, 2, 3) affine maps from the view to the picture, in -1..1 coordinates."""
        turn = _around_zero(n, self.turn_rad).flatten()
        scale = 1 + _around_zero(n, self.scale).flatten()
        mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
        shift = (torch.rand(n, 2) * 2 - 1) * self.shift
        c, s = torch.cos(turn) * scale, torch.sin(turn) * scale
        x = torch.stack([mirror * c, -s, shift[:, 0]], 1)
        y = torch.stack([mirror * s, c, shift[:, 1]], 1)
        return torch.stack([x, y], 1)

    def _boxes(self, n: int, size_px: int) -> Tensor:
        """(N, 1, S, S) true where a face is painted over."""
        at = torch.arange(size_px)
        centre = torch.rand(2, n, 1) * size_px
        half = size_px * (0.05 + 0.13 * torch.rand(2, n, 1))
        rows, columns = (at - centre).abs() < half
        hidden = torch.rand(n, 1, 1) < self.hide
        boxes: Tensor = rows[:, :, None] & columns[:, None, :] & hidden
        return boxes[:, None]


def _around_zero(n: int, reach: float) -> Tensor:
    """(N, 1, 1, 1) uniform in ±reach."""
    return (torch.rand(n, 1, 1, 1) * 2 - 1) * reach
