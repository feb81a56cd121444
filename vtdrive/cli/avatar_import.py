"""`vtdrive avatar import`: a PNGtuber becomes an avatar that vtdrive draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["import_"]


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of pictures, or a .save, .veado, .veadomini or .pngRemix file."
        ),
    ],
    name: Annotated[
        str,
        typer.Argument(help="Of the new avatar; not given: the source's.", show_default=False),
    ] = "",
    out: Annotated[Path, typer.Option(help="The folder that gets the avatar's folder.")] = Path(
        "avatars"
    ),
    costume: Annotated[
        int,
        typer.Option(min=1, max=10, help="The costume or state of the file that is shown."),
    ] = 1,
) -> None:
    """Make an avatar of a PNGtuber: pictures, PNGTuber Plus, veadotube, PNGTube-Remix.

    What was not taken over is listed. Nothing that is there is written over.
    """
    from vtdrive.errors import UsageError
    from vtdrive.render.importing.names import slug
    from vtdrive.render.importing.source import import_avatar
    from vtdrive.render.rig import load_rig

    title = name or source.resolve().stem
    short = slug(title) or "imported"
    if name and short != name:
        raise UsageError(
            f"{name!r} is no name for an avatar", f"small letters, digits and -: {short}"
        )
    folder = out / short
    made = import_avatar(source, folder, name=title, costume=costume)
    load_rig(folder)
    for note in made.notes:
        typer.echo(f"  note: {note}")
    count = len(made.pictures)
    typer.echo(f"wrote {folder}: {count} picture{'s' if count != 1 else ''}")
    typer.echo(f"Look at it: vtdrive avatar preview {folder}")
    typer.echo(f"Be it: vtdrive run --avatar {folder} --sink window:")
