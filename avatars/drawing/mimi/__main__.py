"""Write `avatars/mimi/drawing.svg`."""

from __future__ import annotations

from pathlib import Path

from avatars.drawing.mimi.figure import drawn

if __name__ == "__main__":
    sheet = drawn()
    sheet.write(Path(__file__).resolve().parents[2] / "mimi" / "drawing.svg")
    print(f"{sum(sheet.cubics.values())} cubics: {sheet.cubics}")
