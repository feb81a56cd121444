"""Models and their cards: where they lie, what they are, whether they are unaltered."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtdrive.errors import ModelError

__all__ = ["SHIPPED", "ModelCard", "data_dir", "list_cards", "load_card", "model_files", "verified"]

SHIPPED = ("blendshapes", "emotion-resnet50-int8", "emotion-shapes")
"""Names of the models that every install has, so that a missing one is noticed."""


def data_dir(kind: str) -> Path:
    """The folder of bundled `models`, `configs` or `demo`: inside a wheel, else the checkout."""
    packaged = Path(__file__).parent / "_data" / kind
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / kind


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Facts about one .onnx file, read from the .toml beside it."""

    path: Path
    """The model file."""
    kind: str
    """`emotion`, `emotion-shapes` or `blendshapes`."""
    sha256: str
    facts: Mapping[str, Any]
    """The whole table, as written."""


def load_card(model: Path) -> ModelCard:
    """The card of `model` (an .onnx path); raises ModelError when either file is unsound."""
    card = model.with_suffix(".toml")
    if not model.is_file():
        raise ModelError(
            f"model {model.name} is missing",
            f"put it at {model.absolute()}, or name another (a shipped one: reinstall)",
        )
    try:
        # With Windows' mark at the beginning, which Notepad and PowerShell write.
        facts = tomllib.loads(card.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ModelError(
            f"{model.name} has no card", f"write {card.name} beside it (docs/reference/models.md)"
        ) from None
    except OSError as fault:
        raise ModelError(
            f"the card {card.name} cannot be read: {fault}", "make it a file that you may read"
        ) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ModelError(
            f"the card {card.name} is not TOML: {fault}", "mend or replace it"
        ) from fault
    missing = [key for key in ("kind", "sha256") if not isinstance(facts.get(key), str)]
    if missing:
        raise ModelError(f"the card {card.name} lacks {', '.join(missing)}", "add what is missing")
    return ModelCard(model, facts["kind"], facts["sha256"], facts)


def verified(card: ModelCard) -> bytes:
    """The model's bytes, after checking that they are the ones the card was written for.

    Raises ModelError where they are not, or cannot be read.
    """
    try:
        data = card.path.read_bytes()
    except OSError as fault:
        raise ModelError(
            f"model {card.path.name} cannot be read: {fault}", "make it a file that you may read"
        ) from fault
    found = hashlib.sha256(data).hexdigest()
    if found != card.sha256.strip().lower():  # PowerShell writes capitals
        raise ModelError(
            f"model {card.path.name} is not the file its card describes"
            f" (sha256 {found[:12]}…, expected {card.sha256[:12]}…)",
            "it is damaged or was replaced: restore it, or reinstall vtdrive",
        )
    return data


def model_files(folder: Path | None = None) -> list[Path]:
    """Every .onnx that should be in `folder`, by name: there, told of by a card, or shipped.

    `folder` None means the bundled models; only these must hold the shipped ones.
    """
    where = folder or data_dir("models")
    names = {path.stem for path in (*where.glob("*.onnx"), *where.glob("*.toml"))}
    if folder is None:
        names |= set(SHIPPED)
    return [where / f"{name}.onnx" for name in sorted(names)]


def list_cards(folder: Path | None = None) -> list[ModelCard]:
    """Cards of all `model_files(folder)`; raises ModelError for the first without file or card."""
    return [load_card(path) for path in model_files(folder)]
