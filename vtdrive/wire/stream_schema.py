"""The JSON Schema of the stream, made from the layouts that the encoder fills."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from vtdrive.types import Drive, RigSchema, Status
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.jsontext import Layout, Slot
from vtdrive.wire.stream import FIELDS, SCHEMA_VERSION, frame_layout

__all__ = ["schema_text", "stream_schema"]

_KINDS: Final = ("preset", "shape", "custom")
_NUMBER: Final = {"type": ["number", "null"]}
_TEXTS: Final = {
    "status": [status.name.lower() for status in Status],
    "leading": list(EMOTIONS),
    "shown": list(EMOTIONS),
}
_MEANING: Final = {
    "type": "Absent in JSON lines, where every line is a frame.",
    "v": "Version of this schema: raised when a field changes its meaning or goes.",
    "seq": "Number of the frame. Gaps are frames that were left out.",
    "t": "Seconds since the first frame of the run was captured.",
    "status": "live, held (no face just now) or lost.",
    "head": "Degrees from the user's neutral: yaw + to the user's left, pitch + up, roll + crown to"
    " the user's right.",
    "head_m": "x, y, z in metres from the user's neutral: + left, up, towards the camera.",
    "gaze": "Each eye, degrees in the head: yaw + to the user's left, pitch + up.",
    "emotion": "The expression that is visible, not a feeling.",
    "leading": "Highest probability, before any threshold.",
    "shown": "Passed threshold and dwell; neutral while unsure.",
    "probs": "Smoothed probabilities; they sum to 1.",
    "weights": "Eased intensity, 0 to 1; that of neutral is always 0.",
    "speaking": "0 to 1: the mouth moves like speech.",
    "params": "Every parameter by name, as `drive` and `mirror` of the profile say; `hello` has the"
    " ranges.",
    "bones": "Local rotations x, y, z, w (right-handed, +Y up, the face looks towards +Z), by Unity"
    " humanoid name.",
    "root_m": "x, y, z in metres: offset of the whole avatar.",
}


def stream_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of every message: a hello, or a frame with the fields asked for."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"vtdrive stream, version {SCHEMA_VERSION}",
        "description": "WebSocket messages, the MQTT topic PREFIX/state, and JSON lines. Readers"
        " must ignore fields that they do not know.",
        "oneOf": [{"$ref": "#/$defs/hello"}, {"$ref": "#/$defs/frame"}],
        "$defs": {"hello": _hello(), "frame": _frame()},
    }


def schema_text() -> str:
    """docs/reference/stream.schema.json."""
    return json.dumps(stream_schema(), indent=1, ensure_ascii=False) + "\n"


def _frame() -> dict[str, Any]:
    layout = frame_layout(RigSchema((), ()))
    properties = {name: _schema(name, part) for name, part in layout.items()}
    # Their names are the user's own; `hello` lists them.
    properties["params"] = {"type": "object", "additionalProperties": _NUMBER}
    turn = {"type": "array", "items": _NUMBER, "minItems": 4, "maxItems": 4}
    properties["bones"] = {"type": "object", "additionalProperties": turn}
    for name in ("params", "bones"):
        properties[name]["description"] = _MEANING[name]
    always = [name for name in layout if name not in FIELDS and name != "type"]
    return {"type": "object", "properties": properties, "required": always}


def _schema(name: str, layout: Layout) -> dict[str, Any]:
    found = _shape(name, layout)
    return found | ({"description": _MEANING[name]} if name in _MEANING else {})


def _shape(name: str, layout: Layout) -> dict[str, Any]:
    if isinstance(layout, Slot):
        if layout is Slot.TEXT:
            return {"enum": _TEXTS[name]}
        if layout is Slot.INT:
            return {"type": "integer", "minimum": 0}
        return dict(_NUMBER)
    if isinstance(layout, Mapping):
        inner = {key: _schema(key, part) for key, part in layout.items()}
        return {"type": "object", "properties": inner, "required": list(inner)}
    if isinstance(layout, Sequence) and not isinstance(layout, str):
        count = len(layout)
        return {"type": "array", "items": dict(_NUMBER), "minItems": count, "maxItems": count}
    return {"const": layout}


def _hello() -> dict[str, Any]:
    param = {
        "name": {"type": "string"},
        "lo": {"type": "number"},
        "hi": {"type": "number"},
        "neutral": {"type": "number"},
        "kind": {"enum": list(_KINDS)},
    }
    properties: dict[str, Any] = {
        "type": {"const": "hello"},
        "v": {"const": SCHEMA_VERSION, "description": _MEANING["v"]},
        "program": {"const": "vtdrive"},
        "program_version": {"type": "string"},
        "profile": {
            "type": "object",
            "properties": {"drive": {"enum": list(get_args(Drive))}, "mirror": {"type": "boolean"}},
            "required": ["drive", "mirror"],
        },
        "fields": {
            "type": "array",
            "items": {"enum": list(FIELDS)},
            "description": "What each frame holds besides v, seq, t and status.",
        },
        "max_hz": {"type": "number", "description": "At most so many frames a second; 0: all."},
        "emotions": {"const": list(EMOTIONS)},
        "params": {
            "type": "array",
            "items": {"type": "object", "properties": param, "required": list(param)},
            "description": "Names, ranges and rest values of all parameters.",
        },
        "bones": {"type": "array", "items": {"type": "string"}},
    }
    return {
        "type": "object",
        "description": "The first message, and again when names change.",
        "properties": properties,
        "required": list(properties),
    }
