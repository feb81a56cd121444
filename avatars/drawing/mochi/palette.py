"""Mochi's colours. Shades turn towards red and violet, lights towards yellow; nothing is grey."""

from __future__ import annotations

from typing import Final

__all__ = [
    "BELLY",
    "BERRY",
    "BERRY_DARK",
    "BERRY_LIGHT",
    "BERRY_LINE",
    "BODY",
    "BODY_DARK",
    "BODY_LIGHT",
    "BODY_SHADE",
    "CHEEK",
    "EYE_WHITE",
    "FLOOR",
    "INK",
    "IRIS",
    "LASH",
    "MOUTH",
    "SHINE",
    "SOFT_INK",
    "TONGUE",
    "TOOTH",
]

INK: Final = "#6b2545"
"""Of the body's outline."""
SOFT_INK: Final = "#b4526a"
"""Of folds inside the body."""
BODY: Final = "#ffb37f"
BODY_SHADE: Final = "#f08c74"
BODY_DARK: Final = "#d96b71"
BODY_LIGHT: Final = "#ffd3a3"
BELLY: Final = "#ffe6c7"
BERRY: Final = "#d9436f"
BERRY_DARK: Final = "#a92c6b"
BERRY_LIGHT: Final = "#f58190"
BERRY_LINE: Final = "#5a1b4c"
CHEEK: Final = "#f4566c"
LASH: Final = "#43203f"
EYE_WHITE: Final = "#fdf6f1"
IRIS: Final = ("#1f2f6b", "#2f6cba", "#7fdcee", "#1a1838")
"""Rim, middle, glow, pupil."""
SHINE: Final = "#ffffff"
MOUTH: Final = "#7d1f45"
TONGUE: Final = "#f2728b"
TOOTH: Final = "#fff5ea"
FLOOR: Final = "#2b1a3a"
