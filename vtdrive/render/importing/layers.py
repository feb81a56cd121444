"""Puppets of layers (PNGTuber Plus, PNGTube-Remix): parts, their parents and what swings."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from vtdrive.render.importing.art import Art, Budget, Picture, Unreadable
from vtdrive.render.importing.imported import Imported, Table, imported, unique
from vtdrive.render.importing.moves import (
    FIGURE,
    HOP,
    SHIFT,
    eyes,
    figure,
    hop_with_words,
    in_turn,
    mouth,
)

__all__ = ["Layer", "figure_of_layers", "number", "turn_limits", "without"]

_FARTHEST_PX: Final = 20_000.0
_LARGEST_PX: Final = 16_384.0
"""Of the figure: what is wider has a layer that was put out of sight."""
_TICK_HZ: Final = 60.0
_DAMPING: Final = 0.7
_STIFF: Final = 3.0
"""The drag of what swings without having any."""
_MOST_STRETCH: Final = 0.3

Cycle = Literal[0, 1, 2]


@dataclass(slots=True)
class Layer:
    """One sprite. Lengths are pixels, y down; `x`, `y` are its origin as seen from its parent's."""

    key: str
    name: str
    parent: str = ""
    art: Art | None = None
    """None: a folder, which only moves others."""
    columns: int = 1
    rows: int = 1
    """Its art is a sheet of that many frames."""
    x: float = 0.0
    y: float = 0.0
    offset_x: float = 0.0
    offset_y: float = 0.0
    """From the origin to the middle of its picture."""
    turned_deg: float = 0.0
    stretched: tuple[float, float] = (1.0, 1.0)
    z: int = 0
    """Higher is nearer; its parents' are added."""
    talk: Cycle = 0
    """0 always, 1 only while silent, 2 only while talking."""
    blink: Cycle = 0
    """0 always, 1 only while the eyes are open, 2 only while they are shut."""
    clips: bool = False
    """Its children are seen only inside it."""
    opacity: float = 1.0
    blend: str = "normal"
    wobble_px: tuple[float, float] = (0.0, 0.0)
    drag: float = 0.0
    """It comes 1/drag of the way nearer to its place in each 60th of a second; 0 at once."""
    turn_drag: float = 0.0
    """Degrees of turning for 1 px of fall in a 60th of a second."""
    turn_limits_deg: tuple[float, float] = (-180.0, 180.0)
    stretch: float = 0.0
    """Hundredths by which it is stretched for the same."""
    steady: bool = False
    """It does not swing when the whole figure hops."""


def number(value: object, *, otherwise: float = 0.0, most: float = _FARTHEST_PX) -> float:
    """A number of a file, within ±`most`; `otherwise` where there is none.

    Raises Unreadable for what is no number or not finite.
    """
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{str(value)[:40]!r} stands where a number should")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise Unreadable("a number is not finite")
    return max(-most, min(most, found))


def turn_limits(table: Mapping[str, object]) -> tuple[float, float]:
    """How far a sprite of PNGTuber Plus, or of what came of it, turns: degrees, least and most."""
    return (
        number(table.get("rLimitMin"), otherwise=-180, most=180),
        number(table.get("rLimitMax"), otherwise=180, most=180),
    )


def without(layers: Sequence[Layer], hidden: Collection[str]) -> list[Layer]:
    """`layers` less those of the keys `hidden` and all that hangs on them."""
    parents = {layer.key: layer.parent for layer in layers}
    gone = set(hidden)
    for key in parents:
        chain: list[str] = []
        at = key
        while at in parents and at not in gone and at not in chain:
            chain.append(at)
            at = parents[at]
        if at in gone:
            gone.update(chain)
    return [layer for layer in layers if layer.key not in gone]


def figure_of_layers(
    name: str, layers: Sequence[Layer], notes: list[str], *, about: str
) -> Imported:
    """The avatar. Raises Unreadable where nothing is shown or parents go round in a circle."""
    order = list(_painted(layers, notes))
    if not any(layer.art for layer in order):
        raise Unreadable("no layer with a picture is shown", "choose another costume: --costume 2")
    places = _places(order)
    left, top, right, bottom = _extent(order, places)
    if max(right - left, bottom - top) > _LARGEST_PX:
        raise Unreadable(
            f"the figure is {right - left:.0f} × {bottom - top:.0f} pixels large",
            "bring the layers that lie far outside back into sight, or remove them",
        )
    width, height = right - left, bottom - top
    tables = figure(
        width=width, height=height, pictures=sum(layer.art is not None for layer in order)
    )
    if not any(layer.talk == 2 for layer in order):
        tables["part"][0]["deform"].append(hop_with_words(height))
        notes.append("no layer is seen only while talking: it hops as you speak")
    builder = _Builder(order, size=(width, height), notes=notes)
    for layer in order:
        x, y = places[layer.key]
        builder.add(layer, x - left, y - top)
    tables["part"] += builder.parts
    tables["springs"] = builder.springs
    return imported(name, tables, builder.pictures, notes, about=about)


