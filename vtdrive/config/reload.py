"""Config files watched while live: a good change is handed on, a bad one is explained."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.errors import VtdriveError

__all__ = ["ConfigWatcher"]

_DEBOUNCE_MS = 400
_STEP_MS = 50
_POLL_MS = 500
_SETTLE_TRIES = 6
_SETTLE_S = 0.08

_Content = tuple[bytes | None, ...]


class ConfigWatcher:
    """Reloads config files when one of them changes, in a thread of its own.

    `on_config` gets each new good config; `on_error` gets a sentence when the files are bad, and
    the former config then stays. Both are called from the watcher's thread. A VtdriveError out of
    `on_config` counts as a bad file. Files are compared with their content at construction: make
    the watcher before loading, and no change slips through between. Editors that replace a file by
    renaming, and files that vanish and come back, are understood.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        on_config: Callable[[Config], None],
        on_error: Callable[[str], None],
        *,
        load: Callable[[Sequence[Path]], Config] = load_config,
    ) -> None:
        self._paths = tuple(paths)
        self._on_config = on_config
        self._on_error = on_error
        self._load = load
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stamped = self._stamps()
        self._content = self._read()

    def __enter__(self) -> Self:
        if self._paths and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="config", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin to watch; does nothing without files."""
        self.__enter__()

    def close(self) -> None:
        """Stop watching; returns once the thread has ended. May be called from its callbacks."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5.0)

    def _run(self) -> None:
        from watchfiles import watch  # loads a compiled library: only where it is wanted

        try:
            for changes in watch(
                *self._folders(),
                watch_filter=lambda change, path: Path(path).name in self._names(),
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                rust_timeout=_POLL_MS,
                yield_on_timeout=True,
                stop_event=self._stop,
                raise_interrupt=False,
                recursive=False,
            ):
                # The time-outs poll: for drives that report no changes, and for what changed
                # before the watch began.
                if changes or self._stamps() != self._stamped:
                    self._check()
        except OSError as fault:
            self._on_error(f"config files cannot be watched, so changes need a restart: {fault}")

    def _check(self) -> None:
        """Reload if the content differs from what was last looked at."""
        self._stamped = self._stamps()
        content = self._settled()
        if content == self._content or self._stop.is_set():
            return
        self._content = content
        try:
            self._on_config(self._load(self._paths))
        except VtdriveError as fault:
            self._on_error(str(fault))
        except Exception as fault:  # a fault of ours; whoever tunes goes on tuning
            self._on_error(f"the new config cannot be used: {fault!r}; please report this")

    def _settled(self) -> _Content:
        """The files' content once it stands still: an editor empties or removes a file for a moment
        before it writes it anew, and an empty file is a valid config."""
        content = self._read()
        for _ in range(_SETTLE_TRIES):
            if content == self._content or self._stop.wait(_SETTLE_S):
                break
            before, content = content, self._read()
            if content == before and all(content):
                break
        return content

    def _read(self) -> _Content:
        return tuple(_bytes(path) for path in self._paths)

    def _stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp(path) for path in self._paths)

    def _folders(self) -> list[Path]:
        """Folders rather than files: a watch on a file ends when an editor replaces it."""
        both = (p for path in self._paths for p in (path.absolute(), path.resolve()))
        return sorted({p.parent for p in both if p.parent.is_dir()})

    def _names(self) -> set[str]:
        return {name for path in self._paths for name in (path.name, path.resolve().name)}


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
