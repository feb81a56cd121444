"""ResNet50 for small grey faces, which also hands out what it saw before naming it."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["EMBEDDING", "ResNet50", "initialise", "load_weights", "save_weights"]

EMBEDDING = 2048
"""Length of the pooled features."""

_STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Width, blocks, stride of the first block."""

_OLD_NAMES = (
    (r"\.([cb])([123])\.", lambda m: f".{'conv' if m[1] == 'c' else 'norm'}{m[2]}."),
    (r"\.d\.", lambda m: ".shortcut."),
    (r"^body\.", lambda m: "blocks."),
    (r"^fc\.", lambda m: "head."),
)
"""How the first checkpoint, `resnet50_ferplus.pt`, spelled its parameters."""


class Bottleneck(nn.Module):
    """1×1 down, 3×3 (which carries the stride), 1×1 up, added to the input."""

    def __init__(self, channels: int, width: int, *, stride: int) -> None:
        super().__init__()
        out = width * 4
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y)) + self.shortcut(x)
        out: Tensor = self.relu(y)
        return out


class ResNet50(nn.Module):
    """(N, 1, S, S) normalised grey to logits (N, classes) and embedding (N, 2048)."""

    def __init__(self, classes: int = 8) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 64, 7, 2, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        )
        blocks: list[nn.Module] = []
        channels = 64
        for width, count, stride in _STAGES:
            for i in range(count):
                blocks.append(Bottleneck(channels, width, stride=stride if i == 0 else 1))
                channels = width * 4
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(EMBEDDING, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.pool(self.blocks(self.stem(x))).flatten(1)
        return self.head(embedding), embedding


def initialise(model: ResNet50) -> None:
    """He initialisation; each block starts as the identity, which trains faster at first."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, Bottleneck):
            nn.init.zeros_(module.norm3.weight)


def save_weights(state: dict[str, Tensor], path: Path) -> None:
    """Writes a state dict with its floats as float16: half the size, no measurable loss."""
    torch.save({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, path)


def load_weights(model: ResNet50, path: Path) -> None:
    """Reads what `save_weights` wrote, or the first checkpoint with its shorter names."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    renamed = {}
    for name, value in state.items():
        for pattern, spelled in _OLD_NAMES:
            name = re.sub(pattern, spelled, name)
        renamed[name] = value.float() if value.is_floating_point() else value
    model.load_state_dict(renamed)
