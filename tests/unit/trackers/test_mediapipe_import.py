"""mediapipe is imported without what it does not need, and nobody else notices."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vtdrive.errors import TrackerError
from vtdrive.trackers.mediapipe_import import import_mediapipe


def run(code: str) -> str:
    """stdout of `code` in a fresh interpreter, where nothing is imported yet."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


IMPORT = """
import sys
from vtdrive.trackers.mediapipe_import import import_mediapipe
(getter,) = import_mediapipe("mediapipe.python.packet_getter")
assert getter.get_float
"""


def test_matplotlib_and_sounddevice_are_neither_loaded_nor_left_faked() -> None:
    out = run(
        IMPORT + "print([m for m in sys.modules if m.startswith(('matplotlib', 'sounddev'))])"
    )
    assert out.strip() == "[]"


def test_a_user_who_draws_afterwards_gets_the_real_matplotlib() -> None:
    pytest.importorskip("matplotlib")
    code = IMPORT + (
        "from mediapipe.python.solutions import drawing_utils\n"
        "import matplotlib; matplotlib.use('Agg')\n"
        "import matplotlib.pyplot\n"
        "assert drawing_utils.plt.figure is matplotlib.pyplot.figure\n"
        "print(type(matplotlib.pyplot).__name__)"
    )
    assert run(code).strip() == "module"


def test_a_matplotlib_that_is_loaded_already_stays() -> None:
    pytest.importorskip("matplotlib")
    code = "import matplotlib as before\n" + IMPORT + "print(sys.modules['matplotlib'] is before)"
    assert run(code).strip() == "True"


def test_what_cannot_be_imported_says_how_to_mend_it() -> None:
    with pytest.raises(TrackerError, match="cannot be loaded") as caught:
        import_mediapipe("mediapipe.no_such_part")
    assert "pip install mediapipe==0.10.21" in caught.value.remedy
