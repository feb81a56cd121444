"""Where every key of a TOML text stands. Neither TOML library tells, so this reads it again.

It trusts that `tomllib` has accepted the text: it finds keys, it does not judge them. On any other
text it stops early with what it has found, and it always ends.
"""

from __future__ import annotations

import contextlib
import re
import tomllib

__all__ = ["Path", "Positions", "scan"]

Path = tuple[str | int, ...]
"""Keys and array indices from the root: `("sinks", 0, "port")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?""""{0,2}'  # up to two more quotes may stand before the closing three
    r"|'''.*?''''{0,2}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


class Positions:
    """Line numbers (from 1) by key path."""

    def __init__(self) -> None:
        self._written: dict[Path, int] = {}
        self._implied: dict[Path, int] = {}

    def line(self, path: Path) -> int | None:
        """The line that wrote `path` itself; None where the text does not have it."""
        return self._written.get(path, self._implied.get(path))

    def nearest_line(self, path: Path) -> int | None:
        """The line of `path`, else of its nearest ancestor that the text has."""
        for end in range(len(path), 0, -1):
            line = self.line(path[:end])
            if line is not None:
                return line
        return None

    def note(self, path: Path, *, line: int) -> None:
        """Record that `line` writes `path`, and thereby implies its ancestors."""
        self._written.setdefault(path, line)
        for end in range(1, len(path)):
            self._implied.setdefault(path[:end], line)


class _StopError(Exception):
    """The text is not what tomllib would have accepted."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Positions()
        self._last_index: dict[Path, int] = {}
        self._counted_to = 0
        self._line = 1

    def document(self) -> None:
        table: Path = ()
        while self.blank():
            if self.peek("["):
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> Path:
        line, many = self.line(), self.peek("[[")
        self.at += 2 if many else 1
        names = self.keys()
        self.take("]]" if many else "]")
        path: Path = ()
        for i, name in enumerate(names):
            path += (name,)
            if many and i == len(names) - 1:
                self._last_index[path] = self._last_index.get(path, -1) + 1
                self.found.note(path, line=line)
            if path in self._last_index:
                path += (self._last_index[path],)
        self.found.note(path, line=line)
        return path

    def pair(self, table: Path) -> None:
        line = self.line()
        path = (*table, *self.keys())
        self.found.note(path, line=line)
        self.take("=")
        self.match(_SPACE)
        self.value(path)

    def value(self, path: Path) -> None:
        if self.peek("["):
            self.array(path)
        elif self.peek("{"):
            self.inline_table(path)
        elif not (self.match(_STRING) or self.match(_SCALAR)):
            raise _StopError

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.blank() and not self.peek("]"):
            if not self.peek(","):
                self.found.note((*path, index), line=self.line())
                self.value((*path, index))
                index += 1
            else:
                self.at += 1
        self.take("]")

    def inline_table(self, path: Path) -> None:
        self.at += 1
        while self.blank() and not self.peek("}"):
            if not self.peek(","):
                self.pair(path)
            else:
                self.at += 1
        self.take("}")

    def keys(self) -> list[str]:
        names = [self.key()]
        while self.match(_SPACE) is not None and self.peek("."):
            self.at += 1
            names.append(self.key())
        return names

    def key(self) -> str:
        self.match(_SPACE)
        raw = self.match(_KEY)
        if not raw:
            raise _StopError
        if raw[0] not in "\"'":
            return raw
        try:
            name = tomllib.loads(f"k = {raw}")["k"]
        except tomllib.TOMLDecodeError:
            raise _StopError from None
        return str(name)

    def blank(self) -> bool:
        """Skip white space and comments; whether anything is left."""
        self.match(_BLANK)
        return self.at < len(self.text)

    def peek(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def take(self, mark: str) -> None:
        self.match(_SPACE)
        if not self.peek(mark):
            raise _StopError
        self.at += len(mark)

    def match(self, pattern: re.Pattern[str]) -> str | None:
        hit = pattern.match(self.text, self.at)
        if hit is None:
            return None
        self.at = hit.end()
        return hit[0]

    def line(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._line


def scan(text: str) -> Positions:
    """The line of every key, table, array of tables and array element of a TOML text."""
    scanner = _Scanner(text)
    # Not TOML, or nested deeper than tomllib reads: what was found so far still holds.
    with contextlib.suppress(_StopError, RecursionError):
        scanner.document()
    return scanner.found
