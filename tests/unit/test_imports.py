"""Imports point one way: types ← core, wire ← the seams ← runtime ← cli."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import vtdrive

ROOT = Path(vtdrive.__file__).parent
FILES = sorted(p for p in ROOT.rglob("*.py") if "_data" not in p.parts)

IMPURE = {
    "socket", "threading", "time", "asyncio", "multiprocessing", "subprocess", "cv2", "mediapipe",
    "onnxruntime", "requests", "urllib",
}  # fmt: skip

RANK = {
    "types": 0, "vocab": 0, "errors": 0, "clock": 0,
    "spaces": 1, "assets": 1, "inference": 1, "listening": 1, "secrets": 1, "sink_stats": 1,
    "http_request": 1, "kept_token": 1,
    "config": 2,
    "core": 3, "wire": 3,
    "testing": 4,
    "demo": 2,
    "sources": 5, "track_sources": 5, "trackers": 5, "classifiers": 5, "sinks": 5,
    "render": 4,
    "control": 6,
    "runtime": 7, "detectors": 7,
    "stills": 8, "eval": 8, "analyze": 8,
    "studio": 9, "cli": 9, "__main__": 10,
}  # fmt: skip
"""A file may import from its own part and from lower ranks."""

SIDEWAYS = {("core", "wire"), ("wire", "core")}
"""Same rank, allowed where it is pure both ways: encoders name what the core makes."""


def imported(path: Path, *, deep: bool = True) -> set[str]:
    """Dotted names that a file imports; with `deep`, also inside functions."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skip = set() if deep else _typing_only(tree)
    for node in ast.walk(tree) if deep else tree.body:
        if id(node) in skip:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            if node.module == "vtdrive":
                found |= {f"vtdrive.{alias.name}" for alias in node.names}
    return found


def _typing_only(tree: ast.Module) -> set[int]:
    return {
        id(inner)
        for node in tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }


def part_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def of(*parts: str) -> list[Path]:
    return [path for path in FILES if part_of(path) in parts]


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_files_are_found() -> None:
    assert len(of("core")) > 15
    assert len(of("wire")) > 3
    assert {part_of(path) for path in FILES} - {"__init__"} <= RANK.keys()


@pytest.mark.parametrize("path", of("core", "wire", "types", "vocab", "spaces"), ids=label)
def test_pure_modules_do_no_io(path: Path) -> None:
    heads = {name.split(".")[0] for name in imported(path)}
    assert not heads & IMPURE


@pytest.mark.parametrize("path", of("core", "wire"), ids=label)
def test_pure_modules_open_nothing(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"open", "print", "input"}


@pytest.mark.parametrize("path", FILES, ids=label)
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    for name in imported(path):
        if not name.startswith("vtdrive."):
            continue
        other = name.split(".")[1]
        if other == part or other not in RANK or (part, other) in SIDEWAYS:
            continue
        assert RANK[other] < RANK[part], f"{label(path)} imports {name}"


HEAVY = {"cv2", "mediapipe", "onnxruntime", "av", "nicegui", "skia"}


@pytest.mark.parametrize("path", of("core", "wire", "config", "sinks", "cli"), ids=label)
def test_heavy_packages_are_not_imported_with_the_module(path: Path) -> None:
    heads = {name.split(".")[0] for name in imported(path, deep=False)}
    assert not heads & HEAVY
