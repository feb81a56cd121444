"""What an avatar declares: read from VRChat's OSCQuery tree or from its file per avatar."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from vtdrive.wire.oscquery import MalformedTree, Node

__all__ = [
    "DEFAULT_V2",
    "Avatar",
    "Declared",
    "Kind",
    "avatar_of_file",
    "avatar_of_tree",
    "default_avatar",
]

Kind = Literal["float", "bool", "int"]

PARAMETERS: Final = "/avatar/parameters/"
_MAX_PARAMETERS: Final = 8192
_MAX_ADDRESS: Final = 512
_BY_TAG: Final[dict[str, Kind]] = {"f": "float", "i": "int", "T": "bool", "F": "bool"}
_BY_WORD: Final[dict[str, Kind]] = {"Float": "float", "Int": "int", "Bool": "bool"}


@dataclass(frozen=True, slots=True)
class Declared:
    """One parameter that may be written."""

    name: str
    """As the avatar's author wrote it, with its prefixes: `FT/v2/JawOpen`."""
    address: str
    """Where it is sent; VRChat writes a space in a name as `_` here."""
    kind: Kind


@dataclass(frozen=True, slots=True)
class Avatar:
    """The worn avatar, as far as it is known."""

    id: str
    """`avtr_…`; empty where unknown."""
    declared: tuple[Declared, ...]


def avatar_of_tree(nodes: Sequence[Node]) -> Avatar:
    """The avatar that an OSCQuery tree shows. Nodes that may not be written are left out."""
    found = (
        Declared(node.path.removeprefix(PARAMETERS), node.path, _BY_TAG[node.tags])
        for node in nodes
        if node.path.startswith(PARAMETERS) and node.tags in _BY_TAG and node.access in (None, 2, 3)
    )
    worn = [node.value for node in nodes if node.path == "/avatar/change"]
    first = worn[0][0] if worn and worn[0] else ""
    return Avatar(first if isinstance(first, str) else "", _usable(found))


def avatar_of_file(body: bytes) -> Avatar:
    """The avatar that one of VRChat's own JSON files describes; raises MalformedTree.

    Only what has an `input` is taken, at the address that stands there: users may have edited it.
    """
    try:
        # VRChat writes a byte order mark.
        read: Any = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise MalformedTree(f"no JSON: {fault}") from fault
    if not isinstance(read, dict) or not isinstance(read.get("parameters"), list):
        raise MalformedTree("no avatar's file: it has no list of parameters")
    declared = [one for entry in read["parameters"] if (one := _entry(entry))]
    worn = read.get("id")
    return Avatar(worn if isinstance(worn, str) else "", _usable(declared))


def _entry(entry: Any) -> Declared | None:
    taken = entry.get("input") if isinstance(entry, dict) else None
    if not isinstance(taken, dict):
        return None
    name, address, word = entry.get("name"), taken.get("address"), taken.get("type")
    if not (isinstance(name, str) and isinstance(address, str) and isinstance(word, str)):
        return None
    return Declared(name, address, _BY_WORD[word]) if word in _BY_WORD else None


def _usable(found: Iterable[Declared]) -> tuple[Declared, ...]:
    """Each address once, and none that cannot be one."""
    by_address: dict[str, Declared] = {}
    for one in found:
        address = one.address
        if _is_address(address):
            by_address.setdefault(address, one)
        if len(by_address) >= _MAX_PARAMETERS:
            break
    return tuple(by_address.values())


def _is_address(text: str) -> bool:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
        return False
    return text.startswith("/") and "\0" not in text and size <= _MAX_ADDRESS


_DEFAULT: Final = """
    EyeLeftX EyeLeftY EyeRightX EyeRightY EyeLidLeft EyeLidRight EyeSquintLeft EyeSquintRight
    BrowExpressionLeft BrowExpressionRight BrowUpLeft BrowUpRight BrowDownLeft BrowDownRight
    BrowInnerUp BrowOuterUp JawOpen JawX JawForward MouthClosed MouthX MouthUpperX MouthLowerX
    MouthUpperUp MouthUpperUpLeft MouthUpperUpRight MouthLowerDown MouthLowerDownLeft
    MouthLowerDownRight MouthOpen SmileFrownLeft SmileFrownRight SmileSadLeft SmileSadRight
    MouthStretchLeft MouthStretchRight MouthPress MouthRaiserLower MouthRaiserUpper MouthDimple
    LipSuckUpper LipSuckLower LipFunnel LipPucker CheekPuffLeft CheekPuffRight CheekSquint NoseSneer
    TongueOut
"""

DEFAULT_V2: Final[tuple[str, ...]] = tuple(_DEFAULT.split())
"""What is sent blind where nothing tells what the avatar declares: those that most templates use,
as floats below `FT/v2/`, and the three status bools."""


def default_avatar() -> Avatar:
    """An avatar that declares `DEFAULT_V2` and the status bools."""
    floats = [Declared(f"FT/v2/{n}", f"{PARAMETERS}FT/v2/{n}", "float") for n in DEFAULT_V2]
    states = ("EyeTrackingActive", "ExpressionTrackingActive", "LipTrackingActive")
    return Avatar("", (*floats, *(Declared(n, PARAMETERS + n, "bool") for n in states)))
