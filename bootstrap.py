"""Sets vtdrive up in this folder and runs it. Needs Python 3.11 or 3.12 with pip and venv.

    python3 bootstrap.py demo          set up, then `vtdrive demo`
    python3 bootstrap.py test          set up, then the tests
    python3 bootstrap.py run --help    set up, then any other verb of vtdrive

Everything goes into `.venv` here; nothing is installed elsewhere, except that on Debian and Ubuntu,
when run as root, a few small system libraries are (otherwise the command to do so is printed).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "vtdrive-setup"
# What the face tracker, OpenCV and skia load at run time, and the Debian package that brings each.
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libexpat.so.1": "libexpat1",
}
# What the demo's film and `vtdrive run --virtualcam` need, so that both work at once.
EXTRAS = ("export", "virtualcam")


def main() -> int:
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    chosen = suitable_python()
    if chosen is not None:
        return subprocess.call([chosen, __file__, *words])
    missing_libraries()
    set_up()
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    if words[0] == "test":
        return run_child([str(BIN / "python"), "-m", "pytest", *words[1:]], environment)
    return run_child([str(BIN / "python"), "-m", "vtdrive", *words], environment)


def suitable_python() -> str | None:
    """None when this Python fits; else the path of one that does. Ends the program without one."""
    if (3, 11) <= sys.version_info[:2] <= (3, 12):
        return None
    for name in ("python3.12", "python3.11"):
        found = shutil.which(name)
        if found:
            return found
    fail(
        f"vtdrive needs Python 3.11 or 3.12, this is {platform.python_version()}"
        " (the face tracker has no build for newer ones)",
        "install Python 3.12 beside it and run this again",
    )


def missing_libraries() -> None:
    """Linux only: installs what is missing, or says how to."""
    if not sys.platform.startswith("linux"):
        return
    missing = [library for library in LIBRARIES if not loads(library)]
    if not missing:
        return
    packages = [LIBRARIES[library] for library in missing]
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        fail(
            f"system libraries are missing: {', '.join(missing)}",
            f"install your distribution's packages for them (Debian calls them {names})",
        )
    if os.geteuid() != 0:
        fail(
            f"system libraries are missing ({names})",
            f"sudo apt-get install -y --no-install-recommends {names}",
        )
    print(f"installing {names} (apt-get)", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        if subprocess.call(command, env=quiet, stdout=subprocess.DEVNULL) != 0:
            fail(f"`{' '.join(command)}` failed", "see its message above")


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def set_up() -> None:
    """Make `.venv` and install into it, unless that was done for this very pyproject.toml."""
    extras = [word for name in EXTRAS for word in ("--extra", name)]
    asked = " ".join(extras).encode() + (ROOT / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(asked).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    print("setting up .venv (once; about 500 MB of packages)", flush=True)
    python = BIN / ("python.exe" if os.name == "nt" else "python")
    if not python.is_file():
        step([sys.executable, "-m", "venv", str(VENV)], "on Debian: apt-get install python3-venv")
    if shutil.which("uv", path=str(BIN)) is None:
        step([str(python), "-m", "pip", "install", "-q", "uv"], "is there a network?")
    environment = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(VENV),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_LINK_MODE": "copy",
    }
    environment.pop("VIRTUAL_ENV", None)
    step(
        [str(BIN / "uv"), "sync", "-q", "--inexact", *extras, "--python", str(python)],
        "is there a network, and 1 GB of disk?",
        environment,
    )
    STAMP.write_text(wanted)


def step(command: list[str], hint: str, environment: dict[str, str] | None = None) -> None:
    if subprocess.call(command, cwd=ROOT, env=environment) != 0:
        fail(f"`{' '.join(command)}` failed", hint)


def run_child(command: list[str], environment: dict[str, str]) -> int:
    """Run it in our place, so that Ctrl-C and SIGTERM reach it alone."""
    if os.name != "nt":
        os.chdir(ROOT)
        os.execve(command[0], command, environment)
    try:
        return subprocess.call(command, cwd=ROOT, env=environment)
    except KeyboardInterrupt:
        return 130


def fail(what: str, remedy: str) -> NoReturn:
    print(f"bootstrap: {what}\n  → {remedy}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    raise SystemExit(main())
