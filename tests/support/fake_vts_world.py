"""What a VTube Studio that is not there consists of, apart from its server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["DEFAULTS", "FakeHotkey", "FakeModel", "Injection", "Refusal", "World"]

DEFAULTS = (
    "FacePositionX", "FacePositionY", "FacePositionZ", "FaceAngleX", "FaceAngleY", "FaceAngleZ",
    "MouthSmile", "MouthOpen", "Brows", "TongueOut", "CheekPuff", "FaceAngry", "BrowLeftY",
    "BrowRightY", "EyeOpenLeft", "EyeOpenRight", "EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY",
    "MouthX", "MousePositionX", "MousePositionY", "VoiceVolume", "VoiceFrequency",
)  # fmt: skip
"""The inputs that it has by itself."""


class Refusal(Exception):
    """An APIError to be sent."""

    def __init__(self, number: int, message: str = "no") -> None:
        super().__init__(message)
        self.number = number


@dataclass
class FakeHotkey:
    name: str
    hotkey_id: str
    action: str = "ToggleExpression"
    file: str = ""


@dataclass
class FakeModel:
    name: str = "Akari"
    hotkeys: list[FakeHotkey] = field(default_factory=list)
    expressions: list[str] = field(default_factory=list)


@dataclass
class World:
    """What VTube Studio keeps on disk: it outlives a restart."""

    tokens: dict[str, str] = field(default_factory=dict)
    """Token -> plugin's name and developer."""
    customs: dict[str, dict[str, Any]] = field(default_factory=dict)
    defaults: tuple[str, ...] = DEFAULTS


@dataclass(frozen=True)
class Injection:
    """One accepted InjectParameterDataRequest."""

    t_s: float
    found: bool
    mode: str
    values: dict[str, tuple[float, float]]
    """Name -> value and weight."""
