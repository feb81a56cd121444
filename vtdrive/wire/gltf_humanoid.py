"""Where the bones of a VRM model rest, read from the JSON chunk of its .vrm (GLB) file.

Both VRM versions are brought into vtdrive's space (right-handed, +Y up, the face towards +Z): VRM 1
models stand in it already, VRM 0 models face the other way.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy.typing as npt

from vtdrive.spaces import quat_angle, quat_conj, quat_from_matrix, quat_mul, rotate

__all__ = [
    "GLB_HEAD_BYTES",
    "Joint",
    "Quat",
    "UnreadableModel",
    "Vec",
    "humanoid",
    "json_bytes",
    "raw_rotation",
]

Vec = tuple[float, float, float]
Quat = tuple[float, float, float, float]

GLB_HEAD_BYTES: Final = 20
"""How much of a file `json_bytes` wants."""
_MAX_JSON_BYTES: Final = 16 << 20
"""Models have 0.2 to 3 MB; parsed it takes some ten times as much memory."""
_MAX_NODES: Final = 65536
_MAX_DEPTH: Final = 1024
_MAX_BONES: Final = 256
_JSON_CHUNK: Final = 0x4E4F534A
_FARTHEST_M: Final = 1000.0
_TURNED_RAD: Final = math.radians(1.0)

# VRM 1 names the three joints of a thumb anew; Unity keeps the old names.
_THUMBS: Final = {
    f"{side}Thumb{new}": f"{side}Thumb{old}"
    for side in ("left", "right")
    for new, old in (("Metacarpal", "Proximal"), ("Proximal", "Intermediate"))
}


class UnreadableModel(ValueError):
    """The file is no VRM model, or a damaged one; says why."""


@dataclass(frozen=True, slots=True)
class Joint:
    """How one bone rests, in vtdrive's space."""

    offset_m: Vec
    """From the bone above it in the humanoid, along the model's axes; nodes between are included.
    The local position on a skeleton whose bones all rest unturned."""
    local_m: Vec
    """Local position as the file has it: relative to the node above."""
    above_xyzw: Quat
    """How the node above it rests, from the model's axes."""
    rest_xyzw: Quat
    """How the bone rests, from the model's axes."""

    @property
    def is_turned(self) -> bool:
        """Whether raw and normalised differ for this bone's rotation."""
        return any(
            quat_angle(q, (0.0, 0.0, 0.0, 1.0)) > _TURNED_RAD
            for q in (self.above_xyzw, self.rest_xyzw)
        )


def json_bytes(head: bytes) -> int:
    """Length of the JSON that follows the first `GLB_HEAD_BYTES` of a file.

    Raises UnreadableModel where this is no GLB, or the JSON is absurdly long.
    """
    if len(head) < GLB_HEAD_BYTES or head[:4] != b"glTF":
        raise UnreadableModel("it is no binary glTF file, as .vrm files are")
    version, _, size, kind = struct.unpack_from("<4I", head, 4)
    if version != 2 or kind != _JSON_CHUNK:
        raise UnreadableModel("it is no binary glTF 2 file that begins with its JSON")
    if size > _MAX_JSON_BYTES:
        raise UnreadableModel(f"its JSON has {size} bytes, more than {_MAX_JSON_BYTES}")
    return int(size)


def humanoid(text: bytes) -> dict[str, Joint]:
    """The humanoid's bones by their Unity names, from the JSON chunk; raises UnreadableModel."""
    try:
        model = json.loads(text.rstrip(b"\0"), parse_constant=_refuse)
    except RecursionError:
        raise UnreadableModel("its JSON is nested too deep") from None
    except ValueError as fault:
        raise UnreadableModel(f"its JSON is broken or cut off: {str(fault)[:120]}") from None
    try:
        old, bones = _bones(model)
        return _Skeleton(model["nodes"], old=old).joints(bones)
    except UnreadableModel:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as fault:
        reason = f"{type(fault).__name__} {str(fault)[:80]}"
        raise UnreadableModel(f"its skeleton is not described as VRM wants it ({reason})") from None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _bones(model: Any) -> tuple[bool, dict[str, int]]:
    """(whether it is VRM 0, Unity bone name -> node)."""
    extensions = model.get("extensions", {})
    if "VRMC_vrm" in extensions:
        human = extensions["VRMC_vrm"]["humanoid"]["humanBones"]
        named = [(_THUMBS.get(bone, bone), place["node"]) for bone, place in human.items()]
        return False, {_unity(bone): _index(node) for bone, node in named}
    if "VRM" in extensions:
        human = extensions["VRM"]["humanoid"]["humanBones"]
        # Unset bones stand there with node -1.
        found = {_unity(b["bone"]): _index(b["node"]) for b in human if b["node"] != -1}
        return True, found
    raise UnreadableModel("it is glTF, but holds no VRM model")


def _unity(bone: str) -> str:
    return bone[:1].upper() + bone[1:]


def _index(node: object) -> int:
    if isinstance(node, bool) or not isinstance(node, int) or node < 0:
        raise TypeError(f"node {node!r}")
    return node


