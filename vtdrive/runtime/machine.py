"""Where a measurement was made: without this its numbers say nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from vtdrive import __version__

__all__ = ["machine_facts"]


def machine_facts() -> dict[str, str | int]:
    """CPU, cores, system, versions, and the git commit where there is one."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "mediapipe": version("mediapipe"),
        "onnxruntime": version("onnxruntime"),
        "numpy": version("numpy"),
        "vtdrive": __version__,
        "git": _git_sha(),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _git_sha() -> str:
    root = Path(__file__).parent.parent.parent
    try:
        out = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return out.stdout.strip()
