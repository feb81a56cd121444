"""`vtdrive demo`: the whole live loop on the bundled clip, and the avatar that follows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from vtdrive.sinks.demo_film import DemoFilm

__all__ = ["chosen_config", "demo"]

_FILM = Path("demo.mp4")


def demo(
    sink: Annotated[
        list[str] | None,
        typer.Option("--sink", help="Where to send \\[default: vmc://127.0.0.1:39539]"),
    ] = None,
    avatar: Annotated[str, typer.Option("--avatar", help="Who follows the face.")] = "mimi",
    film: Annotated[
        Path | None,
        typer.Option(
            "--film",
            help="Film the face, what is read from it and the avatar, side by side, into this"
            " file \\[default: demo.mp4 where there is no screen for a window]",
        ),
    ] = None,
    no_film: Annotated[bool, typer.Option("--no-film", help="Write no film.")] = False,
    loop: Annotated[
        bool, typer.Option("--loop", help="Again and again, until q or Ctrl-C.")
    ] = False,
    max_seconds: Annotated[float | None, typer.Option(min=0, max=1e9, help="End earlier.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live display.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Send even if another vtdrive sends there.")
    ] = False,
) -> None:
    """Play the bundled clip of a face through the whole live loop. No camera needed.

    An avatar follows it, in a window or, without a screen, in a film. Start VSeeFace (or any VMC
    receiver on port 39539) first, and an avatar there does so, too.
    """
    from vtdrive.cli.perform import chosen_view, perform
    from vtdrive.cli.summary import print_summary
    from vtdrive.config.load import load_config
    from vtdrive.demo import CAPTION
    from vtdrive.errors import UsageError
    from vtdrive.render.library import avatar_folder
    from vtdrive.render.screen import has_screen

    if no_film and film is not None:
        raise UsageError("--film and --no-film exclude each other", "leave one of them out")
    avatar_folder(avatar)  # a name that nobody has is told before anything plays
    window = has_screen() and not quiet and film is None
    filmed = None if no_film or (window and film is None) else _film(film, avatar)
    urls = [*(sink or ["vmc://127.0.0.1:39539"]), *(["window:"] if window else [])]
    session, _ = perform(
        load_config([], overrides=chosen_config(urls, avatar, loop=loop)),
        view=chosen_view(quiet=quiet),
        title=f"demo clip ({CAPTION})",
        user=None,
        max_seconds=max_seconds,
        force=force,
        extra=[] if filmed is None else [filmed],
    )
    print_summary(session)
    if filmed is not None and filmed.written:
        typer.echo(f"The face, what was read from it, and the avatar: {filmed.written}")
    typer.echo(f"Next: vtdrive run --source 0 --avatar {avatar}")
    typer.echo("      vtdrive run --source 0 --sink vmc://127.0.0.1:39539")


def chosen_config(
    sinks: list[str], avatar: str, *, loop: bool = False, fast: bool = False
) -> dict[str, Any]:
    """What the demo lays over the defaults; `sinks` are URLs."""
    from vtdrive.cli.run import overrides
    from vtdrive.config.emotion import EmotionConfig
    from vtdrive.demo import demo_clip

    chosen = overrides(str(demo_clip()), sinks, loop=loop, fast=fast)
    # She smiles throughout. An avatar that beamed as long would show none of the winks and looks.
    joy = EmotionConfig().of("happiness").model_copy(update={"max_hold_ms": 4500.0})
    chosen["emotion"] = {"timing": {"happiness": joy.model_dump()}}
    chosen["avatar"] = {"name": avatar}
    return chosen


def _film(path: Path | None, avatar: str) -> DemoFilm | None:
    """The film that was asked for; else one of that name here, in the place of an earlier one."""
    from vtdrive.errors import VtdriveError
    from vtdrive.render.film.encoding import check_film
    from vtdrive.sinks.demo_film import DemoFilm, is_demo_film

    if path is not None:
        return DemoFilm(path, avatar=avatar, overwrite=False, optional=False)
    place, number = _FILM, 2
    try:
        check_film(place, overwrite=True)
        while place.exists() and not is_demo_film(place):
            place, number = _FILM.with_stem(f"{_FILM.stem}-{number}"), number + 1
    except VtdriveError as fault:
        typer.echo(f"vtdrive: no film of the demo: {fault}", err=True)
        return None
    return DemoFilm(place.absolute(), avatar=avatar, overwrite=True, optional=True)
