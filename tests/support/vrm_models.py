"""Small .vrm files: one spine with a head and two eyes, as VRM 0 and as VRM 1."""

from __future__ import annotations

import json
import struct
from typing import Any

__all__ = ["glb", "vrm0", "vrm1"]

SPINE = ("hips", "spine", "chest", "neck", "head")
PLACES = ((0, 0.9, 0), (0, 0.1, 0), (0, 0.12, 0), (0, 0.3, 0), (0, 0.1, 0.02))
LEFT, RIGHT = (0.03, 0.06, 0.05), (-0.03, 0.06, 0.05)


def _nodes(sign: float) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = [
        {"name": bone, "translation": [sign * x, y, sign * z], "children": [i + 1]}
        for i, (bone, (x, y, z)) in enumerate(zip(SPINE, PLACES, strict=True))
    ]
    nodes[-1]["children"] = [5, 6]
    nodes += [{"translation": [sign * x, y, sign * z]} for x, y, z in (LEFT, RIGHT)]
    return nodes


NAMES = (*SPINE, "leftEye", "rightEye")


def vrm1() -> dict[str, Any]:
    """The JSON of a VRM 1 model; its face looks along +Z. No node is shared between calls."""
    bones = {bone: {"node": i} for i, bone in enumerate(NAMES)}
    human = {"humanoid": {"humanBones": bones}}
    return {"asset": {"version": "2.0"}, "nodes": _nodes(1.0), "extensions": {"VRMC_vrm": human}}


def vrm0() -> dict[str, Any]:
    """The same model as VRM 0, which looks along -Z in its file."""
    bones = [{"bone": bone, "node": i} for i, bone in enumerate(NAMES)]
    human = {"humanoid": {"humanBones": bones}}
    return {"asset": {"version": "2.0"}, "nodes": _nodes(-1.0), "extensions": {"VRM": human}}


def glb(model: dict[str, Any]) -> bytes:
    """A .vrm file of that JSON, with a binary chunk behind it."""
    text = json.dumps(model).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<2I", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<2I", 8, 0x004E4942) + bytes(8)
    return b"glTF" + struct.pack("<2I", 2, 12 + len(chunks)) + chunks
