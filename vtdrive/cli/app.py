"""The verbs, and how their failures reach the user."""

from __future__ import annotations

import io
import sys
from typing import Annotated, NoReturn

import typer

from vtdrive import __version__
from vtdrive.cli import (
    avatar,
    bench,
    cameras,
    check,
    classify,
    config,
    control,
    demo,
    evaluate,
    models,
    replay,
    run,
    sinks,
)  # fmt: skip
from vtdrive.errors import UsageError, VtdriveError

__all__ = ["app", "run_app"]

app = typer.Typer(
    name="vtdrive",
    help="A webcam in, a live avatar performance out. Start with: vtdrive demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("cameras")(cameras.cameras)
app.command("record")(run.record)
app.command("replay")(replay.replay)
app.command("bench")(bench.bench)
app.command("check")(check.check)
app.command("classify")(classify.classify)
app.command("models")(models.models)
app.add_typer(avatar.app)
app.add_typer(evaluate.app)
app.add_typer(config.app)
app.add_typer(control.app)
app.add_typer(sinks.app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vtdrive {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Everything stays on this machine: no picture is stored or sent."""


def run_app() -> NoReturn:
    """Run a command line; exit 0, 1 (the run failed) or 2 (usage or config)."""
    _speak_any_encoding()
    try:
        code = app(standalone_mode=False)
    except VtdriveError as fault:
        print(f"vtdrive: {fault}", file=sys.stderr)
        code = fault.exit_code
    except typer.Abort:
        code = 1
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    except Exception as fault:
        code = _click_fault(fault)
    if sys.stdout is not None:
        sys.stdout.flush()
    sys.exit(code or 0)


def _speak_any_encoding() -> None:
    """What the output cannot spell (a piped Windows console, LC_ALL=C) becomes `?`, not a crash."""
    for stream in (sys.stdout, sys.stderr):
        # None where a program without a console was started, or the stream was closed.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _click_fault(fault: Exception) -> int:
    """Usage errors of the option parser, in our form; anything else is a bug and shows itself."""
    show, code = getattr(fault, "show", None), getattr(fault, "exit_code", None)
    if show is None or not isinstance(code, int):
        raise fault
    show()
    return UsageError.exit_code if code == 2 else code
