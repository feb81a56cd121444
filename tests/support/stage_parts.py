"""A drawer and outputs that a test scripts, for the process that paints. Found there by name."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from vtdrive.clock import SYSTEM_CLOCK
from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.sinks import SinkTable
from vtdrive.errors import ConfigError, SinkError, SinkUnusable
from vtdrive.render.stage.messages import Makers
from vtdrive.render.stage.output import Picture
from vtdrive.sink_stats import SinkStats
from vtdrive.types import U8, FaceState

__all__ = ["PARTS", "Notebook", "PlainDrawer", "ProbeTable", "Shown", "shown"]


class PlainDrawer:
    """One colour: red is the first shape, green the head's x in mm, blue says whether there is a
    backdrop, alpha the look's zoom. A look named `broken` cannot be opened, `sour` not drawn."""

    def __init__(self, look: AvatarConfig) -> None:
        self._look = look
        self._buffer = np.zeros((look.height, look.width, 4), np.uint8)

    def open(self) -> None:
        check(None, self._look)

    def draw(self, state: FaceState, t_ns: int, *, backdrop: U8 | None = None) -> U8:
        if self._look.name == "sour":
            raise RuntimeError("the paint has dried")
        self._buffer[:] = (
            round(255 * float(state.shapes[0])),
            round(1000 * float(state.head_m[0])),
            0 if backdrop is None else int(backdrop.mean()),
            round(100 * self._look.zoom),
        )
        return self._buffer

    def refresh(self) -> str:
        file = Path(self._look.name)
        if file.suffix != ".news" or not file.exists():
            return ""
        said = file.read_text()
        file.unlink()
        return said

    def use(self, look: AvatarConfig) -> None:
        check(None, look)
        self._look = look

    def close(self) -> None:
        pass


class ProbeTable(SinkTable):
    """What an output shall do, and the file where it writes down what was done to it."""

    kind: Literal["probe"] = "probe"
    path: str
    label: str = "probe"
    bad_opens: int = 0
    """So many calls of `open` fail."""
    bad_shows: int = 0
    """So many calls of `show` fail, after the third good one."""
    unusable: bool = False
    hangs: bool = False
    """`show` and `close` never return."""
    kills: bool = False
    """The fifth picture ends the whole process, once: a file `path`.killed tells that it did."""
    slow_s: float = 0.0
    viewer: str = ""
    """A file that is there while somebody looks; empty: nobody can tell."""


class Notebook:
    """An output that writes down what happens to it."""

    def __init__(self, table: ProbeTable) -> None:
        self.name = f"probe {table.label}"
        self.stats = SinkStats()
        self._table = table
        self._bad_opens, self._bad_shows = table.bad_opens, table.bad_shows

    def open(self, width: int, height: int, fps: float) -> None:
        self._write(f"open {width} {height} {fps:g} {os.getpid()}")
        if self._table.unusable:
            raise SinkUnusable(f"{self.name}: there is no such thing", "wish for another")
        if self._bad_opens:
            self._bad_opens -= 1
            raise SinkError(f"{self.name}: it is not there yet", "switch it on")
        self.stats.note = f"{self.name} is watched"

    def show(self, picture: Picture) -> None:
        if self._table.hangs:
            threading.Event().wait()
        if self._bad_shows and self.stats.frames >= 3:
            self._bad_shows -= 1
            raise SinkError(f"{self.name}: it went away", "bring it back")
        killed = Path(f"{self._table.path}.killed")
        if self._table.kills and self.stats.frames == 4 and not killed.exists():
            killed.touch()
            os._exit(3)
        assert not picture.rgba.flags.writeable
        corner = " ".join(map(str, picture.rgba[0, 0].tolist()))
        self._write(f"show {picture.seq} {picture.t_ns} {picture.painted_ns} {corner}")
        self.stats.frames += 1
        self.stats.bytes_sent += picture.rgba.nbytes
        if self._table.viewer:
            self.stats.connected = Path(self._table.viewer).exists()
        time.sleep(self._table.slow_s)

    def close(self) -> None:
        self._write("close")
        if self._table.hangs:
            threading.Event().wait()

    def _write(self, line: str) -> None:
        with Path(self._table.path).open("a") as file:
            file.write(f"{line} @{SYSTEM_CLOCK.now_ns()}\n")


class Shown(NamedTuple):
    """One picture that a Notebook wrote down."""

    seq: int
    t_ns: int
    painted_ns: int
    red: int
    green: int
    blue: int
    alpha: int
    at_ns: int


def shown(path: Path) -> list[Shown]:
    """The pictures in a Notebook's file."""
    if not path.exists():
        return []
    lines = [line.replace("@", "").split() for line in path.read_text().splitlines()]
    return [Shown(*map(int, line[1:])) for line in lines if line[0] == "show"]


def check(_: object, look: AvatarConfig) -> None:
    """Refuses the look named `broken`."""
    if look.name == "broken":
        raise ConfigError("avatar.toml:3: part: must not be empty", "mend it")


def _output(table: object) -> Notebook:
    assert isinstance(table, ProbeTable)
    return Notebook(table)


PARTS = Makers(PlainDrawer, _output, check)
