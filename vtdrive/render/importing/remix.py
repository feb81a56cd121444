"""PNGTube-Remix: a .pngRemix file, a dictionary of plain Godot values. Versions differ."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any, Final

from vtdrive.render.importing.art import (
    MAX_PICTURES,
    MAX_SET_BYTES,
    Art,
    Unreadable,
    art_of,
)
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.layers import (
    Cycle,
    Layer,
    figure_of_layers,
    number,
    turn_limits,
    without,
)
from vtdrive.render.importing.variant import Refused, plain_values

__all__ = ["read_remix"]

_MOST_FRAMES: Final = 64
_BLENDS: Final = {"Normal": "normal", "Add": "add", "Multiply": "multiply"}
_APART: Final = {"WiggleApp": "hangs stiff", "Mesh": "its mesh is not bent"}
"""Kinds of sprites that do more there."""


def read_remix(data: bytes, name: str, *, costume: int = 1) -> Imported:
    """The avatar of a .pngRemix file in its state 1, 2, … Raises Unreadable."""
    if len(data) > MAX_SET_BYTES:
        raise Unreadable(f"it has more than {MAX_SET_BYTES >> 20} MB")
    # The length of what follows stands before it.
    size = int.from_bytes(data[:4], "little")
    if size < 8 or size > len(data) - 4:
        raise Unreadable("it is no .pngRemix file, or cut off", "save the model again")
    tree = plain_values(data[4 : 4 + size])
    sprites = tree.get("sprites_array") if isinstance(tree, dict) else None
    if not isinstance(sprites, list) or not sprites:
        raise Unreadable("it holds no sprites", "save the model with PNGTube-Remix again")
    if len(sprites) > MAX_PICTURES:
        raise Unreadable(f"it has more than {MAX_PICTURES} sprites")
    notes = ["PNGTube-Remix: positions, wobble, drag and talking are taken over, best effort"]
    refused = {each.what for each in _objects(tree.get("input_array"))}
    notes += [f"{what}: objects in the file are not read" for what in sorted(refused)[:5]]
    if tree.get("bg_sprites_array"):
        notes.append("backgrounds are not taken over")
    arts = _Arts(tree.get("image_manager_data"))
    layers: list[Layer] = []
    hidden: list[str] = []
    for i, sprite in enumerate(sprites):
        if not isinstance(sprite, dict):
            raise Unreadable(f"sprite {i + 1} is no table")
        title = _title(sprite, i)
        try:
            _add(sprite, title, costume, arts, layers, hidden, notes)
        except Unreadable as fault:
            raise Unreadable(f"sprite {title}: {fault.what}", fault.remedy) from fault
    shown = without(layers, hidden)
    seen = {layer.key for layer in shown}
    notes += [f"{layer.name}: not in state {costume}" for layer in layers if layer.key not in seen]
    return figure_of_layers(name, shown, notes, about="From PNGTube-Remix.")


def _objects(values: object) -> list[Refused]:
    found = []
    for value in values if isinstance(values, list) else []:
        inner = list(value.values()) if isinstance(value, dict) else [value]
        found += [each for each in inner if isinstance(each, Refused)]
    return found


def _title(sprite: Mapping[Any, Any], index: int) -> str:
    name = sprite.get("sprite_name")
    return name.strip()[:40] if isinstance(name, str) and name.strip() else f"{index + 1}"


class _Arts:
    """Pictures: newer files keep them apart from the sprites."""

    def __init__(self, table: object) -> None:
        self._table: dict[int, Mapping[Any, Any]] = {}
        for entry in table if isinstance(table, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("id"), int):
                self._table[entry["id"]] = entry
        self._read: dict[int, Art] = {}

    def of(self, sprite: Mapping[Any, Any]) -> Art | None:
        """The picture of a sprite; None where it has none."""
        if self._table:
            which = sprite.get("image_id")
            entry = self._table.get(which) if isinstance(which, int) else None
            if entry is None or not isinstance(which, int):
                return None
            if which not in self._read:
                found = _picture(entry.get("anim_texture")) or _picture(
                    entry.get("runtime_texture")
                )
                if found is None:
                    return None
                self._read[which] = found
            return self._read[which]
        return _picture(sprite.get("img"))


def _picture(value: object) -> Art | None:
    """A picture from its bytes, or from base64 of them."""
    if isinstance(value, str) and value:
        try:
            value = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as fault:
            raise Unreadable("its picture is damaged", "save the model again") from fault
    if isinstance(value, Refused):
        raise Unreadable(f"its picture is an object ({value.what})", "objects are not read")
    return art_of(value) if isinstance(value, bytes) and value else None


def _add(
    sprite: Mapping[Any, Any],
    title: str,
    costume: int,
    arts: _Arts,
    layers: list[Layer],
    hidden: list[str],
    notes: list[str],
) -> None:
    """A layer for `sprite`, which is also noted as hidden where it is not seen in that state."""
    kind = sprite.get("sprite_type", "Sprite2D")
    if kind == "Comment":
        return
    state = _state(sprite.get("states"), costume)
    folder = kind == "Folder" or state.get("folder") is True
    art = None if folder else arts.of(sprite)
    if art is None and not folder:
        notes.append(f"{title}: its picture is missing")
    if art is not None and art.moves:
        notes.append(f"{title}: its first frame is taken")
    if isinstance(kind, str) and kind in _APART:
        notes.append(f"{title}: {_APART[kind]}")
    layer = _layer(sprite, state, title, art)
    for key in ("advanced_lipsync", "look_at_mouse_pos", "should_rotate", "follow_wa_tip"):
        if state.get(key):
            notes.append(f"{title}: {key} is not taken over")
    blend = state.get("blend_mode", "Normal")
    if isinstance(blend, str) and blend not in _BLENDS:
        notes.append(f"{title}: its blending {blend[:20]} is not known")
    layers.append(layer)
    if state.get("visible") is False:
        hidden.append(layer.key)


def _state(states: object, costume: int) -> Mapping[Any, Any]:
    found = [each for each in states if isinstance(each, dict)] if isinstance(states, list) else []
    return found[min(costume, len(found)) - 1] if found else {}


def _layer(
    sprite: Mapping[Any, Any], state: Mapping[Any, Any], title: str, art: Art | None
) -> Layer:
    x, y = _pair(state.get("position"), 0.0)
    offset_x, offset_y = _pair(state.get("offset"), 0.0)
    wide, tall = _pair(state.get("scale"), 1.0)
    columns, rows = _frames(state.get("hframes")), _frames(state.get("vframes"))
    if art is not None and (columns > art.width or rows > art.height):
        raise Unreadable("it has more frames than pixels")
    if columns * rows > _MOST_FRAMES:
        raise Unreadable(f"it has {columns * rows} frames", f"at most {_MOST_FRAMES} are taken")
    parent = sprite.get("parent_id")
    blend = state.get("blend_mode", "Normal")
    return Layer(
        key=_identity(sprite.get("sprite_id")),
        name=title,
        parent="" if not parent else _identity(parent),
        art=art,
        columns=columns,
        rows=rows,
        x=x,
        y=y,
        offset_x=offset_x,
        offset_y=offset_y,
        turned_deg=math.degrees(number(state.get("rotation"), most=1e3)),
        stretched=(wide, tall),
        z=round(number(state.get("z_index"), most=1e6)),
        talk=_cycle(state.get("should_talk"), state.get("open_mouth"), first_is_open=False),
        blink=_cycle(state.get("should_blink"), state.get("open_eyes"), first_is_open=True),
        clips=_clips(state.get("clip")),
        opacity=_opacity(state.get("colored")),
        blend=_BLENDS.get(blend, "normal") if isinstance(blend, str) else "normal",
        wobble_px=(_wobble(state, "x"), _wobble(state, "y")),
        drag=max(0.0, number(state.get("dragSpeed"), most=1000)),
        turn_drag=number(state.get("rdragStr"), most=1000),
        turn_limits_deg=turn_limits(state),
        stretch=number(state.get("stretchAmount"), most=1000),
        steady=state.get("ignore_bounce") is True,
    )


def _identity(value: object) -> str:
    if value is None:
        raise Unreadable("it has no id")
    return f"{number(value, most=1e18):.0f}"


def _pair(value: object, otherwise: float) -> tuple[float, float]:
    if value is None:
        return otherwise, otherwise
    if not isinstance(value, tuple) or len(value) != 2:
        raise Unreadable(f"{str(value)[:40]!r} stands where two numbers should")
    return number(value[0]), number(value[1])


def _frames(value: object) -> int:
    return max(1, round(number(value, otherwise=1, most=1e6)))


def _cycle(does: object, is_open: object, *, first_is_open: bool) -> Cycle:
    """Layers' 1 and 2: the mouth shut and open, the eyes open and shut."""
    if does is not True:
        return 0
    return 1 if (is_open is True) == first_is_open else 2


def _clips(value: object) -> bool:
    """0: no; 1 would hide itself, 2 does not."""
    return value is True or (isinstance(value, int) and value > 0)


def _opacity(tint: object) -> float:
    """Of a colour, only that is taken over."""
    if not isinstance(tint, tuple) or len(tint) != 4:
        return 1.0
    return max(0.0, min(1.0, number(tint[3])))


def _wobble(state: Mapping[Any, Any], axis: str) -> float:
    return abs(number(state.get(f"{axis}Amp"))) if number(state.get(f"{axis}Frq")) else 0.0
