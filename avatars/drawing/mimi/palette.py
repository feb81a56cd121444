"""Mimi's colours: shades lean towards violet, lights towards yellow, lines are coloured too."""

from __future__ import annotations

from typing import Final

HAIR: Final = "#f6b78b"
HAIR_SHADE: Final = "#de8a7e"
HAIR_DEEP: Final = "#b8627a"
HAIR_LIGHT: Final = "#ffdcb0"
HAIR_LINE: Final = "#7a3048"
HAIR_MID: Final = "#c4707a"

CREAM: Final = "#fff3e6"
CREAM_SHADE: Final = "#f0cdca"

EAR: Final = "#f7aca6"
EAR_SHADE: Final = "#d97a8a"

SKIN: Final = "#ffeadf"
SKIN_SHADE: Final = "#f8c2b9"
SKIN_DEEP: Final = "#eb9fa5"
SKIN_LINE: Final = "#a04a5e"
LIPS: Final = "#8c3450"
BLUSH: Final = "#ff8f94"

WHITE: Final = "#f9f4f7"
WHITE_SHADE: Final = "#cfc4e4"
LASH: Final = "#48203c"
BROW: Final = "#5c1f3c"
CREASE: Final = "#c87a80"
RIM: Final = "#1d3a63"
IRIS_TOP: Final = "#1f5583"
IRIS: Final = "#2a9db4"
IRIS_LOW: Final = "#93f0dc"
PUPIL: Final = "#1a2a4c"
SPARK: Final = "#ffffff"

KNIT: Final = "#97a3ee"
KNIT_SHADE: Final = "#7272d2"
KNIT_DEEP: Final = "#5a52b0"
KNIT_LIGHT: Final = "#b9c6fb"
KNIT_LINE: Final = "#38307e"
LINEN: Final = "#fbf5f6"
LINEN_SHADE: Final = "#d5c9ea"
LINEN_LINE: Final = "#574a8c"

RED: Final = "#f4656f"
RED_SHADE: Final = "#c8426e"
RED_LIGHT: Final = "#ff9a90"
RED_LINE: Final = "#7a1d4b"
GOLD: Final = "#ffd468"
GOLD_SHADE: Final = "#e99b4f"
GOLD_LINE: Final = "#874427"

MOUTH: Final = "#9c3150"
TONGUE: Final = "#f2838a"
TOOTH: Final = "#fdf7f5"
