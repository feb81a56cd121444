"""`vtdrive models`."""

from __future__ import annotations

from typing import Any

__all__ = ["models"]


def models() -> None:
    """List the shipped models with their cards, and verify that they are unaltered."""
    from rich.console import Console

    from vtdrive.assets import load_card, model_files, verified
    from vtdrive.errors import ModelError

    console, faults = Console(), []
    for path in model_files():
        try:
            card = load_card(path)
        except ModelError as fault:
            faults.append(fault)
            console.print(f"[bold]{path.stem}[/]  [red]{fault.what}[/]")
            continue
        size = card.path.stat().st_size / 1e6
        try:
            verified(card)
            state = "[green]verified[/]"
        except ModelError as fault:
            faults.append(fault)
            state = "[red]altered[/]"
        console.print(f"[bold]{card.path.stem}[/]  {card.kind}, {size:.1f} MB, {state}")
        for key in ("description", "labels", "input", "scores"):
            if card.facts.get(key):
                console.print(f"  {key}: {_short(card.facts[key])}", highlight=False)
        console.print(f"  sha256: {card.sha256}", highlight=False)
    if faults:
        raise faults[0]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_short(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value[:8])) + (f" … ({len(value)})" if len(value) > 8 else "")
    return f"{value:.4g}" if isinstance(value, float) else str(value)
