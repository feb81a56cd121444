"""What must hold between the tables of an avatar and its art."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from vtdrive.config.documents import Document
from vtdrive.config.problems import Problem
from vtdrive.config.wording import not_allowed
from vtdrive.render.drawing import Shape
from vtdrive.render.drawing_paint import Gradient
from vtdrive.render.format.avatar import Avatar, Part
from vtdrive.render.format.deform import Morph, Warp
from vtdrive.render.format.read import fault_at
from vtdrive.render.motion import Motion, MotionFault, known_params

if TYPE_CHECKING:
    from vtdrive.render.rig import Art

__all__ = ["check_rig"]

_Path = tuple[str | int, ...]


def check_rig(
    avatar: Avatar, art: Mapping[str, Art], drawings: Mapping[str, Art], document: Document
) -> Iterator[Problem]:
    """Every fault."""

    def fault(path: _Path, said: str) -> Problem:
        return fault_at(document, path, said)

    params = known_params(avatar)
    unknown = {path: name for path, name in _params_named(avatar) if name not in params}
    for path, name in unknown.items():
        yield fault(path, "the parameter " + not_allowed(name, params, what="unknown"))
    try:
        Motion(avatar)
    except MotionFault as found:
        # What names no parameter has been told above, all of it at once.
        if found.path not in unknown:
            yield fault(found.path, found.said)
    for i, part in enumerate(avatar.part):
        own = art.get(part.name)
        if part.art is None and own is None and not part.sprite and _is_leaf(part, avatar.part):
            yield fault(
                ("part", i, "name"),
                f"the drawing has no group {part.name!r} and no part has it for its parent",
            )
        for j, morph in enumerate(part.morph):
            yield from (
                fault(("part", i, "morph", j, key), said)
                for key, said in _morph(morph, own, drawings)
            )
        for j, deform in enumerate(part.deform):
            if isinstance(deform, Warp):
                yield from (fault(("part", i, "deform", j, "keys"), said) for said in _warp(deform))


def _is_leaf(part: Part, parts: Collection[Part]) -> bool:
    return all(other.parent != part.name for other in parts)


def _params_named(avatar: Avatar) -> Iterator[tuple[_Path, str]]:
    if avatar.turn is not None:
        yield ("turn", "yaw"), avatar.turn.yaw
        yield ("turn", "pitch"), avatar.turn.pitch
    for name, spring in avatar.springs.items():
        yield from ((("springs", name, "to", to), to) for to in spring.to)
    for name, feeling in avatar.feelings.items():
        for key in ("add", "cap", "set"):
            yield from ((("feelings", name, key, to), to) for to in getattr(feeling, key))
    for i, part in enumerate(avatar.part):
        for key in ("deform", "morph", "show"):
            for j, driven in enumerate(getattr(part, key)):
                by = driven.by
                names = [by] if isinstance(by, str) else by
                yield from ((("part", i, key, j, "by"), name) for name in names)
        for j, sprite in enumerate(part.sprite):
            yield from ((("part", i, "sprite", j, "when", n), n) for n in sprite.when)


def _morph(morph: Morph, own: Art | None, drawings: Mapping[str, Art]) -> Iterator[tuple[str, str]]:
    if not isinstance(own, tuple):
        yield "art", "only a part with a drawing can be morphed; a picture cannot"
        return
    if len(morph.at) != len(morph.by):
        yield "at", f"needs a list of values for each of {', '.join(morph.by)}"
        return
    for values in morph.at:
        if len(values) < 2 or any(b <= a for a, b in pairwise(values)):
            yield "at", "needs two or more rising values for each parameter"
            return
    rows = morph.art if len(morph.by) == 2 else [morph.art]
    shape = (len(morph.at[0]), len(morph.at[1])) if len(morph.by) == 2 else (1, len(morph.at[0]))
    lists = [row for row in rows if isinstance(row, list)]
    if any(not isinstance(name, str) for row in lists for name in row):
        yield "art", "needs one list of drawings for one parameter"
        return
    if len(lists) != shape[0] or any(len(row) != shape[1] for row in lists):
        wanted = f"{shape[0]} lists of {shape[1]}" if len(morph.by) == 2 else f"{shape[1]}"
        yield "art", f"needs {wanted} drawings, one for each combination of values"
        return
    for row in lists:
        for name in row:
            key = drawings.get(str(name))
            said = _unlike(own, key) if key is not None else ""
            if said:
                yield "art", f"{name!r} does not fit the part's own drawing: {said}"


def _unlike(own: tuple[Shape, ...], key: Art) -> str:
    if not isinstance(key, tuple):
        return "it is a picture"
    if len(key) != len(own):
        return f"it has {len(key)} shapes, not {len(own)}"
    for i, (a, b) in enumerate(zip(own, key, strict=True)):
        if a.contours != b.contours:
            counts = (sum(c.segments for c in s.contours) for s in (b, a))
            return "shape {} has {} segments, not {}, or other contours".format(i + 1, *counts)
        if isinstance(a.fill, Gradient) != isinstance(b.fill, Gradient):
            return f"of shape {i + 1}, only one of both has a gradient"
    return ""


def _warp(warp: Warp) -> Iterator[str]:
    columns, rows = warp.grid
    if not (2 <= columns <= 32 and 2 <= rows <= 32):
        yield "a grid has 2 to 32 points across and down"
        return
    for key in warp.keys:
        if len(key.at) != len(warp.by):
            yield f"`at` needs {len(warp.by)} values, one for each of {', '.join(warp.by)}"
        if len(key.offsets) != columns * rows:
            yield f"{columns} × {rows} points need {columns * rows} offsets, not {len(key.offsets)}"
