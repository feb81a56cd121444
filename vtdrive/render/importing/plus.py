"""PNGTuber Plus: a .save file, JSON with its pictures inside."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Final, NoReturn, cast

from vtdrive.render.importing.art import MAX_PICTURES, MAX_SET_BYTES, Unreadable, art_of
from vtdrive.render.importing.imported import Imported
from vtdrive.render.importing.layers import (
    Cycle,
    Layer,
    figure_of_layers,
    number,
    turn_limits,
    without,
)

__all__ = ["read_save"]

_VECTOR: Final = re.compile(r"Vector2i?\(\s*([^,()\s]{1,40})\s*,\s*([^,()\s]{1,40})\s*\)")
_COSTUMES: Final = 10
_MOST_FRAMES: Final = 64
_KNOWN: Final = frozenset(
    {
        "type", "path", "imageData", "identification", "parentId", "pos", "offset", "zindex",
        "drag", "xFrq", "xAmp", "yFrq", "yAmp", "rotDrag", "showTalk", "showBlink", "rLimitMin",
        "rLimitMax", "costumeLayers", "stretchAmount", "ignoreBounce", "frames", "animSpeed",
        "clipped",
    }
)  # fmt: skip


def read_save(data: bytes, name: str, *, costume: int = 1) -> Imported:
    """The avatar of a .save file in its costume 1 … 10. Raises Unreadable."""
    sprites = _sprites(data)
    notes: list[str] = []
    layers: list[Layer] = []
    worn: dict[str, list[bool]] = {}
    for sprite in sprites:
        title = _title(sprite, len(layers))
        try:
            layer = _layer(sprite, title)
        except Unreadable as fault:
            raise Unreadable(f"sprite {title}: {fault.what}", fault.remedy) from fault
        if layer.key in worn:
            raise Unreadable(f"sprite {title}: another has the same identification")
        layers.append(layer)
        worn[layer.key] = _costumes(sprite.get("costumeLayers"))
        strange = sorted(sprite.keys() - _KNOWN)
        if strange:
            notes.append(f"{title}: {', '.join(strange)[:120]}: not known")
    hidden = [key for key, costumes in worn.items() if not costumes[costume - 1]]
    shown = without(layers, hidden)
    notes += _left_out(layers, shown, costume)
    return figure_of_layers(name, shown, notes, about="From PNGTuber Plus.")


def _sprites(data: bytes) -> list[dict[str, Any]]:
    if len(data) > MAX_SET_BYTES:
        raise Unreadable(f"it has more than {MAX_SET_BYTES >> 20} MB")
    try:
        tree = json.loads(data, parse_constant=_not_finite)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as fault:
        raise Unreadable(
            "it is no JSON, so it is not from PNGTuber Plus", "save the avatar there again"
        ) from fault
    if not isinstance(tree, dict) or not tree:
        raise Unreadable("it holds no sprites", "save the avatar in PNGTuber Plus again")
    if len(tree) > MAX_PICTURES:
        raise Unreadable(f"it has more than {MAX_PICTURES} sprites")
    sprites = [sprite for sprite in tree.values() if isinstance(sprite, dict)]
    if len(sprites) < len(tree) or not any("imageData" in sprite for sprite in sprites):
        raise Unreadable(
            "it holds no sprites with pictures", "save the avatar with PNGTuber Plus 1.2 or newer"
        )
    return [sprite for sprite in sprites if sprite.get("type", "sprite") == "sprite"]


def _not_finite(text: str) -> NoReturn:
    raise Unreadable(f"a number is not finite ({text})", "save the avatar again")


def _title(sprite: dict[str, Any], index: int) -> str:
    """The picture's file name, without the folders of the machine that it was made on."""
    path = sprite.get("path")
    stem = re.split(r"[\\/]", path)[-1] if isinstance(path, str) else ""
    return stem.rsplit(".", 1)[0].strip()[:40] or f"{index + 1}"


def _layer(sprite: dict[str, Any], title: str) -> Layer:
    image = sprite.get("imageData")
    if not isinstance(image, str):
        raise Unreadable("it has no picture", "save the avatar with PNGTuber Plus 1.2 or newer")
    try:
        art = art_of(base64.b64decode(image, validate=True))
    except (binascii.Error, ValueError) as fault:
        if isinstance(fault, Unreadable):
            raise
        raise Unreadable("its picture is damaged", "save the avatar again") from fault
    x, y = _vector(sprite.get("pos"))
    offset_x, offset_y = _vector(sprite.get("offset"))
    frames = round(number(sprite.get("frames"), otherwise=1, most=1e6))
    if not 1 <= frames <= min(_MOST_FRAMES, art.width):
        raise Unreadable(f"it has {frames} frames", f"at most {_MOST_FRAMES} are taken")
    parent = sprite.get("parentId")
    return Layer(
        key=_identity(sprite.get("identification")),
        name=title,
        parent="" if parent is None else _identity(parent),
        art=art,
        columns=frames,
        x=x,
        y=y,
        offset_x=offset_x,
        offset_y=offset_y,
        z=round(number(sprite.get("zindex"), most=1e6)),
        talk=_cycle(sprite.get("showTalk")),
        blink=_cycle(sprite.get("showBlink")),
        clips=sprite.get("clipped") is True,
        wobble_px=(
            _amplitude(sprite.get("xAmp"), sprite.get("xFrq")),
            _amplitude(sprite.get("yAmp"), sprite.get("yFrq")),
        ),
        drag=max(0.0, number(sprite.get("drag"), most=1000)),
        turn_drag=number(sprite.get("rotDrag"), most=1000),
        turn_limits_deg=turn_limits(sprite),
        stretch=number(sprite.get("stretchAmount"), most=1000),
        steady=sprite.get("ignoreBounce") is True,
    )


def _identity(value: object) -> str:
    """Numbers come back from JSON as 12 or as 12.0."""
    found = number(value, most=1e18)
    if value is None:
        raise Unreadable("it has no identification")
    return f"{found:.0f}"


def _vector(value: object) -> tuple[float, float]:
    if value is None:
        return 0.0, 0.0
    match = _VECTOR.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Unreadable(f"{str(value)[:40]!r} stands where a place should")
    try:
        x, y = float(match[1]), float(match[2])
    except ValueError as fault:
        raise Unreadable(f"{str(value)[:40]!r} stands where a place should") from fault
    return number(x), number(y)


def _cycle(value: object) -> Cycle:
    found = round(number(value, most=9))
    return cast(Cycle, found) if found in (0, 1, 2) else 0


def _amplitude(amplitude: object, frequency: object) -> float:
    return abs(number(amplitude)) if number(frequency) else 0.0


def _costumes(value: object) -> list[bool]:
    """For each costume, whether the sprite is seen. Older files know 5 or 8."""
    inner = value[:400].strip(" []") if isinstance(value, str) else ""
    worn = [word.strip() not in ("0", "0.0", "false") for word in inner.split(",") if word.strip()]
    return [*worn[:_COSTUMES], *[True] * (_COSTUMES - len(worn))]


def _left_out(layers: list[Layer], shown: list[Layer], costume: int) -> list[str]:
    seen = {layer.key for layer in shown}
    names = [layer.name for layer in layers if layer.key not in seen]
    if not names:
        return []
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return [f"not in costume {costume}: {', '.join(names[:12])}{more}"]
