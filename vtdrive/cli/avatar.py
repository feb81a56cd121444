"""`vtdrive avatar`: list, begin, check, look at and export avatars that vtdrive draws itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from vtdrive.cli.avatar_import import import_

__all__ = ["app"]

app = typer.Typer(
    name="avatar", help="The built-in avatars: list, make, check, look, export.",
    no_args_is_help=True,
)  # fmt: skip
app.command("import")(import_)

Name = Annotated[str, typer.Argument(help="A name of `vtdrive avatar list`, or a folder.")]


@app.command("list")
def list_() -> None:
    """List the avatars that --avatar takes, the name first."""
    from vtdrive.errors import ConfigError
    from vtdrive.render.format.read import read_avatar
    from vtdrive.render.library import avatar_folders

    there = sys.stdout is not None and sys.stdout.isatty()
    for folder in avatar_folders():
        try:
            avatar, _ = read_avatar(folder)
            about = " ".join((avatar.about or avatar.name).split())
        except ConfigError as fault:
            about = f"cannot be used; see: vtdrive avatar check {folder.name} ({fault.what[:60]}…)"
        typer.echo(f"{folder.name:<12} {about}" if there else f"{folder.name}\t{about}")
    if there:
        typer.echo("Look at one: vtdrive avatar preview NAME. Be one: vtdrive run --avatar NAME")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Of the new avatar; letters, digits, - and _.")],
    like: Annotated[
        str, typer.Option("--from", help="The avatar to begin with, as a copy.")
    ] = "mochi",
    out: Annotated[Path, typer.Option(help="The folder that gets the avatar's folder.")] = Path(
        "avatars"
    ),
) -> None:
    """Begin an avatar of your own: a copy of another, to be redrawn and changed."""
    from vtdrive.render.library import avatar_folder
    from vtdrive.render.making import copy_avatar

    folder = copy_avatar(avatar_folder(like), out / name, name)
    typer.echo(f"{folder} is a copy of {like}: change drawing.svg and avatar.toml there")
    typer.echo(f"Look while you change it: vtdrive avatar preview {folder}")


@app.command()
def check(name: Name) -> None:
    """Name every mistake in an avatar: file, line, what is allowed. Then say what it costs."""
    from vtdrive.render.inspect import inspected
    from vtdrive.render.library import avatar_folder
    from vtdrive.render.rig import load_rig

    folder = avatar_folder(name)
    facts = inspected(load_rig(folder))
    typer.echo(f"{facts.name}: good; {facts.summary}")
    for sentence in facts.remarks:
        typer.echo(f"  note: {sentence}")


@app.command()
def preview(
    name: Name,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write a picture of its expressions and poses (.png)."),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop/--once", help="Again and again, until q.")] = True,
) -> None:
    """Show an avatar in a window, going through its expressions; follows changes of its files.

    Without a screen, write the picture: --out FILE.png.
    """
    from vtdrive.render.library import avatar_folder

    folder = avatar_folder(name)
    if out is not None:
        _write_sheet(folder, out)
        return
    from vtdrive.cli.avatar_window import show_avatar

    show_avatar(folder, loop=loop)


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    height: Annotated[int, typer.Option(min=64, max=4096, help="Of each picture, pixels.")] = 1024,
) -> None:
    """Write transparent .png pictures: eight expressions, mouth shut and open, eyes open and shut.

    For emotes, panels, and every program that shows PNGtubers.
    """
    from vtdrive.render.library import avatar_folder
    from vtdrive.render.making import write_stills

    count = 0
    for path in write_stills(avatar_folder(name), out, height=height):
        typer.echo(f"  {path.name}")
        count += 1
    typer.echo(f"{count} pictures are in {out}")


@app.command()
def schema(
    form: Annotated[
        Literal["json", "markdown"],
        typer.Option("--format", help="json: JSON Schema for editors; markdown: a page to read."),
    ] = "json",
) -> None:
    """Print what avatar.toml may hold."""
    from vtdrive.render.format.export import avatar_reference, avatar_schema
    from vtdrive.render.motion.tables import built_in

    known = built_in()
    page = avatar_reference(known.params, known.springs)
    typer.echo(avatar_schema() if form == "json" else page, nl=False)


def _write_sheet(folder: Path, out: Path) -> None:
    from vtdrive.render.making import write_sheet

    write_sheet(folder, out)
    typer.echo(f"{out} shows its expressions and poses")
