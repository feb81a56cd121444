"""VMC from another app: messages collected to frames."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from vtdrive.spaces import quat_mul
from vtdrive.types import F32, Incoming, frozen
from vtdrive.vocab import MIRROR_SHAPE
from vtdrive.wire.osc import Arg, Message
from vtdrive.wire.vmc_face_in import Said, gaze_of, shapes_of
from vtdrive.wire.vmc_names_in import EYELOOKS, Meaning, meaning

__all__ = ["VmcReader"]

_SILENT_NS: Final = 500_000_000
"""A value that was not sent for so long, while others were, counts as 0: some apps leave zeros out,
others send a face in several parts. Without an Apply for so long, frames do without."""
_RESTARTED_S: Final = 1.0
_MOST_NAMES: Final = 512
_HEAD_BONES: Final = ("Neck", "Head")
_EYE_BONES: Final = ("LeftEye", "RightEye")
_STILL: Final = 1e-5

_SWAP: Final = np.array(MIRROR_SHAPE, np.intp)
_TURN: Final = np.array([1, -1, -1, 1], np.float32)
_MOVE: Final = np.array([-1, 1, 1], np.float32)
_LOOK: Final = np.array([-1, 1], np.float32)


class VmcReader:
    """Collects one sender's messages. Time is handed in; nothing grows with what is sent.

    `take` returns whether a frame is complete: at Apply; or, of a sender without Apply, when the
    next frame begins (OK, T, or a bone or value that came already). `frame` then tells it.
    """

    def __init__(self, *, mirror: bool = False, root: bool = False) -> None:
        """`mirror`: the sender sends a mirror image; `root`: its avatar's offset moves the head."""
        self._mirror = mirror
        self._root = root
        self.reset()

    def reset(self) -> None:
        """Forget the sender."""
        self._t_s = -math.inf
        self._found = True
        self._applied_ns: int | None = None
        self._turns: dict[str, tuple[float, ...]] = {}
        self._place: tuple[float, ...] | None = None
        self._look_at: tuple[float, ...] | None = None
        self._fresh: set[str] = set()
        self._pending: dict[str, tuple[Meaning, float]] = {}
        self._values: dict[str, tuple[Meaning, float, int]] = {}
        self._moved: set[str] = set()

    def take(self, message: Message, t_ns: int) -> bool:
        """Note one message; raises ValueError where its arguments are not those of VMC.

        Messages that vtdrive has no use for are skipped, and so are surplus arguments.
        """
        match message.address.removeprefix("/VMC/Ext/"):
            case "Blend/Val":
                return self._value(*_named(message, 1), t_ns)
            case "Bone/Pos":
                return self._bone(*_named(message, 7), t_ns)
            case "Blend/Apply":
                self._applied_ns = t_ns
                self._commit(t_ns)
                return True
            case "OK":
                return self._ok(_numbers(message, message.args, 1), t_ns)
            case "T":
                return self._time(_numbers(message, message.args, 1)[0], t_ns)
            case "Root/Pos":
                x, y, z = _named(message, 7)[1][:3]
                self._place = (-x, y, z)
            case "Set/Eye":
                on, x, y, z = _numbers(message, message.args, 4)[:4]
                self._look_at = (-x, y, z) if on else None
        return False

    def frame(self, t_ns: int) -> Incoming:
        """What the sender measures, in our space and anatomical."""
        said = Said()
        for found, value, when in self._values.values():
            said.add(found, value if t_ns - when <= _SILENT_NS else 0.0)
        shapes, known = shapes_of(said, moved=self._moved)
        eyes = (self._turns.get("LeftEye"), self._turns.get("RightEye"))
        gaze = gaze_of(
            shapes, known, said, moved=self._moved, eyes=eyes, look_at=self._look_at
        )  # fills in the EyeLook shapes
        incoming = Incoming(
            t_ns=t_ns,
            found=self._found,
            shapes=frozen(shapes),
            known=known,
            head_xyzw=self._head(),
            head_m=frozen(self._place) if self._root and self._place is not None else None,
            gaze_rad=gaze,
            weights=frozen(said.of("emotion")) if "emotion" in self._moved else None,
        )
        return _unmirrored(incoming) if self._mirror else incoming

    def _head(self) -> F32 | None:
        """What neck and head turn together."""
        turns = [self._turns[bone] for bone in _HEAD_BONES if bone in self._turns]
        if not turns:
            return None
        head = np.asarray(turns[0], float)
        for turn in turns[1:]:
            head = quat_mul(head, turn)
        return frozen(head / np.linalg.norm(head))

    def _ok(self, args: tuple[float, ...], t_ns: int) -> bool:
        ended = self._next(t_ns)
        found = args[0] != 0 and (len(args) < 4 or args[3] != 0)
        lost = self._found and not found
        self._found = found
        return lost or ended

    def _time(self, t_s: float, t_ns: int) -> bool:
        if t_s < self._t_s - _RESTARTED_S:
            found = self._found
            self.reset()  # the sender was started again, perhaps with another model
            self._found = found
        self._t_s = t_s
        return self._next(t_ns)

    def _bone(self, bone: str, args: tuple[float, ...], t_ns: int) -> bool:
        if bone not in _HEAD_BONES and bone not in _EYE_BONES:
            return False
        x, y, z, w = args[3:]
        norm = math.hypot(x, y, z, w)
        if not 1e-3 < norm < 1e3:
            raise ValueError(f"the rotation of {bone} is none")
        ended = bone in self._fresh and self._next(t_ns)
        self._fresh.add(bone)
        turn = self._turns[bone] = (x / norm, -y / norm, -z / norm, w / norm)
        if bone in _EYE_BONES and max(map(abs, turn[:3])) > _STILL:
            self._moved.add("eyes")
        return ended

    def _value(self, name: str, args: tuple[float, ...], t_ns: int) -> bool:
        found = meaning(name)
        if found is None or len(self._pending) >= _MOST_NAMES:
            return False
        ended = name in self._pending and self._next(t_ns)
        self._pending[name] = (found, min(1.0, max(0.0, args[0])))
        return ended

    def _next(self, t_ns: int) -> bool:
        """A new frame begins: whether the one before has yet to be told, for want of an Apply."""
        applies = self._applied_ns is not None and t_ns - self._applied_ns <= _SILENT_NS
        if applies or not (self._fresh or self._pending):
            return False
        self._commit(t_ns)
        return True

    def _commit(self, t_ns: int) -> None:
        for name, (found, value) in self._pending.items():
            if name not in self._values and len(self._values) >= _MOST_NAMES:
                continue
            self._values[name] = (found, value, t_ns)
            if value > _STILL:
                looks = found.kind == "shape" and found.at in EYELOOKS
                self._moved.add("eyelook" if looks else found.kind)
        self._pending.clear()
        self._fresh.clear()


