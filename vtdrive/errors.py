"""What can go wrong, as types. Each carries a sentence for the user and what to do about it.

VtdriveError                 exit 1: the run failed
├── UsageError               exit 2: the command line asks for something impossible
│   ├── ConfigError          a config file is wrong: file, line, key, what is allowed
│   └── MissingExtra         an optional dependency is wanted and absent
├── SourceError              a camera, file or stream
│   ├── SourceNotFound       it is not there, or cannot be opened
│   └── SourceLost           it was there and went away, or stalled; worth a retry
├── EndOfStream              a file is over: not a fault
├── TrackerError             the face tracker broke
├── ModelError               a model file is missing, altered, or does not fit its card
└── SinkError                one output cannot be served; the others go on
    ├── SinkUnusable         it can never be: its options or its path are wrong
    └── TargetInUse          another vtdrive already sends there
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "EndOfStream",
    "MissingExtra",
    "ModelError",
    "SinkError",
    "SinkUnusable",
    "SourceError",
    "SourceLost",
    "SourceNotFound",
    "TargetInUse",
    "TrackerError",
    "UsageError",
    "VtdriveError",
]


class VtdriveError(Exception):
    """Any failure that vtdrive explains by itself.

    `what` says where and what; `remedy` says what the user can do, in the imperative.
    """

    exit_code = 1

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  → {self.remedy}" if self.remedy else self.what


class UsageError(VtdriveError):
    """The command line asks for something impossible."""

    exit_code = 2


class ConfigError(UsageError):
    """A config file is wrong. The message has `file:line: key: reason (did you mean …?)` a line."""


class MissingExtra(UsageError):
    """An optional dependency is wanted and absent."""

    def __init__(self, feature: str, install: str) -> None:
        super().__init__(f"{feature} needs a package that is not installed", f"run: {install}")


class SourceError(VtdriveError):
    """A camera, file or stream failed."""


class SourceNotFound(SourceError):
    """The source is not there, or cannot be opened."""


class SourceLost(SourceError):
    """The source was there and went away, or stalled."""


class EndOfStream(VtdriveError):
    """A finite source has no more frames."""


class TrackerError(VtdriveError):
    """The face tracker broke."""


class ModelError(VtdriveError):
    """A model file is missing, altered, or does not fit its card."""


class SinkError(VtdriveError):
    """One output cannot be served."""


class SinkUnusable(SinkError):
    """This output can never be served: its options or its path are wrong."""

    exit_code = 2


class TargetInUse(SinkError):
    """Another vtdrive already sends to this target."""

    exit_code = 2
