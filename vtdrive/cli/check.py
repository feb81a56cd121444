"""`vtdrive check`: what could keep a run from working, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["check"]


def check(
    config: Annotated[
        list[Path] | None, typer.Option("--config", "-c", help="Config file; may repeat.")
    ] = None,
    sink: Annotated[list[str] | None, typer.Option("--sink", help="A target to check.")] = None,
    source: Annotated[str | None, typer.Option("--source", "-s", help="A source to check.")] = None,
    control: Annotated[
        list[str] | None, typer.Option("--control", help="A way for commands to check.")
    ] = None,
    user: Annotated[str, typer.Option(help="Whose saved neutral to look for.")] = "default",
    report: Annotated[
        bool, typer.Option("--report", help="Add versions and figures, for a bug report.")
    ] = False,
) -> None:
    """Look for problems with camera, models, ports and config, and say how to mend each.

    Exits 1 when something must be mended before `vtdrive run` can work.
    """
    from vtdrive.runtime.checkup import checkup, report_lines

    findings = checkup(config or [], sink or [], source=source, control=control or [], user=user)
    if report:
        for line in report_lines():
            typer.echo(line)
    for finding in findings:
        typer.echo(f"{finding.mark} {finding.what}")
        if finding.remedy:
            typer.echo(f"    → {finding.remedy}")
    if any(finding.fatal for finding in findings):
        raise typer.Exit(1)
