"""`vtdrive.errors`: the tree is drawn in full, and every failure says what to do."""

from __future__ import annotations

import inspect
import re

import pytest

from vtdrive import errors
from vtdrive.errors import ConfigError, MissingExtra, UsageError, VtdriveError

CLASSES = {
    name: c
    for name, c in inspect.getmembers(errors, inspect.isclass)
    if issubclass(c, BaseException)
}


def drawn() -> list[tuple[int, str]]:
    """(depth, name) of each line of the tree in the docstring."""
    lines = (errors.__doc__ or "").splitlines()
    found = [re.match(r"((?:[│├└─ ])*)([A-Z]\w+)\s{2,}\S", line) for line in lines]
    return [(len(m[1]) // 4, m[2]) for m in found if m]


def test_every_class_is_public_and_drawn_once() -> None:
    names = [name for _, name in drawn()]
    assert sorted(names) == sorted(CLASSES) == sorted(errors.__all__)


def test_the_drawing_shows_who_descends_from_whom() -> None:
    above: list[str] = []
    for depth, name in drawn():
        del above[depth:]
        if above:
            assert CLASSES[name].__bases__ == (CLASSES[above[-1]],), name
        above.append(name)


def test_an_error_shows_what_happened_and_what_to_do() -> None:
    fault = VtdriveError("the camera is busy", "close the other program")
    assert str(fault) == "the camera is busy\n  → close the other program"
    assert str(VtdriveError("it broke")) == "it broke"


def test_a_missing_extra_names_its_command() -> None:
    fault = MissingExtra("virtualcam", install="pip install vtdrive[virtualcam]")
    assert "virtualcam" in fault.what
    assert "pip install vtdrive[virtualcam]" in fault.remedy


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_exit_codes_tell_usage_from_failure(name: str) -> None:
    kind = CLASSES[name]
    code = kind.exit_code  # type: ignore[attr-defined]
    wanted = 2 if issubclass(kind, UsageError) or name in ("SinkUnusable", "TargetInUse") else 1
    assert code == wanted
    assert ConfigError.exit_code == 2
