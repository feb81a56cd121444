"""How every benchmark reports: figures on the terminal, and as JSON with machine and commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vtdrive.runtime.machine import machine_facts

__all__ = ["write_report"]


def write_report(name: str, figures: Mapping[str, Any], path: Path | None) -> None:
    """Print `figures`, and write them to `path` with the machine they were measured on."""
    for key, value in figures.items():
        print(f"{key:32} {_shown(value)}")
    if path is not None:
        whole = {"benchmark": name, "machine": machine_facts(), "figures": dict(figures)}
        path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_shown(v)}" for k, v in value.items())
    return str(value)
