"""Where a run listens: no port can be heard by two of its own parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vtdrive.config.base import Table
from vtdrive.config.merge_files import Layers
from vtdrive.config.positions import Path
from vtdrive.config.problems import Problem
from vtdrive.config.schema import Config
from vtdrive.listening import is_everywhere, is_loopback

__all__ = ["check_listeners"]

_HEARD: Final = {
    "vmc-in": "port", "openseeface-in": "port", "ifacialmocap-in": "port",
    "vtsphone-in": "listen_port", "vtsphone": "port",
}  # fmt: skip
"""Kind that listens on UDP -> the option that holds its port."""
_PHONES: Final = frozenset({"ifacialmocap-in", "vtsphone-in"})
"""Their `host` is the phone's: they listen wherever the way to it begins."""


def check_listeners(config: Config, layers: Layers) -> list[Problem]:
    """Two that would hear one port: the second could not, and the program in its way is vtdrive."""
    problems: list[Problem] = []
    seen: list[tuple[Path, str, int]] = []
    for path, where, port in _listeners(config):
        first = next((p for p, w, n in seen if n == port and _overlap(w, where)), None)
        if first is not None:
            other = f"the {'input' if first[0] == 'inputs' else 'sink'} of {layers.origin(first)}"
            said = f"port {port} is already heard by {other}; give one another port, there and here"
            problems.append(Problem(layers.origin(path), path, said))
        seen.append((path, where, port))
    return problems


def _listeners(config: Config) -> Iterator[tuple[Path, str, int]]:
    """Path of the port, address (`phone` where a phone's decides) and port of each."""
    for name in ("inputs", "sinks"):
        tables: list[Table] = getattr(config, name)
        for i, table in enumerate(tables):
            kind = str(getattr(table, "kind", ""))
            key = _HEARD.get(kind, "")
            port = int(getattr(table, key, 0)) if key else 0
            if port and not getattr(table, "push", False):
                where = "phone" if kind in _PHONES else str(getattr(table, "host", ""))
                yield (name, i, key), where, port


def _overlap(a: str, b: str) -> bool:
    same = a.lower() == b.lower() or (is_loopback(a) and is_loopback(b))
    return same or is_everywhere(a) or is_everywhere(b)