def _painted(layers: Sequence[Layer], notes: list[str]) -> Iterator[Layer]:
    """Every layer, the farthest first: by depth, else parents before children, as in the file."""
    known: dict[str, Layer] = {}
    for layer in layers:
        if layer.key in known:
            raise Unreadable(f"two layers have the identity {layer.key[:40]!r}")
        known[layer.key] = layer
    children: dict[str, list[Layer]] = {}
    for layer in layers:
        if layer.parent and layer.parent not in known:
            notes.append(f"{layer.name}: its parent is not there")
            layer.parent = ""
        children.setdefault(layer.parent, []).append(layer)
    found: list[tuple[int, Layer]] = []
    todo = [(layer, 0) for layer in reversed(children.get("", []))]
    while todo:
        layer, above = todo.pop()
        parent = known.get(layer.parent)
        # What is clipped lies on what clips it.
        z = above if parent is not None and parent.clips else above + layer.z
        found.append((z, layer))
        todo += [(child, z) for child in reversed(children.get(layer.key, []))]
    if len(found) < len(layers):
        seen = {layer.key for _, layer in found}
        odd = ", ".join(layer.name for layer in layers if layer.key not in seen)
        raise Unreadable(f"layers are each other's parents: {odd[:120]}", "link them anew")
    found.sort(key=lambda pair: pair[0])
    return (layer for _, layer in found)


def _places(layers: Sequence[Layer]) -> dict[str, tuple[float, float]]:
    """Where each layer's origin lies, no parent being turned."""
    known = {layer.key: layer for layer in layers}
    places: dict[str, tuple[float, float]] = {}
    for layer in layers:
        chain = []
        at: Layer | None = layer
        while at is not None and at.key not in places:
            chain.append(at)
            at = known.get(at.parent)
        for each in reversed(chain):
            x, y = places.get(each.parent, (0.0, 0.0))
            places[each.key] = (x + each.x, y + each.y)
    return places


