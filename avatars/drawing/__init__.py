"""The programs that draw the bundled avatars: `python -m avatars.drawing.NAME` writes their SVG."""
