"""`--sink URL` and `--in URL`: one line of text as the config of a sink or an input.

vmc://HOST:PORT?names=vrm1&drive=shapes    osc://HOST:PORT?address=/x/{name}
jsonl:FILE  jsonl:-                        mcap:FILE?flush_hz=2
vtsphone-in://PHONE?channels=mouth,cheeks

Host and port may be left out (`vmc://`), and options are those of the config table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin
from urllib.parse import unquote

from pydantic import ValidationError

from vtdrive.config.base import Table
from vtdrive.config.inputs import INPUT_KINDS, InputConfig, InputTable
from vtdrive.config.sinks import SINK_KINDS, SinkConfig, SinkTable
from vtdrive.config.wording import not_allowed
from vtdrive.errors import UsageError

__all__ = ["parse_input_url", "parse_sink_url"]

_PLACE_KEYS: Final = frozenset({"kind", "host", "port", "path"})

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_PLACE = re.compile(r"(\[(?P<v6>[^\]]*)\]|(?P<host>[^:\[\]]*))(:(?P<port>.*))?", re.DOTALL)
_FILE_OPTIONS = re.compile(r"(?P<path>.*?)\?(?P<options>[A-Za-z_]+=.*)", re.DOTALL)


AnyTable = TypeVar("AnyTable", bound=SinkTable | InputTable)


def parse_sink_url(url: str) -> SinkConfig:
    """The config that `url` describes; raises UsageError saying what is wrong and allowed."""
    return cast("SinkConfig", _parsed(url, SINK_KINDS, "sink"))


def parse_input_url(url: str) -> InputConfig:
    """The config that `url` describes; raises UsageError saying what is wrong and allowed."""
    return cast("InputConfig", _parsed(url, INPUT_KINDS, "input"))


def _parsed(url: str, kinds: Mapping[str, type[AnyTable]], noun: str) -> AnyTable:
    try:
        return _table(url, kinds, noun)
    except _WrongError as fault:
        raise UsageError(f"{noun} {_fit_to_show(url)!r}: {fault.what}", fault.remedy) from None


def _fit_to_show(url: str) -> str:
    """Without what was meant as a password, wherever it stands: screens are shared."""
    url = re.sub(r"(?<=:)(//)?[^/?]*@", r"\1…@", url)
    return re.sub(r"([?&][^=&]*(?:pass|token|secret|key)[^=&]*=)[^&]+", r"\1…", url, flags=re.I)


class _WrongError(Exception):
    def __init__(self, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy


def _table(url: str, kinds: Mapping[str, type[AnyTable]], noun: str) -> AnyTable:
    forms = ", ".join(table.example for table in kinds.values())
    match = _SCHEME.fullmatch(url)
    if match is None:
        article = "an" if noun == "input" else "a"
        raise _WrongError(f"{article} {noun} starts with its kind", f"write one of: {forms}")
    kind, rest = match[1].lower(), match[2]
    if kind not in kinds:
        raise _WrongError(f"the kind {not_allowed(kind, kinds)}", f"write one of: {forms}")
    options = kinds[kind]
    example = f"for example: {options.example}"
    if "path" in options.model_fields:
        place, query = _file_parts(rest)
        values = _file_place(kind, place, options.example)
    else:
        place, _, query = rest.partition("?")
        values = _network_place(kind, place, example, named="host" in options.model_fields)
    values |= _options(options, query)
    try:
        return cast("AnyTable", options.model_validate(values))
    except ValidationError as fault:
        raise _WrongError(_reason(fault, options), example) from None


def _network_place(kind: str, place: str, example: str, *, named: bool) -> dict[str, Any]:
    place = place.removeprefix("//")
    if not named:
        if place.strip("/"):
            raise _WrongError(f"{kind} has no place: {place!r} means nothing", example)
        return {}
    if "@" in place:
        raise _WrongError("a user or password has no place here", example)
    place, slash, path = place.partition("/")
    if slash and path:
        raise _WrongError(f"'/{path}' after the port means nothing", f"leave it out; {example}")
    match = _PLACE.fullmatch(place)
    if match is None or ":" in (match["port"] or ""):
        raise _WrongError(
            f"{place!r} is no HOST:PORT",
            f"put an IPv6 address in brackets, as in {kind}://[::1]:39539; {example}",
        )
    values: dict[str, Any] = {}
    host = match["v6"] if match["v6"] is not None else match["host"]
    if match["v6"] is not None and ":" not in host:
        raise _WrongError(f"[{host}] is no IPv6 address", example)
    if host:
        # URLs write the % before a network's name as %25.
        values["host"] = host.replace("%25", "%", 1) if ":" in host else host
    port = match["port"]
    if port:
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise _WrongError(f"the port {port!r} is no number from 1 to 65535", example)
        values["port"] = int(port)
    return values


def _file_parts(rest: str) -> tuple[str, str]:
    """Path and options; a `?` that is part of a file's name is left in it."""
    match = _FILE_OPTIONS.fullmatch(rest)
    return (match["path"], match["options"]) if match else (rest, "")


def _file_place(kind: str, place: str, example: str) -> dict[str, Any]:
    path = place.removeprefix("//")
    if not path:
        raise _WrongError("the file is missing", f"write {example}")
    if path == "-" and kind == "mcap":
        raise _WrongError("a recording cannot go to standard output", "name a file: mcap:FILE")
    return {"path": path}


def _options(options: type[Table], query: str) -> dict[str, Any]:
    allowed = [
        name
        for name, field in options.model_fields.items()
        if name not in _PLACE_KEYS and _fits_a_url(field.annotation)
    ]
    values: dict[str, Any] = {}
    for part in filter(None, query.split("&")):
        key, equals, value = part.partition("=")
        key = unquote(key)
        if key not in allowed:
            what = "the option " + not_allowed(key, allowed)
            raise _WrongError(what, "write ?option=value&option=value")
        if not equals:
            raise _WrongError(f"the option {key!r} has no value", f"write {key}=VALUE")
        if key in values:
            raise _WrongError(f"the option {key!r} is given twice", "give it once")
        many = get_origin(options.model_fields[key].annotation) in (tuple, list)
        values[key] = unquote(value).split(",") if many else unquote(value)
    return values


def _fits_a_url(annotation: Any) -> bool:
    """Whether an option is a plain value or a list of text. Tables are for config files, and so are
    passwords: command lines show in lists of processes."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType, Annotated):
        return all(
            _fits_a_url(each) for each in inner if isinstance(each, type) or get_origin(each)
        )
    if origin is tuple:
        return all(get_origin(each) is None or _fits_a_url(each) for each in inner)
    if origin is not None:
        return origin is Literal
    return isinstance(annotation, type) and issubclass(annotation, str | float | int | NoneType)


def _reason(fault: ValidationError, options: type[Table]) -> str:
    """The first fault as a clause: which option, what it is, and what it may be."""
    error = fault.errors(include_url=False)[0]
    key = str(error["loc"][0]) if error["loc"] else ""
    value = error["input"]
    if error["type"] == "literal_error":
        return f"{key} {not_allowed(str(value), _choices(options.model_fields[key].annotation))}"
    if error["type"] == "missing":
        return f"the {key} is missing"
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}" if key else str(error["ctx"]["error"])
    # "Input should be a number, unable to …", "String should have at most 60 characters".
    wanted = re.sub(r"^\w+ should", "should", error["msg"].partition(", unable")[0])
    return f"{key} {value!r} {wanted}"


def _choices(annotation: Any) -> list[str]:
    """What a choice, or a list of choices, may be."""
    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    return [choice for inner in get_args(annotation) for choice in _choices(inner)]
