"""`vtdrive demo`: what cannot be is told before anything plays."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from vtdrive.cli.app import app
from vtdrive.errors import UsageError


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--avatar", "nobody"), "no avatar 'nobody'"),
        (("--no-film", "--film", "x.mp4"), "exclude each other"),
    ],
)
def test_what_cannot_be_is_refused(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["demo", "--quiet", *words])
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