def _frame_size(layer: Layer) -> tuple[int, int]:
    if layer.art is None:
        return 0, 0
    return max(1, layer.art.width // layer.columns), max(1, layer.art.height // layer.rows)


def _corner(layer: Layer, x: float, y: float) -> tuple[float, float]:
    """Where the left upper corner of a layer's picture lies, its origin being at x, y."""
    width, height = _frame_size(layer)
    return x + layer.offset_x - width / 2, y + layer.offset_y - height / 2


def _extent(
    layers: Sequence[Layer], places: dict[str, tuple[float, float]]
) -> tuple[float, float, float, float]:
    boxes = []
    for layer in layers:
        if layer.art is not None:
            left, top = _corner(layer, *places[layer.key])
            width, height = _frame_size(layer)
            boxes.append((left, top, left + width, top + height))
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


class _Builder:
    """Collects parts, springs and files."""

    def __init__(
        self, layers: Sequence[Layer], *, size: tuple[float, float], notes: list[str]
    ) -> None:
        self.parts: list[Table] = []
        self.springs: dict[str, Table] = {}
        self.pictures: dict[str, Picture] = {}
        self._size = size
        self._notes = notes
        self._layers = {layer.key: layer for layer in layers}
        self._names = {"": FIGURE}
        for layer in layers:
            taken = {*self._names.values()}
            name = unique(layer.name, taken.__contains__, otherwise="layer")
            self._names[layer.key] = name
        self._budget = Budget()

    def add(self, layer: Layer, x: float, y: float) -> None:
        """A part for `layer`, whose origin lies at x, y of the canvas."""
        part: Table = {
            "name": self._names[layer.key],
            "parent": self._names[layer.parent],
            "pivot": [round(x, 2), round(y, 2)],
        }
        if layer.art is None:
            part["art"] = ""
        else:
            left, top = _corner(layer, x, y)
            part["at"] = [round(left, 2), round(top, 2)]
            part["size"] = [float(side) for side in _frame_size(layer)]
            part |= self._shown(layer, layer.art)
        if layer.opacity < 1:
            part["opacity"] = round(layer.opacity, 3)
        if layer.blend != "normal":
            part["blend"] = layer.blend
        clip = self._clip(layer)
        if clip:
            part["clip"] = clip
        deform = [*_stance(layer), *self._moves(layer)]
        if deform:
            part["deform"] = deform
        self.parts.append(part)

    def _clip(self, layer: Layer) -> str:
        above = self._layers.get(layer.parent)
        while above is not None:
            if above.clips and above.art is not None:
                return self._names[above.key]
            above = self._layers.get(above.parent)
        return ""

    def _shown(self, layer: Layer, art: Art) -> Table:
        """`art`, or the sprites that say when which picture is seen."""
        count = layer.columns * layer.rows
        turns = in_turn(count) if count > 1 else [{}]
        talks: Table = {} if layer.talk == 0 else mouth(is_open=layer.talk == 2)
        lids = [{}] if layer.blink == 0 else eyes(are_shut=layer.blink == 2)
        paths = [self._path(layer, art, frame) for frame in range(count)]
        if count > 1:
            self._notes.append(f"{layer.name}: its {count} frames pass to and fro in a breath")
        if not talks and lids == [{}] and count == 1:
            return {"art": paths[0]}
        sprites = [
            {"art": path, "when": {**turn, **talks, **lid}}
            for path, turn in zip(paths, turns, strict=True)
            for lid in lids
        ]
        return {"sprite": sprites}

    def _path(self, layer: Layer, art: Art, frame: int) -> str:
        count = layer.columns * layer.rows
        width, height = _frame_size(layer)
        self._budget.spend(width, height)
        path = f"pictures/{self._names[layer.key]}{f'-{frame}' if count > 1 else ''}.png"
        row, column = divmod(frame, layer.columns)
        cut = (column * width, row * height, width, height) if count > 1 else None
        self.pictures[path] = Picture(art, cut)
        return path

    def _moves(self, layer: Layer) -> list[Table]:
        wide, tall = self._size
        found: list[Table] = []
        if any(layer.wobble_px):
            x, y = (round(px, 2) for px in layer.wobble_px)
            there = [[0.0, -1.0], [1.0, 1.0]]
            found.append({"kind": "move", "by": "breath", "points": there, "x": x, "y": y})
            self._notes.append("what wobbles at its own pace does so with the breath")
        if not (layer.drag > 1 or layer.turn_drag or layer.stretch):
            return found
        drag = layer.drag if layer.drag > 1 else _STIFF
        hop = 0.0 if layer.steady else HOP * tall
        along, down = self._swings(drag)
        # The spring is behind, so it is below 0 while the figure moves right or up.
        speed = -hop / drag
        if layer.turn_drag and hop:
            points = _limited(speed * layer.turn_drag, layer.turn_limits_deg)
            found.append({"kind": "rotate", "by": down, "deg": 1.0, "points": points})
        if layer.stretch and hop:
            points = _limited(speed * layer.stretch * 0.01, (-_MOST_STRETCH, _MOST_STRETCH))
            found.append({"kind": "scale", "by": down, "x": -1.0, "y": 1.0, "points": points})
        if layer.drag > 1:
            found.append({"kind": "move", "by": along, "x": round(SHIFT * wide, 2)})
            if hop:
                found.append({"kind": "move", "by": down, "y": -round(hop, 2)})
        return found

    def _swings(self, drag: float) -> tuple[str, str]:
        """The springs for a drag, across and down."""
        # A gap that closes by 1/drag a tick has the time constant of a spring that slow.
        hz = round(max(0.3, min(8.0, _TICK_HZ * _DAMPING / (math.pi * drag))), 1)
        names = (f"drag_{hz * 10:.0f}_x", f"drag_{hz * 10:.0f}_y")
        for name, to in zip(names, ("head_x", "hop"), strict=True):
            self.springs.setdefault(name, {"to": {to: 1.0}, "hz": hz, "damping": _DAMPING})
        return names


def _limited(slope: float, limits: tuple[float, float]) -> list[list[float]]:
    """The polyline of slope · x over -1 … 1 that stays within `limits`."""
    low, high = min(limits[0], 0.0), max(limits[1], 0.0)
    bends = {limit / slope for limit in (low, high) if slope} | {-1.0, 0.0, 1.0}
    found: dict[float, float] = {}
    for x in sorted(round(bend, 4) for bend in bends if -1 <= bend <= 1):
        found[x] = round(max(low, min(high, slope * x)), 3) + 0.0
    return [[x, y] for x, y in found.items()]


def _stance(layer: Layer) -> list[Table]:
    """What is always so: the amount is the same, whatever the parameter."""
    always = {"by": "breath", "points": [[0.0, 1.0], [1.0, 1.0]]}
    found: list[Table] = []
    x, y = layer.stretched
    if (x, y) != (1.0, 1.0):
        found.append({"kind": "scale", "x": round(x - 1, 4), "y": round(y - 1, 4), **always})
    if layer.turned_deg:
        found.append({"kind": "rotate", "deg": round(layer.turned_deg, 3), **always})
    return found
