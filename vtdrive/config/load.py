"""Config files to one checked Config. Every fault is reported at once, with file and line."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vtdrive.config.documents import Document, Unreadable, parse, read, unusable
from vtdrive.config.errors_text import problems_of
from vtdrive.config.heard import check_listeners
from vtdrive.config.merge_files import Layers
from vtdrive.config.names import check_names, check_signals, check_targets
from vtdrive.config.positions import Positions
from vtdrive.config.problems import DEFAULT, Problem, config_error
from vtdrive.config.schema import Config
from vtdrive.config.wording import described

__all__ = ["COMMAND_LINE", "Loaded", "load_config", "load_with_origins", "mapping_text"]

COMMAND_LINE = "command line"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config, and where each of its values came from."""

    config: Config
    layers: Layers


def load_config(
    paths: Sequence[Path],
    *,
    overrides: Mapping[str, Any] | None = None,
    known_signals: Collection[str] | None = None,
) -> Config:
    """The config that `paths` make, each over the former, all over the defaults.

    `overrides` are nested tables laid over the files (`{"source": {"uri": "1"}}`); its sinks add to
    theirs. With `known_signals` (`core.signals.SIGNALS`), the names that mappings weigh are
    checked.
    Raises ConfigError with a line for every problem found.
    """
    return load_with_origins(paths, overrides=overrides, known_signals=known_signals).config


def load_with_origins(
    paths: Sequence[Path],
    *,
    overrides: Mapping[str, Any] | None = None,
    known_signals: Collection[str] | None = None,
) -> Loaded:
    """Like `load_config`, and also tells where each value came from."""
    layers = copy.deepcopy(_default_layers())
    problems: list[Problem] = []
    for path in paths:
        try:
            document = read(path)
        except Unreadable as fault:
            problems.append(fault.problem)
            continue
        problems += _add(layers, document)
    if overrides:
        tree = json.loads(json.dumps(overrides, default=str))
        problems += _add(layers, Document(COMMAND_LINE, tree, Positions()))
    problems += check_names(layers)
    if known_signals is not None:
        problems += check_signals(layers, known_signals)
    config = _validated(layers, problems)
    if config is not None:
        problems += check_targets(config, layers)
        problems += check_listeners(config, layers)
    if problems or config is None:
        raise config_error(problems)
    return Loaded(config, layers)


@functools.cache
def mapping_text() -> str:
    """The bundled `mapping.toml`: the default shapes, overlay and outputs."""
    return Path(__file__).with_name("mapping.toml").read_text(encoding="utf-8")


@functools.cache
def _default_layers() -> Layers:
    """The schema's defaults under the bundled mapping.

    Starting from values rather than from nothing lets `[filters.head] beta = 2` keep the other
    defaults of the *head*: left to the types, it would get those of any filter.
    """
    layers = Layers()
    tree = json.loads(Config().model_dump_json(exclude_none=True))
    layers.add(Document(DEFAULT, tree, Positions()))
    layers.add(Document(DEFAULT, parse(mapping_text(), source=DEFAULT).tree, Positions()))
    return layers


def _add(layers: Layers, document: Document) -> list[Problem]:
    version = document.tree.get("version", _VERSION)
    if version != _VERSION or isinstance(version, bool):
        said = f"this vtdrive reads version {_VERSION}, not {described(version)}"
        newer = isinstance(version, int) and version > _VERSION
        advice = "update vtdrive" if newer else f"write version = {_VERSION}"
        return [Problem(document.origin(("version",)), ("version",), f"{said}; {advice}")]
    found = unusable(document)
    return found or layers.add(document)


def _validated(layers: Layers, problems: list[Problem]) -> Config | None:
    """The tree as a Config; None where it is faulty, the faults being added to `problems`.

    It goes through JSON because strict JSON validation is what a config wants: no text for numbers,
    no 1 for true, and yet lists for tuples.
    """
    try:
        return Config.model_validate_json(json.dumps(layers.tree), strict=True)
    except ValidationError as fault:
        problems += problems_of(fault.errors(include_url=False), layers)
        return None
