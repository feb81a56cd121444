"""`vtdrive config new`: a commented file that holds every default, and the sinks of chosen apps."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vtdrive.assets import data_dir
from vtdrive.config.base import TABLE_LISTS
from vtdrive.config.load import mapping_text
from vtdrive.config.nearest import nearest
from vtdrive.config.reference import comment_lines
from vtdrive.config.schema import Config
from vtdrive.config.shape import ANY, Slot, root
from vtdrive.config.toml_text import key_text, value_text
from vtdrive.errors import UsageError

__all__ = ["apps", "new_config_text", "write_new_config"]

_HEAD = """\
# A config of vtdrive. It holds every default: change a value, save, and a running avatar follows.
# A key that you delete goes back to its default. `vtdrive config check FILE` finds mistakes.
"""
_MAPPED = ("shapes", "overlay", "outputs")


def apps() -> list[str]:
    """The applications that a preset exists for."""
    return sorted(path.stem for path in data_dir("configs").glob("*.toml"))


def new_config_text(targets: Sequence[str] = ()) -> str:
    """A config file with every default, a comment on each key, and the sinks of `targets`.

    Raises UsageError for an application that has no preset.
    """
    lines = [_HEAD.rstrip(), *_table(root(), Config(), ())]
    lines += ["", *_rule("Where frames go")]
    lines += _sinks(targets) if targets else _no_sink()
    lines += ["", *_rule("Mapping: docs/explanation/mapping.md explains the language"), ""]
    return "\n".join(lines) + "\n" + _mapping()


def write_new_config(path: Path, *, targets: Sequence[str] = (), force: bool = False) -> None:
    """Write `new_config_text` to `path`; an existing file is replaced only with `force`."""
    text = new_config_text(targets)
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already", "name another file, or add --force") from None
    except OSError as fault:
        raise UsageError(
            f"{path} cannot be written: {fault.strerror or fault}",
            "name a file in a folder of yours",
        ) from None


def _table(slot: Slot, values: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The keys of one table, then the tables in it."""
    inner: list[tuple[str, Slot, Any]] = []
    for key in slot.allowed():
        child = slot.child(key)
        if child is None or (not path and key in (*_MAPPED, *TABLE_LISTS)):
            continue
        value = values[key] if isinstance(values, Mapping) else getattr(values, key)
        if child.is_table:
            inner.append((key, child, value))
        else:
            yield ""
            yield from comment_lines(key, child)
            yield f"{key_text(key)} = {value_text(value)}"
    for key, child, value in inner:
        yield from _inner_table((*path, key), child, value)


def _inner_table(path: tuple[str, ...], slot: Slot, value: Any) -> Iterator[str]:
    header = ".".join(key_text(step) for step in path)
    entry_slot = slot.child(ANY)
    if slot.model is None and entry_slot is not None and not entry_slot.is_table:
        yield ""
        yield from comment_lines(path[-1], slot)
        yield f"[{header}]"
        yield from (f"{key_text(name)} = {value_text(entry)}" for name, entry in value.items())
        return
    if slot.model is None:  # free names, such as emotions
        yield ""
        said = slot.field.description if slot.field else None
        yield f"# [{header}.NAME]: {' '.join((said or '').split())}"
        for i, (name, entry) in enumerate(value.items()):
            yield from _entry(
                f"{header}.{key_text(name)}", Slot(type(entry)), entry, explain=i == 0
            )
        return
    yield ""
    yield from _rule(" ".join((slot.model.__doc__ or "").split())) if len(path) == 1 else ()
    said = slot.field.description if slot.field else None
    if said:
        yield f"# {' '.join(said.split())}"
    yield f"[{header}]"
    yield from _table(slot, value, path)


def _entry(header: str, slot: Slot, value: Any, *, explain: bool) -> Iterator[str]:
    """One of several tables of a kind: the first explains the keys of all."""
    yield ""
    yield f"[{header}]"
    for key in slot.allowed():
        child = slot.child(key)
        if explain and child is not None:
            yield from comment_lines(key, child)
        yield f"{key_text(key)} = {value_text(getattr(value, key))}"


def _rule(title: str) -> Iterator[str]:
    yield f"# ---- {title} ".ljust(96, "-")


def _no_sink() -> Iterator[str]:
    yield "# None yet: add `--sink vmc://127.0.0.1:39539`, or take the `# ` off these lines."
    yield from ("# [[sinks]]", '# kind = "vmc"', '# host = "127.0.0.1"', "# port = 39539")


def _sinks(targets: Sequence[str]) -> Iterator[str]:
    """The presets' own text, so that their advice comes along; taken ports are moved on."""
    taken: dict[int, str] = {}
    for target in dict.fromkeys(targets):
        text = _preset(target)
        yield ""
        yield f"# {target}"
        text = text.replace(f" Use: vtdrive run --config {target}.toml", "")
        for sink in tomllib.loads(text).get("sinks", ()):
            port = sink.get("port")
            if port is None:
                continue
            free = next(p for p in range(port, port + 100) if p not in taken)
            if free != port:
                yield f"# {taken[port]} has port {port} here: set {free} in {target} too."
                text = text.replace(f"port = {port}", f"port = {free}")
            taken[free] = target
        yield text.strip()


def _preset(target: str) -> str:
    known = apps()
    if target not in known:
        close = nearest(target, known)
        hint = f" (did you mean '{close}'?)" if close else ""
        raise UsageError(
            f"there is no preset for {target!r}{hint}", f"choose from {', '.join(known)}"
        )
    return (data_dir("configs") / f"{target}.toml").read_text(encoding="utf-8")


def _mapping() -> str:
    """The bundled mapping as it is written, without a version line that stands above already."""
    lines = mapping_text().split("\n")
    top = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
    head = [line for line in lines[:top] if not line.startswith("version")]
    return "\n".join([*head, *lines[top:]]).strip("\n") + "\n"
