"""Names that the types cannot check: emotions, shapes, bones, signals, and who listens where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, get_args

from vtdrive.config.base import Table
from vtdrive.config.merge_files import Layers
from vtdrive.config.positions import Path
from vtdrive.config.problems import Problem
from vtdrive.config.schema import Config
from vtdrive.config.sinks import OscSink
from vtdrive.config.wording import not_allowed
from vtdrive.types import BoneName
from vtdrive.vocab import EMOTIONS, SHAPES, emotion_named

__all__ = ["CORRECTION_INPUTS", "check_names", "check_signals", "check_targets", "sideless"]


def sideless(names: Collection[str]) -> list[str]:
    """The stems that stand for both sides: `mouthSmile` for `mouthSmileLeft` and `-Right`."""
    stems = (n.removesuffix("Left") for n in names if n.endswith("Left"))
    return [stem for stem in stems if stem and f"{stem}Right" in names]


_OUT = "out."
_EMOTION = "emotion."
_STEMS = frozenset(sideless(SHAPES))
_STRONG = "strong."
"""In `[overlay]`: whichever side shows more."""
CORRECTION_INPUTS = frozenset([*SHAPES, "head.yaw_deg", "head.pitch_deg", "head.roll_deg"])
"""What `[shapes]` may weigh: corrections come before emotion, gaze and position are known."""


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
                reason = not_allowed(key, allowed, what=what, meant=emotion_named(key))
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
    """Every name that a `sum` in `[shapes]` or `[outputs]` weighs, circles of `out.NAME`, and what
    the rules of sinks wait for.

    Works on values as written, so that wrong names are reported along with wrong types.
    """
    shapes, outputs = layers.tree["shapes"], layers.tree["outputs"]
    corrected = list(_sided(shapes))
    early = [name for name in known_signals if name in CORRECTION_INPUTS]
    problems = []
    for section, plain, results in (
        ("shapes", early, corrected),
        ("outputs", known_signals, [*outputs, *SHAPES]),
    ):
        stems = [stem for stem in sideless(results) if stem in _STEMS]
        allowed = dict.fromkeys(
            [*plain, *sideless(plain), *(f"{_OUT}{name}" for name in (*results, *stems))]
        )
        for name, expression in layers.tree[section].items():
            for path, signal in _weighed(expression, (section, name)):
                if signal not in allowed:
                    what = f"no signal that [{section}] can read"
                    reason = not_allowed(signal, allowed, what=what, meant=_emotion(signal))
                    problems.append(Problem(layers.origin(path), path, reason))
    for path, signal in _awaited(layers.tree.get("sinks"), ("sinks",)):
        allowed = dict.fromkeys([*known_signals, *sideless(known_signals)])
        if signal not in allowed:
            reason = not_allowed(signal, allowed, what="no signal", meant=_emotion(signal))
            problems.append(Problem(layers.origin(path), path, reason))
    return [
        *problems,
        *_circles("shapes", _sided(shapes), layers),
        *_circles("outputs", {name: (name, entry) for name, entry in outputs.items()}, layers),
    ]


def check_targets(config: Config, layers: Layers) -> list[Problem]:
    """Two sinks that send to one address: the avatar would jump between two poses."""
    seen: dict[tuple[str, int], list[int]] = {}
    problems = []
    for i, sink in enumerate(config.sinks):
        host, port = getattr(sink, "host", ""), getattr(sink, "port", 0)
        if not port:
            continue
        target = ("127.0.0.1" if host == "localhost" else host, port)
        others = seen.setdefault(target, [])
        clash = next((k for k in others if not _share_a_port(sink, config.sinks[k])), None)
        if clash is not None:
            first = layers.origin(("sinks", clash))
            reason = f"{host}:{port} is already served by the sink of {first}"
            problems.append(
                Problem(
                    layers.origin(("sinks", i, "port")),
                    ("sinks", i, "port"),
                    f"{reason}; give one app another port, there and here",
                )
            )
        others.append(i)
    return problems


def _share_a_port(a: Table, b: Table) -> bool:
    """Plain OSC may send several patterns, or several choices of values, to one port."""
    if not isinstance(a, OscSink) or not isinstance(b, OscSink):
        return False
    return (a.address, sorted(a.only)) != (b.address, sorted(b.only))


def _emotion(signal: str) -> str | None:
    """`emotion.happy` as it is spelled here."""
    named = emotion_named(signal.removeprefix(_EMOTION)) if signal.startswith(_EMOTION) else None
    return f"{_EMOTION}{named}" if named else None


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


def _awaited(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every `signal` of a `when` table in `node`, with its path."""
    if not isinstance(node, dict | list):
        return
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        at = (*path, key)
        signal = child.get("signal") if key == "when" and isinstance(child, dict) else None
        if isinstance(signal, str):
            yield (*at, "signal"), signal
        yield from _awaited(child, at)


def _sided(shapes: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """`[shapes]` by sided name, with the name each is written under; one with a side wins."""
    found: dict[str, tuple[str, Any]] = {}
    for name, entry in shapes.items():
        for target in (f"{name}Left", f"{name}Right") if name in _STEMS else (name,):
            if target == name or target not in shapes:
                found[target] = (name, entry)
    return found


def _circles(
    section: str, entries: Mapping[str, tuple[str, Any]], layers: Layers
) -> Iterator[Problem]:
    """`out.A` in B and `out.B` in A: neither can be computed first."""
    reads = {
        name: {
            result
            for _, signal in _weighed(entry, ())
            if signal.startswith(_OUT)
            for result in _results(name, signal.removeprefix(_OUT), sided=section == "shapes")
            if result in entries
        }
        for name, (_, entry) in entries.items()
    }
    told: set[str] = set()
    for start, (written, _) in entries.items():
        trail = _trail_back(start, reads)
        if trail and written not in told:  # both sides of one table make one fault
            told |= {entries[name][0] for name in trail}
            at = (section, written, "sum")
            shown = " → ".join([*trail, start])
            yield Problem(layers.origin(at), at, f"needs its own result: {shown}")


def _results(reader: str, name: str, *, sided: bool) -> list[str]:
    """What `out.NAME` means to `reader`: in `[shapes]` its own side, in `[outputs]` both."""
    if name not in _STEMS:
        return [name]
    sides = [side for side in ("Left", "Right") if not sided or reader.endswith(side)]
    return [f"{name}{side}" for side in sides or ("Left", "Right")]


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
