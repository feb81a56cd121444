"""Names that the types cannot check: emotions, shapes, bones, signals, and who listens where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, get_args

from vtdrive.config.merge_files import Layers
from vtdrive.config.positions import Path
from vtdrive.config.problems import Problem
from vtdrive.config.schema import Config
from vtdrive.config.sinks import OscSink, VmcSink
from vtdrive.config.wording import not_allowed
from vtdrive.types import BoneName
from vtdrive.vocab import EMOTIONS, SHAPES

__all__ = ["check_names", "check_signals", "check_targets", "sideless"]

_OUT = "out."
_STRONG = "strong."
"""In `[overlay]`: whichever side shows more."""


def sideless(names: Collection[str]) -> list[str]:
    """The stems that stand for both sides: `mouthSmile` for `mouthSmileLeft` and `-Right`."""
    stems = (n.removesuffix("Left") for n in names if n.endswith("Left"))
    return [stem for stem in stems if stem and f"{stem}Right" in names]


def check_names(layers: Layers) -> list[Problem]:
    """Names in `[emotion.timing]`, `[overlay]`, `[shapes]` and `[bones]`, before validation.

    An unknown emotion is taken out of `layers`, because validation would report it once more.
    """
    emotions, shapes = EMOTIONS[1:], [*SHAPES, *sideless(SHAPES)]
    stronger = [f"{_STRONG}{stem}" for stem in sideless(SHAPES)]
    tree = layers.tree
    problems: list[Problem] = []

    def check(path: Path, names: object, allowed: Sequence[str], what: str) -> None:
        for key in list(names) if isinstance(names, dict) else []:
            if key not in allowed:
                at = (*path, key)
                reason = not_allowed(key, allowed, what=what)
                problems.append(Problem(layers.origin(at), at, reason))

    timing = tree["emotion"]["timing"]
    check(("emotion", "timing"), timing, emotions, "no emotion that can be shown")
    for name in [name for name in timing if name not in emotions]:
        layers.drop(("emotion", "timing", name))
    check(("overlay",), tree["overlay"], emotions, "no emotion that can be shown")
    for emotion, weights in tree["overlay"].items():
        check(("overlay", emotion), weights, [*shapes, *stronger], "no shape")
    check(("shapes",), tree["shapes"], shapes, "no shape")
    bones = get_args(BoneName)
    for i, bone in enumerate(tree["bones"]["names"]):
        if isinstance(bone, str) and bone not in bones:
            at = ("bones", "names", i)
            problems.append(
                Problem(layers.origin(at), at, not_allowed(bone, bones, what="no bone"))
            )
    return problems


def check_signals(layers: Layers, known_signals: Collection[str]) -> list[Problem]:
    """Every name that a `sum` in `[shapes]` or `[outputs]` weighs, and circles of `out.NAME`.

    Works on values as written, so that wrong names are reported along with wrong types.
    """
    plain = [*known_signals, *sideless(known_signals)]
    shapes = [*SHAPES, *sideless(SHAPES)]
    problems = []
    for section in ("shapes", "outputs"):
        expressions = layers.tree[section]
        results = shapes if section == "shapes" else [*expressions, *SHAPES]
        allowed = dict.fromkeys([*plain, *(f"{_OUT}{name}" for name in results)])
        for name, expression in expressions.items():
            for path, signal in _weighed(expression, (section, name)):
                if signal not in allowed:
                    reason = not_allowed(signal, allowed, what="no signal")
                    problems.append(Problem(layers.origin(path), path, reason))
        problems += _circles(section, expressions, layers)
    return problems


def check_targets(config: Config, layers: Layers) -> list[Problem]:
    """Two sinks that send to one address: the avatar would jump between two poses."""
    seen: dict[tuple[str, int], int] = {}
    problems = []
    for i, sink in enumerate(config.sinks):
        if not isinstance(sink, VmcSink | OscSink):
            continue
        target = ("127.0.0.1" if sink.host == "localhost" else sink.host, sink.port)
        if target in seen:
            first = layers.origin(("sinks", seen[target]))
            reason = f"{sink.host}:{sink.port} is already served by the sink of {first}"
            problems.append(
                Problem(
                    layers.origin(("sinks", i, "port")),
                    ("sinks", i, "port"),
                    f"{reason}; give one app another port, there and here",
                )
            )
        seen.setdefault(target, i)
    return problems


def _weighed(expression: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every signal that an expression reads, with its path in the config."""
    if not isinstance(expression, dict):
        return
    weights = expression.get("sum")
    for signal in weights if isinstance(weights, dict) else ():
        yield (*path, "sum", signal), signal
    for part in ("gates", "max", "min"):
        terms = expression.get(part)
        for i, term in enumerate(terms if isinstance(terms, list) else ()):
            yield from _weighed(term, (*path, part, i))


def _circles(section: str, expressions: Mapping[str, Any], layers: Layers) -> list[Problem]:
    """`out.A` in B and `out.B` in A: neither can be computed first."""
    reads = {
        name: {
            read
            for _, signal in _weighed(expression, ())
            if signal.startswith(_OUT)
            for read in _meant(signal.removeprefix(_OUT), expressions)
        }
        for name, expression in expressions.items()
    }
    problems, done = [], set[str]()
    for start in reads:
        trail = _trail_back(start, reads)
        if trail and not done & set(trail):
            done |= set(trail)
            at = (section, start, "sum")
            shown = " → ".join([*trail, start])
            problems.append(Problem(layers.origin(at), at, f"needs its own result: {shown}"))
    return problems


def _meant(name: str, known: Collection[str]) -> list[str]:
    """The entries that `out.NAME` reads: itself, its sides, or the entry for both sides."""
    stem = name.removesuffix("Left").removesuffix("Right")
    options = (name, f"{name}Left", f"{name}Right", stem)
    return [option for option in dict.fromkeys(options) if option in known]


def _trail_back(start: str, reads: Mapping[str, set[str]]) -> list[str]:
    """A way from `start` along what it reads back to itself; empty where there is none."""
    stack, seen = [[start]], set[str]()
    while stack:
        trail = stack.pop()
        for name in sorted(reads[trail[-1]]):
            if name == start:
                return trail
            if name not in seen:
                seen.add(name)
                stack.append([*trail, name])
    return []
