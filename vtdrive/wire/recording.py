"""The messages of a recording: JSON objects, one kind per MCAP channel, and back.

Everything a replay needs survives exactly: f32 values have nine digits, and the landmarks are
base64 of little-endian f32. A tick is complete once its `/tick` message is there; its parts precede
it.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from vtdrive.spaces import euler_from_quat
from vtdrive.types import (
    F32,
    AvatarFrame,
    Emotion,
    Face,
    FaceState,
    Incoming,
    Pose,
    Profile,
    RigSchema,
    Track,
    frozen,
)
from vtdrive.vocab import EMOTIONS, SHAPES
from vtdrive.wire.jsontext import JsonTemplate, Layout, Slot

__all__ = [
    "FORMAT_VERSION",
    "SCHEMAS",
    "MappedTemplate",
    "RawTemplate",
    "command_text",
    "emotion_text",
    "format_of",
    "input_text",
    "inputs_text",
    "profile_name",
    "read_emotion",
    "read_input",
    "read_inputs",
    "read_raw",
    "read_track",
    "sent_text",
    "state_text",
    "tick_text",
    "track_text",
]

FORMAT_VERSION: Final = 2
"""The newest that is understood. Raised when an older program could no longer replay a new file."""
_WITHOUT_INPUTS: Final = 1

_LANDMARKS: Final = (478, 3)
_N = Slot.F32


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


_INT = {"type": "integer"}
_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_NUMBERS = {"type": "array", "items": _NUMBER}
_MAYBE_NUMBERS = {"type": ["array", "null"], "items": {"type": ["number", "null"]}}
_BY_NAME = {"type": "object", "additionalProperties": _NUMBER}
_ANY = {"type": "object"}

SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    "/track": _object(
        seq=_INT,
        t_ns=_INT,
        face=_object(
            confidence=_NUMBER,
            crop_px=_NUMBERS,
            camera_from_head=_NUMBERS,
            shapes=_BY_NAME,
            landmarks_px_b64={"type": ["string", "null"], "contentEncoding": "base64"},
        ),
    ),
    "/emotion": _object(t_ns=_INT, probs=_BY_NAME),
    "/input": _object(
        input=_INT,
        n=_INT,
        t_ns=_INT,
        found={"type": "boolean"},
        shapes=_BY_NAME,
        head_xyzw=_MAYBE_NUMBERS,
        head_m=_MAYBE_NUMBERS,
        gaze_rad=_MAYBE_NUMBERS,
        weights=_MAYBE_NUMBERS,
        voice=_MAYBE_NUMBERS,
    ),
    "/raw": _object(seq=_INT, signals=_BY_NAME),
    "/state": _object(
        seq=_INT,
        status=_TEXT,
        head_xyzw=_NUMBERS,
        head_deg=_BY_NAME,
        head_m=_NUMBERS,
        gaze_rad=_ANY,
        shapes=_BY_NAME,
        emotion=_ANY,
        speaking=_NUMBER,
        breath=_NUMBER,
        voice=_NUMBERS,
    ),
    "/mapped": _object(seq=_INT, profiles=_ANY),
    "/sent": _object(
        seq=_INT, sink=_TEXT, datagrams_b64={"type": "array", "items": {"type": "string"}}
    ),
    "/command": _object(seq=_INT, command=_TEXT),
    "/tick": _object(
        seq=_INT,
        t_ns=_INT,
        status=_TEXT,
        track_seq={"type": ["integer", "null"]},
        emotion_t_ns={"type": ["integer", "null"]},
        inputs={"type": "array", "items": {"type": ["integer", "null"]}},
        commands={"type": "array", "items": _TEXT},
        stages_ns={"type": "object", "additionalProperties": _INT},
    ),
}
"""Topic -> JSON Schema of its messages."""

_FACE = JsonTemplate(
    {
        "seq": Slot.INT,
        "t_ns": Slot.INT,
        "face": {
            "confidence": Slot.F64,
            "crop_px": [_N] * 4,
            "camera_from_head": [_N] * 16,
            "shapes": dict.fromkeys(SHAPES, _N),
            "landmarks_px_b64": Slot.TEXT,
        },
    }
)
_NO_FACE = JsonTemplate({"seq": Slot.INT, "t_ns": Slot.INT, "face": None})
_EMOTION = JsonTemplate({"t_ns": Slot.INT, "probs": dict.fromkeys(EMOTIONS, _N)})
_STATE = JsonTemplate(
    {
        "seq": Slot.INT,
        "status": Slot.TEXT,
        "head_xyzw": [_N] * 4,
        "head_deg": dict.fromkeys(("yaw", "pitch", "roll"), Slot.SHORT),
        "head_m": [_N] * 3,
        "gaze_rad": {side: {"yaw": _N, "pitch": _N} for side in ("left", "right")},
        "shapes": dict.fromkeys(SHAPES, _N),
        "emotion": {
            "leading": Slot.TEXT,
            "shown": Slot.TEXT,
            "probs": dict.fromkeys(EMOTIONS, _N),
            "weights": dict.fromkeys(EMOTIONS, _N),
        },
        "speaking": _N,
        "breath": _N,
        "voice": [_N] * 6,
    }
)


def track_text(track: Track, *, landmarks: bool) -> str:
    """`/track`. Without `landmarks` their place holds null."""
    face = track.face
    if face is None:
        return _NO_FACE.fill((track.seq, track.t_ns))
    points = "null"
    if landmarks:
        packed = np.ascontiguousarray(face.landmarks_px, np.dtype("<f4")).tobytes()
        points = f'"{base64.b64encode(packed).decode()}"'
    return _FACE.fill(
        (
            track.seq,
            track.t_ns,
            float(face.confidence),
            *face.crop_px.tolist(),
            *face.camera_from_head.reshape(-1).tolist(),
            *face.shapes.tolist(),
            points,
        )
    )


def read_track(message: Mapping[str, Any]) -> Track:
    """The inverse of `track_text`; landmarks that were not recorded are NaN."""
    face = message["face"]
    if face is None:
        return Track(message["seq"], message["t_ns"], None)
    points = np.full(_LANDMARKS, np.nan, np.float32)
    if face["landmarks_px_b64"] is not None:
        packed = base64.b64decode(face["landmarks_px_b64"], validate=True)
        points = np.frombuffer(packed, np.dtype("<f4")).astype(np.float32).reshape(_LANDMARKS)
    shapes = face["shapes"]
    return Track(
        message["seq"],
        message["t_ns"],
        Face(
            landmarks_px=frozen(points),
            shapes=_numbers(shapes[name] for name in SHAPES),
            camera_from_head=frozen(_numbers(face["camera_from_head"]).reshape(4, 4)),
            crop_px=frozen(_numbers(face["crop_px"]).reshape(4)),
            confidence=face["confidence"],
        ),
    )


def emotion_text(emotion: Emotion) -> str:
    """`/emotion`: one sample of the classifier, written when a tick first read it."""
    return _EMOTION.fill((emotion.t_ns, *emotion.probs.tolist()))


def read_emotion(message: Mapping[str, Any]) -> Emotion:
    """The inverse of `emotion_text`."""
    probs = message["probs"]
    return Emotion(message["t_ns"], _numbers(probs[name] for name in EMOTIONS))


def format_of(*, inputs: bool) -> int:
    """The version to write: what has no inputs can be replayed by older programs."""
    return FORMAT_VERSION if inputs else _WITHOUT_INPUTS


_PARTS: Final = {
    "head_xyzw": (4,),
    "head_m": (3,),
    "gaze_rad": (2, 2),
    "weights": (len(EMOTIONS),),
    "voice": (6,),
}


def input_text(number: int, n: int, incoming: Incoming) -> str:
    """`/input`: the `n`th measurement of an input (0 is the first of the config), written when a
    tick first read it. Only shapes that it knows; what is not finite is null."""
    parts = {name: getattr(incoming, name) for name in _PARTS}
    return json.dumps(
        {
            "input": number,
            "n": n,
            "t_ns": incoming.t_ns,
            "found": bool(incoming.found),
            "shapes": {
                name: _plain(value)
                for name, value, known in zip(
                    SHAPES, incoming.shapes.tolist(), incoming.known.tolist(), strict=True
                )
                if known
            },
            **{
                name: None if part is None else [_plain(v) for v in part.reshape(-1).tolist()]
                for name, part in parts.items()
            },
        }
    )


def inputs_text(incoming: Sequence[Incoming | None]) -> str:
    """One measurement of each input, or none: a JSON list in their order."""
    parts = ["null" if one is None else input_text(i, 0, one) for i, one in enumerate(incoming)]
    return f"[{', '.join(parts)}]"


def read_inputs(text: str) -> list[Incoming | None]:
    """The inverse of `inputs_text`; raises ValueError on anything else."""
    try:
        return [None if message is None else read_input(message) for message in json.loads(text)]
    except (AttributeError, KeyError, TypeError) as fault:
        raise ValueError(f"the measurements of its inputs make no sense: {fault!r}") from fault


def read_input(message: Mapping[str, Any]) -> Incoming:
    """The inverse of `input_text`."""
    shapes = message["shapes"]
    parts = {
        name: None if message[name] is None else frozen(_numbers(message[name]).reshape(shape))
        for name, shape in _PARTS.items()
    }
    return Incoming(
        t_ns=int(message["t_ns"]),
        found=bool(message["found"]),
        shapes=_numbers(shapes.get(name, 0.0) for name in SHAPES),
        known=np.array([name in shapes for name in SHAPES]),
        **parts,
    )


class RawTemplate:
    """`/raw`: the signals before calibration and filters, `names` in `core.signals` order."""

    def __init__(self, names: Iterable[str]) -> None:
        layout: Layout = {"seq": Slot.INT, "signals": dict.fromkeys(names, _N)}
        self._template = JsonTemplate(layout)

    def text(self, frame: AvatarFrame) -> str:
        return self._template.fill((frame.seq, *frame.raw.tolist()))


def read_raw(message: Mapping[str, Any]) -> F32:
    """(S,) signals in recorded order; what was not finite is NaN."""
    return _numbers(message["signals"].values())


def state_text(seq: int, state: FaceState) -> str:
    """`/state`: the face after calibration, correction and smoothing."""
    emotion = state.emotion
    yaw, pitch, roll = np.degrees(euler_from_quat(state.head_xyzw)).tolist()
    return _STATE.fill(
        (
            seq,
            json.dumps(state.status.name.lower()),
            *state.head_xyzw.tolist(),
            *(yaw, pitch, roll),
            *state.head_m.tolist(),
            *state.gaze_rad.reshape(-1).tolist(),
            *state.shapes.tolist(),
            json.dumps(EMOTIONS[emotion.leading]),
            json.dumps(EMOTIONS[emotion.shown]),
            *emotion.probs.tolist(),
            *emotion.weights.tolist(),
            float(state.speaking),
            float(state.breath),
            *state.voice.tolist(),
        )
    )


def profile_name(profile: Profile) -> str:
    """`both`, `shapes mirrored`: the key of a profile in `/mapped`."""
    marks = (" mirrored" * profile.mirror, " with overrides" * profile.overrides)
    return profile.drive + "".join(marks)


class MappedTemplate:
    """`/mapped`: what each profile was given, by name."""

    def __init__(self, schema: RigSchema, profiles: Iterable[Profile]) -> None:
        self.profiles = tuple(profiles)
        pose: Layout = {
            "params": dict.fromkeys(schema.names, _N),
            "bones": {bone: [_N] * 4 for bone in schema.bones},
            "root_m": [_N] * 3,
        }
        layout: Layout = {profile_name(profile): pose for profile in self.profiles}
        self._template = JsonTemplate({"seq": Slot.INT, "profiles": layout})

    def text(self, seq: int, poses: Mapping[Profile, Pose]) -> str:
        values: list[float] = [seq]
        for profile in self.profiles:
            pose = poses[profile]
            values += pose.params.tolist()
            values += pose.bones_xyzw.reshape(-1).tolist()
            values += pose.root_m.tolist()
        return self._template.fill(values)


def sent_text(seq: int, sink: str, datagrams: Iterable[bytes]) -> str:
    """`/sent`: the exact datagrams one sink sent for one frame."""
    packed = [base64.b64encode(datagram).decode() for datagram in datagrams]
    return json.dumps({"seq": seq, "sink": sink, "datagrams_b64": packed})


def command_text(seq: int, command: str) -> str:
    """`/command`: what the user asked for just before this frame."""
    return json.dumps({"seq": seq, "command": command})


def tick_text(
    frame: AvatarFrame, commands: Iterable[str], inputs: Iterable[int | None] = ()
) -> str:
    """`/tick`: closes a frame and says what it was made of; `inputs` is the `n` of each."""
    return json.dumps(
        {
            "seq": frame.seq,
            "t_ns": frame.t_ns,
            "status": frame.status.name.lower(),
            "track_seq": None if frame.track is None else frame.track.seq,
            "emotion_t_ns": None if frame.emotion is None else frame.emotion.t_ns,
            "inputs": list(inputs),
            "commands": list(commands),
            "stages_ns": dict(frame.stages_ns),
        }
    )


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(values: Iterable[float | None]) -> F32:
    return frozen(np.array([np.nan if v is None else v for v in values], np.float32))
