"""Tiny PNGtubers of every kind that can be imported, made by hand: nobody's files are kept here."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from vtdrive.types import U8

__all__ = [
    "GodotObject", "chunk", "disc", "gif", "godot", "mini", "plus", "plus_sprite", "png", "remix",
    "remix_file", "remix_sprite", "state_chunk", "veado",
]  # fmt: skip

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def disc(
    colour: tuple[int, int, int] = RED, *, width: int = 32, height: int = 48, alpha: int = 255
) -> U8:
    """(height, width, 4) RGBA: a block of `colour` with a clear edge of 4 pixels."""
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[4:-4, 4:-4] = (*colour, alpha)
    return rgba


def png(rgba: U8) -> bytes:
    """The PNG of straight RGBA."""
    done, data = cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    assert done
    return bytes(data)


def gif() -> bytes:
    """2 × 2 pixels, red on the diagonal, the rest clear."""
    head = b"GIF89a" + bytes([2, 0, 2, 0, 0x80, 0, 0]) + bytes([255, 0, 0, 0, 0, 255])
    image = b"!\xf9\x04\x01\0\0\x01\0" + b"," + bytes([0, 0, 0, 0, 2, 0, 2, 0, 0])
    return head + image + bytes([2, 3, 0x44, 0x02, 0x05, 0]) + b";"


def plus_sprite(identification: int, image: U8, **changes: Any) -> dict[str, Any]:
    """One sprite of a .save file, with all keys of today's version."""
    return {
        "type": "sprite", "path": f"C:/art/layer {identification}.png",
        "imageData": base64.b64encode(png(image)).decode(), "identification": identification,
        "parentId": None, "pos": "Vector2(0, 0)", "offset": "Vector2(0, 0)", "zindex": 0,
        "drag": 0, "xFrq": 0.0, "xAmp": 0, "yFrq": 0.0, "yAmp": 0, "rotDrag": 0, "showTalk": 0,
        "showBlink": 0, "rLimitMin": -180, "rLimitMax": 180,
        "costumeLayers": "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "stretchAmount": 0.0,
        "ignoreBounce": False, "frames": 1, "animSpeed": 0, "clipped": False,
    } | changes  # fmt: skip


def plus(sprites: Sequence[Mapping[str, Any]]) -> bytes:
    """A .save file."""
    return json.dumps({str(i): sprite for i, sprite in enumerate(sprites)}).encode()


def chunk(number: int, kind: bytes, content: bytes) -> bytes:
    """One chunk of a .veado file."""
    return struct.pack("<I4sI", number, kind, len(content)) + content


def _text(text: str) -> bytes:
    raw = text.encode()
    assert len(raw) < 128
    return bytes([len(raw)]) + raw


def state_chunk(name: str, images: Sequence[int], *, new: bool = True) -> bytes:
    """The content of a chunk MSTA, as versions before (4 bytes of flags) and now (1) write it."""
    ids = struct.pack("<8I", *images, *images)
    if new:
        return _text(name) + b"\x02" + ids + bytes(5) + b"PRES"
    return _text(name) + struct.pack("<I", 2) + ids + struct.pack("<3d", 0.1, 3, 6) + bytes(5)


def veado(
    states: Mapping[str, Sequence[U8 | None]], *, new: bool = True, codec: bytes = b"RAW."
) -> bytes:
    """A .veado file: for each state the pictures of mouth shut, open, blink shut, blink open."""
    body, number, listed = b"", 10, []
    for name, pictures in states.items():
        ids = []
        for picture in pictures:
            if picture is None:
                ids.append(0)
                continue
            number += 2
            ids.append(number)
            height, width = picture.shape[:2]
            frame = struct.pack("<IIId", number + 1, 0, 0, 0.0)
            body += chunk(number, b"AIMG", struct.pack("<II", width, height) + b"\x01" + frame)
            raw = picture[::-1].tobytes() if codec == b"RAW." else png(picture)
            texture = struct.pack("<II4s", width, height, codec) + raw
            body += chunk(number + 1, b"ABMP", texture)
        number += 2
        listed.append(number)
        body += chunk(number, b"MSTA", state_chunk(name, ids, new=new))
    head = chunk(1, b"META", _text("test") + b"\0\0")
    head += chunk(2, b"MLST", struct.pack(f"<{len(listed)}I", *listed))
    return b"VEADOTUBE" + head + body + bytes(12)


def mini(files: Mapping[str, bytes]) -> bytes:
    """A .veadomini file of version 1.4."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


class GodotObject:
    """An object with one property, as `store_var(value, true)` writes it."""

    def __init__(self, name: str) -> None:
        self.name = name


def godot(value: Any) -> bytes:
    """A value as Godot 4 stores it. Tuples of 2 are vectors, of 4 colours."""
    if value is None:
        return struct.pack("<I", 0)
    if isinstance(value, bool):
        return struct.pack("<II", 1, value)
    if isinstance(value, int):
        small = -(2**31) <= value < 2**31
        return struct.pack("<Ii", 2, value) if small else struct.pack("<Iq", 2 | 1 << 16, value)
    if isinstance(value, float):
        return struct.pack("<Id", 3 | 1 << 16, value)
    if isinstance(value, str):
        return struct.pack("<I", 4) + _padded(value.encode())
    if isinstance(value, bytes):
        return struct.pack("<I", 29) + _padded(value)
    if isinstance(value, tuple):
        return struct.pack("<I", {2: 5, 4: 20}[len(value)]) + struct.pack(f"<{len(value)}f", *value)
    if isinstance(value, GodotObject):
        pair = _padded(b"keycode") + godot(65)
        return struct.pack("<I", 24) + _padded(value.name.encode()) + struct.pack("<I", 1) + pair
    if isinstance(value, dict):
        inner = b"".join(godot(key) + godot(each) for key, each in value.items())
        return struct.pack("<II", 27, len(value)) + inner
    return struct.pack("<II", 28, len(value)) + b"".join(map(godot, value))


def _padded(raw: bytes) -> bytes:
    return struct.pack("<I", len(raw)) + raw + bytes(-len(raw) % 4)


def remix_sprite(number: int, image: U8 | None, **state: Any) -> dict[str, Any]:
    """One sprite of a .pngRemix file; `state` is laid over its only state."""
    plain = {
        "xAmp": 0, "xFrq": 0.0, "yAmp": 0, "yFrq": 0.0, "dragSpeed": 0, "rdragStr": 0,
        "z_index": 0, "visible": True, "should_talk": False, "open_mouth": False,
        "should_blink": False, "open_eyes": True, "position": (0.0, 0.0), "offset": (0.0, 0.0),
        "scale": (1.0, 1.0), "rotation": 0.0, "hframes": 1, "blend_mode": "Normal",
        "colored": (1.0, 1.0, 1.0, 1.0),
    }  # fmt: skip
    return {
        "img": None if image is None else base64.b64encode(png(image)).decode(),
        "states": [plain | state],
        "sprite_name": f"layer {number}",
        "sprite_id": float(number),
        "parent_id": 0.0,
        "sprite_type": "Folder" if image is None else "Sprite2D",
    }


def remix(sprites: Sequence[Mapping[str, Any]], **more: Any) -> bytes:
    """A .pngRemix file."""
    tree = {"sprites_array": list(sprites), "settings_dict": {"states": 1}, "input_array": []}
    return remix_file(tree | more)


def remix_file(tree: Any) -> bytes:
    """Any value as a file, with its length before it."""
    raw = godot(tree)
    return struct.pack("<I", len(raw)) + raw
