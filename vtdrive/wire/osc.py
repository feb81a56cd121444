"""OSC 1.0 packets: values to bytes through python-osc, bytes back to values by a strict parser."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

__all__ = ["Arg", "MalformedPacket", "Message", "decode", "encode", "encode_bundle", "encode_flag"]

Arg = int | float | str | bytes | bool | None

_BUNDLE = b"#bundle\0"
_BUNDLE_HEADER_BYTES = 16
_MAX_DEPTH = 8
_FIXED = {"i": ">i", "f": ">f", "h": ">q", "d": ">d", "t": ">Q"}
_BARE: dict[str, bool | None] = {"T": True, "F": False, "N": None}


class MalformedPacket(ValueError):
    """Bytes that are not an OSC packet; says at which byte and why."""


@dataclass(frozen=True, slots=True)
class Message:
    """One OSC message."""

    address: str
    args: tuple[Arg, ...]
    tags: str
    """Type tags without the comma: `sf`."""


def encode(address: str, *args: int | float | str) -> bytes:
    """One message; int becomes `i`, float `f`, str `s`. Nothing else is taken.

    The types are given to python-osc explicitly, because receivers silently drop an `i` or `d`
    where an `f` is due.
    """
    builder = OscMessageBuilder(address)
    for arg in args:
        if isinstance(arg, bool) or not isinstance(arg, (int, float, str)):
            raise TypeError(f"{address}: {type(arg).__name__} is not int, float or str")
        tag = "s" if isinstance(arg, str) else "i" if isinstance(arg, int) else "f"
        builder.add_arg(arg, tag)
    datagram: bytes = builder.build().dgram
    return datagram


def encode_flag(address: str, *, on: bool) -> bytes:
    """One message that is true or false: type tag `T` or `F`, and no bytes of its own."""
    builder = OscMessageBuilder(address)
    builder.add_arg(on, "T" if on else "F")
    datagram: bytes = builder.build().dgram
    return datagram


def encode_bundle(messages: list[bytes]) -> bytes:
    """One bundle of encoded messages, to be acted on immediately."""
    builder = OscBundleBuilder(IMMEDIATELY)
    for message in messages:
        builder.add_content(OscMessage(message))
    bundle: OscBundle = builder.build()
    datagram: bytes = bundle.dgram
    return datagram


def decode(datagram: bytes | bytearray | memoryview) -> tuple[Message, ...]:
    """Every message of a datagram in order, bundles unfolded; raises MalformedPacket.

    Strict on purpose, as some receivers are: lengths are multiples of four, padding is zero, the
    type tag string is there, and nothing follows the last argument.
    """
    return tuple(_packet(bytes(datagram), 0))


def _packet(data: bytes, depth: int) -> Iterator[Message]:
    if len(data) % 4:
        raise MalformedPacket(f"a packet of {len(data)} bytes is not a multiple of 4")
    if data[:8] != _BUNDLE:
        yield _message(data)
        return
    if depth >= _MAX_DEPTH:
        raise MalformedPacket(f"bundles are nested more than {_MAX_DEPTH} deep")
    if len(data) < _BUNDLE_HEADER_BYTES:
        raise MalformedPacket("a bundle ends inside its time tag")
    at = _BUNDLE_HEADER_BYTES
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if size <= 0 or at + size > len(data):
            raise MalformedPacket(f"byte {at - 4}: an element of {size} bytes does not fit")
        yield from _packet(data[at : at + size], depth + 1)
        at += size


def _message(data: bytes) -> Message:
    address, at = _string(data, 0)
    if not address.startswith("/"):
        raise MalformedPacket(f"the address {address!r} does not start with /")
    tags, at = _string(data, at)
    if not tags.startswith(","):
        raise MalformedPacket(f"{address}: the type tags {tags!r} do not start with a comma")
    args: list[Arg] = []
    for tag in tags[1:]:
        arg, at = _argument(data, at, tag)
        args.append(arg)
    if at != len(data):
        raise MalformedPacket(f"{address}: {len(data) - at} bytes follow the last argument")
    return Message(address, tuple(args), tags[1:])


def _argument(data: bytes, at: int, tag: str) -> tuple[Arg, int]:
    if tag in _BARE:
        return _BARE[tag], at
    if tag == "s":
        return _string(data, at)
    if tag == "b":
        size = int(_fixed(data, at, ">i"))
        end = at + 4 + size
        if size < 0 or end > len(data):
            raise MalformedPacket(f"byte {at}: a blob of {size} bytes does not fit")
        return data[at + 4 : end], _padded(data, end)
    if tag in _FIXED:
        return _fixed(data, at, _FIXED[tag]), at + struct.calcsize(_FIXED[tag])
    raise MalformedPacket(f"byte {at}: the type tag {tag!r} is unknown")


def _fixed(data: bytes, at: int, form: str) -> int | float:
    if at + struct.calcsize(form) > len(data):
        raise MalformedPacket(f"byte {at}: the packet ends inside an argument")
    value: int | float = struct.unpack_from(form, data, at)[0]
    return value


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    if end < 0:
        raise MalformedPacket(f"byte {at}: a string has no end")
    try:
        text = data[at:end].decode("utf-8")
    except UnicodeDecodeError as fault:
        raise MalformedPacket(f"byte {at}: a string is not UTF-8") from fault
    return text, _padded(data, end + 1)


def _padded(data: bytes, end: int) -> int:
    stop = (end + 3) & ~3
    if stop > len(data) or any(data[end:stop]):
        raise MalformedPacket(f"byte {end}: the padding is cut off or not zero")
    return stop
