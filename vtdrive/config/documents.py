"""Reading one TOML file: its values, and where each was written. Every fault becomes a sentence."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from vtdrive.assets import data_dir
from vtdrive.config.nearest import nearest
from vtdrive.config.positions import Path, Positions, scan
from vtdrive.config.problems import Origin, Problem

__all__ = ["MAX_BYTES", "Document", "Unreadable", "leaves", "parse", "read", "unusable"]

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_SECRET = re.compile(r"(\w*(?:pass|token|secret)\w*[\"']?\s*=).*", re.IGNORECASE)
"""A key that holds a password, and all behind it: sentences show on screens that are shared."""


@dataclass(frozen=True, slots=True)
class Document:
    """One layer of config."""

    source: str
    tree: dict[str, Any]
    positions: Positions

    def origin(self, path: Path) -> Origin:
        """Where `path`, or the nearest table around it, is written in this document."""
        return Origin(self.source, self.positions.nearest_line(path) or 0)


class Unreadable(Exception):
    """A file gave no values at all. It carries a Problem, which `load` makes into a ConfigError."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(path: FilePath) -> Document:
    """The document at `path`; raises Unreadable with what is wrong and where.

    A bare name that is no file here but a bundled preset (`vseeface`, `vseeface.toml`) is that
    preset.
    """
    # A folder `obs` is nothing that could be meant.
    if len(path.parts) == 1 and (path.is_dir() or not path.exists()):
        path = _preset(path) or path
    source = str(path)
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise _unreadable(source, "is larger than 1 MB: that is no config file")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise _unreadable(source, f"there is no such file{_lookalike(path)}") from None
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the name
        if path.is_dir():  # Windows reports that as PermissionError
            raise _unreadable(source, "is a folder; name a .toml file in it") from None
        reason = getattr(fault, "strerror", None) or str(fault)
        raise _unreadable(source, f"cannot be read: {reason}") from None
    return parse(_decoded(raw, source), source=source)


def parse(text: str, *, source: str) -> Document:
    """The document with this text; raises Unreadable where it is not TOML."""
    text = text.replace("\r\n", "\n")
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise _syntax(str(fault), text=text, source=source) from None
    except RecursionError:
        raise _unreadable(source, "is nested too deeply") from None
    except ValueError as fault:  # a number of thousands of digits, a date such as 2024-02-31
        raise _unreadable(source, f"holds an impossible value: {fault}") from None
    if _too_deep(tree):
        raise _unreadable(source, "is nested too deeply")
    return Document(source, tree, scan(text))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar, and every empty table or array, with its path."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from leaves(child, (*path, key))
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            yield from leaves(child, (*path, index))
    else:
        yield path, value


def unusable(document: Document) -> list[Problem]:
    """Values that TOML has and no key here wants: dates, and numbers beyond 64 bits."""
    problems = []
    for path, value in leaves(document.tree):
        if isinstance(value, datetime.date | datetime.time):
            reason = "a date means nothing here; text needs quotes"
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            reason = "is too large a number"
        else:
            continue
        problems.append(Problem(document.origin(path), path, reason))
    return problems


def _too_deep(tree: dict[str, Any]) -> bool:
    """Dotted keys can nest deeper than Python recurses, so this does not recurse."""
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def _decoded(raw: bytes, source: str) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _unreadable(source, "is UTF-16; save it as UTF-8 (in Notepad: Save as, Encoding)")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise _unreadable(
            source, f"byte 0x{raw[fault.start]:02x} is not UTF-8; save the file as UTF-8", line=line
        ) from None


def _syntax(message: str, *, text: str, source: str) -> Unreadable:
    reason, _, where = message.rpartition(" (at ")
    hit = re.match(r"line (\d+), column (\d+)", where)
    lines = text.split("\n")
    line = int(hit[1]) if hit else max(1, len(text.rstrip("\n").split("\n")))
    column = f"column {hit[2]}" if hit else "the end of the file"
    excerpt = lines[line - 1].strip() if line <= len(lines) else ""
    excerpt = _SECRET.sub(r"\1…", excerpt)[:60]
    shown = f" in `{excerpt}`" if excerpt else ""
    said = f"{reason[:1].lower()}{reason[1:]}"
    return _unreadable(source, f"not TOML: {said} at {column}{shown}{_hint(reason)}", line=line)


def _hint(reason: str) -> str:
    if "\\" in reason or "escape" in reason.lower() or "hex value" in reason.lower():
        return "; write paths in 'single quotes' or with /"
    if reason == "Invalid value":
        return '; text needs "quotes", true and false are lower case'
    if reason.startswith(("Cannot overwrite", "Cannot declare", "Duplicate")):
        return "; it is already set further up"
    return ""


def _preset(path: FilePath) -> FilePath | None:
    """The bundled preset of that name, without or with its ending."""
    if not path.name or "\0" in path.name:
        return None
    found = data_dir("configs") / f"{path.name.removesuffix('.toml').lower()}.toml"
    return found if found.is_file() else None


def _lookalike(path: FilePath) -> str:
    if _preset(path):
        return f" (did you mean the preset? write {path.stem}, without a folder)"
    try:
        stems = [p.stem for p in path.parent.iterdir() if p.suffix == ".toml"]
    except (OSError, ValueError):
        return f" (nor is there a folder {path.parent})"
    close = nearest(path.stem, stems)
    return f" (did you mean '{path.with_name(f'{close}.toml')}'?)" if close else ""


def _unreadable(source: str, reason: str, *, line: int = 0) -> Unreadable:
    return Unreadable(Problem(Origin(source, line), (), reason))
