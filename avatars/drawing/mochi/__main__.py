"""`python -m avatars.drawing.mochi` writes avatars/mochi/drawing.svg."""

from __future__ import annotations

from pathlib import Path

from avatars.drawing.mochi import drawn

if __name__ == "__main__":
    drawn().write(Path(__file__).parents[2] / "mochi" / "drawing.svg")
