"""`vtdrive cameras`."""

from __future__ import annotations

import typer

__all__ = ["cameras"]


def cameras() -> None:
    """List the cameras that --source can name."""
    from vtdrive.sources.enumerate import list_cameras

    found = list_cameras()
    if not found:
        typer.echo("no camera found: plug one in, or try a video: vtdrive run --source clip.mp4")
        return
    for camera in found:
        typer.echo(str(camera))
