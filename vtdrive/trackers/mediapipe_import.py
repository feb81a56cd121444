"""Imports mediapipe fast and silently.

Its package imports matplotlib and sounddevice for demonstrations that vtdrive never calls: 2 s of
start-up, and a system library (PortAudio) that would otherwise have to be installed. They are
replaced by stand-ins while the import runs; a stand-in that somebody does call loads the real one.
"""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from types import ModuleType

from vtdrive.errors import TrackerError

__all__ = ["import_mediapipe"]

_UNUSED = ("matplotlib", "matplotlib.pyplot", "sounddevice")
_lock = threading.Lock()


class _StandIn(ModuleType):
    """Takes a module's place; becomes a door to the real one at the first use."""

    def __getattr__(self, name: str) -> object:
        # Import machinery and inspect ask for dunders; these must not load what is avoided.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def import_mediapipe(*modules: str) -> tuple[ModuleType, ...]:
    """The named modules (absolute names under `mediapipe`), in order.

    `sys.modules` is left as if matplotlib and sounddevice had never been wanted. Raises
    TrackerError when mediapipe is absent or cannot be loaded.
    """
    with _lock:
        standins = {name: _StandIn(name) for name in _UNUSED if name not in sys.modules}
        if {"matplotlib", "matplotlib.pyplot"} <= standins.keys():
            vars(standins["matplotlib"])["pyplot"] = standins["matplotlib.pyplot"]
        sys.modules.update(standins)
        try:
            # protobuf and mediapipe deprecate parts of themselves; that is no news for our users.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return tuple(importlib.import_module(name) for name in modules)
        except (ImportError, OSError) as fault:
            raise TrackerError(
                f"mediapipe cannot be loaded: {fault}",
                "reinstall it with: pip install mediapipe==0.10.21"
                " (on Debian and Ubuntu it also needs: apt install libgl1 libglib2.0-0)",
            ) from fault
        finally:
            for name, module in standins.items():
                if sys.modules.get(name) is module:
                    del sys.modules[name]