class _Skeleton:
    """The nodes of a file; only those that lead to a bone are ever looked at."""

    def __init__(self, nodes: list[Mapping[str, Any]], *, old: bool) -> None:
        if len(nodes) > _MAX_NODES:
            raise UnreadableModel(f"it has {len(nodes)} nodes, more than {_MAX_NODES}")
        self._nodes = nodes
        self._old = old
        self._above: dict[int, int] = {}
        for i, node in enumerate(nodes):
            for child in node.get("children", ()):
                if self._above.setdefault(_index(child), i) != i:
                    raise UnreadableModel(f"its node {child} hangs from two others")
        self._places: dict[int, tuple[Vec, Quat, float]] = {}

    def joints(self, bones: Mapping[str, int]) -> dict[str, Joint]:
        if len(bones) > _MAX_BONES:
            raise UnreadableModel(f"it names {len(bones)} bones")
        at = set(bones.values())
        return {bone: self._joint(node, at) for bone, node in bones.items()}

    def _joint(self, node: int, bones: set[int]) -> Joint:
        place, rest, _ = self._place(node)
        chain = self._chain(node)
        next(chain)
        above = next((n for n in chain if n in bones), None)
        start = self._place(above)[0] if above is not None else (0.0, 0.0, 0.0)
        direct = self._above.get(node)
        above_rest = self._place(direct)[1] if direct is not None else (0.0, 0.0, 0.0, 1.0)
        offset = (place[0] - start[0], place[1] - start[1], place[2] - start[2])
        return Joint(
            self._ours(_vec(offset)),
            self._ours(_local(self._nodes[node])[0]),
            self._turned(above_rest),
            self._turned(rest),
        )

    def _chain(self, node: int) -> Iterator[int]:
        """The node, the one above it, and so on."""
        for _ in range(_MAX_DEPTH):
            yield node
            if node not in self._above:
                return
            node = self._above[node]
        raise UnreadableModel("its nodes hang from each other in a circle, or too deep")

    def _place(self, node: int) -> tuple[Vec, Quat, float]:
        """Position, rotation and size of a node from the model's origin.

        Sizes that differ by axis count as their mean: no humanoid has them above a bone.
        """
        path = []
        for n in self._chain(node):
            if n in self._places:
                break
            path.append(n)
        for n in reversed(path):
            move, turn, size = _local(self._nodes[n])
            above = self._above.get(n)
            if above is not None:
                start, first, scale = self._places[above]
                x, y, z = rotate(first, move).tolist()
                move = _vec((start[0] + scale * x, start[1] + scale * y, start[2] + scale * z))
                turn, size = _quat(quat_mul(first, turn).tolist()), scale * size
            self._places[n] = (move, turn, size)
        return self._places[node]

    def _ours(self, v: Vec) -> Vec:
        return (-v[0], v[1], -v[2]) if self._old else v

    def _turned(self, q: Quat) -> Quat:
        return (-q[0], q[1], -q[2], q[3]) if self._old else q


def _local(node: Mapping[str, Any]) -> tuple[Vec, Quat, float]:
    """Translation, rotation and mean scale of one node."""
    if "matrix" in node:
        return _from_matrix([float(v) for v in node["matrix"]])
    sizes = _vec(node.get("scale", (1.0, 1.0, 1.0)))
    turn = _quat(node.get("rotation", (0.0, 0.0, 0.0, 1.0)))
    return _vec(node.get("translation", (0.0, 0.0, 0.0))), turn, sum(sizes) / 3


def _from_matrix(m: list[float]) -> tuple[Vec, Quat, float]:
    if len(m) != 16:
        raise UnreadableModel(f"a node's matrix has {len(m)} numbers")
    sizes = [math.hypot(*m[4 * i : 4 * i + 3]) for i in range(3)]  # columns stand one by one
    if not 1e-9 < min(sizes) <= max(sizes) < 1e9:
        raise UnreadableModel("a node's matrix has no size")
    rotation = [[m[4 * col + row] / sizes[col] for col in range(3)] for row in range(3)]
    turn = _quat(quat_from_matrix(rotation).tolist())
    return _vec(m[12:15]), turn, sum(sizes) / 3


def _vec(values: Any) -> Vec:
    x, y, z = _numbers(values, 3)
    if not max(abs(x), abs(y), abs(z)) <= _FARTHEST_M:
        raise UnreadableModel("a node stands more than a kilometre away")
    return x, y, z


def _quat(values: Any) -> Quat:
    q = _numbers(values, 4)
    norm = math.hypot(*q)
    if not 1e-6 < norm < 1e6:
        raise UnreadableModel("a node's rotation is none")
    x, y, z, w = (v / norm for v in q)
    return x, y, z, w


def _numbers(values: Any, count: int) -> list[float]:
    numbers = [float(v) for v in values]
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise UnreadableModel(f"a node has {numbers[:5]} where {count} numbers are due")
    return numbers


def raw_rotation(joint: Joint, turn: npt.ArrayLike) -> Quat:
    """`turn` of a bone that rests unturned, as the local rotation of one that rests as `joint`."""
    after = quat_mul(quat_conj(joint.above_xyzw), turn)
    return _quat(quat_mul(after, joint.rest_xyzw).tolist())
