"""`--sink URL`: one line of text as the config of a sink.

vmc://HOST:PORT?names=vrm1&drive=shapes    osc://HOST:PORT?address=/x/{name}
jsonl:FILE  jsonl:-                        mcap:FILE?flush_hz=2

Host and port may be left out (`vmc://`), and options are those of the sink's config table.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

from pydantic import ValidationError

from vtdrive.config.base import Table
from vtdrive.config.sinks import JsonlSink, McapSink, OscSink, SinkConfig, VmcSink
from vtdrive.config.wording import not_allowed
from vtdrive.errors import UsageError

__all__ = ["KINDS", "parse_sink_url"]

KINDS: Final[dict[str, type[VmcSink | OscSink | JsonlSink | McapSink]]] = {
    "vmc": VmcSink,
    "osc": OscSink,
    "jsonl": JsonlSink,
    "mcap": McapSink,
}
_EXAMPLES: Final = {
    "vmc": "vmc://127.0.0.1:39539",
    "osc": "osc://127.0.0.1:9000?address=/x/{name}",
    "jsonl": "jsonl:- or jsonl:FILE",
    "mcap": "mcap:FILE",
}
_PLACE_KEYS: Final = frozenset({"kind", "host", "port", "path"})

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_PLACE = re.compile(r"(\[(?P<v6>[^\]]*)\]|(?P<host>[^:\[\]]*))(:(?P<port>.*))?", re.DOTALL)
_FILE_OPTIONS = re.compile(r"(?P<path>.*?)\?(?P<options>[A-Za-z_]+=.*)", re.DOTALL)


def parse_sink_url(url: str) -> SinkConfig:
    """The config that `url` describes; raises UsageError saying what is wrong and allowed."""
    match = _SCHEME.fullmatch(url)
    if match is None:
        raise _wrong(url, "a sink starts with its kind", f"write one of: {_forms()}")
    kind, rest = match[1].lower(), match[2]
    if kind not in KINDS:
        raise _wrong(url, f"the kind {not_allowed(kind, KINDS)}", f"write one of: {_forms()}")
    options = KINDS[kind]
    if "host" in options.model_fields:
        place, _, query = rest.partition("?")
        values = _network_place(url, kind, place)
    else:
        place, query = _file_parts(rest)
        values = _file_place(url, kind, place)
    values |= _options(url, options, query)
    try:
        return options.model_validate(values)
    except ValidationError as fault:
        raise _wrong(url, _reason(fault, options), f"for example: {_EXAMPLES[kind]}") from None


def _network_place(url: str, kind: str, place: str) -> dict[str, Any]:
    example = f"for example: {_EXAMPLES[kind]}"
    place = place.removeprefix("//")
    if "@" in place:
        raise _wrong(url, "a user or password has no place here", example)
    place, slash, path = place.partition("/")
    if slash and path:
        raise _wrong(url, f"'/{path}' after the port means nothing", f"leave it out; {example}")
    match = _PLACE.fullmatch(place)
    if match is None or ":" in (match["port"] or ""):
        raise _wrong(
            url,
            f"{place!r} is no HOST:PORT",
            f"put an IPv6 address in brackets, as in {kind}://[::1]:39539; {example}",
        )
    values: dict[str, Any] = {}
    host = match["v6"] if match["v6"] is not None else match["host"]
    if match["v6"] is not None and ":" not in host:
        raise _wrong(url, f"[{host}] is no IPv6 address", example)
    if host:
        values["host"] = host
    port = match["port"]
    if port:
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise _wrong(url, f"the port {port!r} is no number from 1 to 65535", example)
        values["port"] = int(port)
    return values


def _file_parts(rest: str) -> tuple[str, str]:
    """Path and options; a `?` that is part of a file's name is left in it."""
    match = _FILE_OPTIONS.fullmatch(rest)
    return (match["path"], match["options"]) if match else (rest, "")


def _file_place(url: str, kind: str, place: str) -> dict[str, Any]:
    path = place.removeprefix("//")
    if not path:
        raise _wrong(url, "the file is missing", f"write {_EXAMPLES[kind]}")
    if path == "-" and kind == "mcap":
        raise _wrong(url, "a recording cannot go to standard output", "name a file: mcap:FILE")
    return {"path": path}


def _options(url: str, options: type[Table], query: str) -> dict[str, str]:
    allowed = [name for name in options.model_fields if name not in _PLACE_KEYS]
    values: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        key, equals, value = part.partition("=")
        key = unquote(key)
        if key not in allowed:
            what = "the option " + not_allowed(key, allowed)
            raise _wrong(url, what, "write ?option=value&option=value")
        if not equals:
            raise _wrong(url, f"the option {key!r} has no value", f"write {key}=VALUE")
        if key in values:
            raise _wrong(url, f"the option {key!r} is given twice", "give it once")
        values[key] = unquote(value)
    return values


def _reason(fault: ValidationError, options: type[Table]) -> str:
    """The first fault as a clause: which option, what it is, and what it may be."""
    error = fault.errors(include_url=False)[0]
    key = str(error["loc"][0]) if error["loc"] else ""
    value = error["input"]
    if error["type"] == "literal_error":
        choices = getattr(options.model_fields[key].annotation, "__args__", ())
        return f"{key} {not_allowed(str(value), map(str, choices))}"
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}" if key else str(error["ctx"]["error"])
    message = error["msg"].removeprefix("Input should be ").split(", unable")[0]
    return f"{key} {value!r} should be {message}"


def _forms() -> str:
    return ", ".join(_EXAMPLES.values())


def _wrong(url: str, what: str, remedy: str) -> UsageError:
    return UsageError(f"sink {url!r}: {what}", remedy)