def _unmirrored(seen: Incoming) -> Incoming:
    """The anatomical face behind a mirror image."""
    return replace(
        seen,
        shapes=frozen(seen.shapes[_SWAP]),
        known=seen.known[_SWAP],
        head_xyzw=None if seen.head_xyzw is None else frozen(seen.head_xyzw * _TURN),
        head_m=None if seen.head_m is None else frozen(seen.head_m * _MOVE),
        gaze_rad=None if seen.gaze_rad is None else frozen(seen.gaze_rad[::-1] * _LOOK),
    )


def _named(message: Message, count: int) -> tuple[str, tuple[float, ...]]:
    if not message.args or not isinstance(message.args[0], str):
        raise ValueError(f"{message.address} names nothing")
    return message.args[0], _numbers(message, message.args[1:], count)[:count]


def _numbers(message: Message, args: tuple[Arg, ...], count: int) -> tuple[float, ...]:
    """The numbers that `args` begin with, at least `count`. Some apps send whole ones as ints."""
    numbers = []
    for arg in args:
        if isinstance(arg, bool) or not isinstance(arg, (int, float)) or not math.isfinite(arg):
            break
        numbers.append(float(arg))
    if len(numbers) < count:
        raise ValueError(f"{message.address} with {message.tags!r} lacks {count} numbers")
    return tuple(numbers)
