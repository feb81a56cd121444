"""From the config's `kind` to a tracker. Other packages add theirs as entry points."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from vtdrive.config.schema import TrackerConfig
from vtdrive.errors import UsageError
from vtdrive.trackers.base import Tracker

__all__ = ["GROUP", "make_tracker", "tracker_kinds"]

GROUP = "vtdrive.trackers"
"""The entry point group. An entry loads to a callable (config, vertical_fov_deg) -> Tracker."""

Factory = Callable[[TrackerConfig, float], Tracker]


def _facemesh(config: TrackerConfig, vertical_fov_deg: float) -> Tracker:
    from vtdrive.trackers.facemesh import FaceMeshTracker

    return FaceMeshTracker(config, vertical_fov_deg)


def _landmarker(config: TrackerConfig, vertical_fov_deg: float) -> Tracker:
    from vtdrive.trackers.landmarker import FaceLandmarkerTracker

    return FaceLandmarkerTracker(config, vertical_fov_deg)


_BUILT_IN: dict[str, Factory] = {"facemesh": _facemesh, "landmarker": _landmarker}


def tracker_kinds() -> tuple[str, ...]:
    """Every kind that `make_tracker` knows: ours first, then those of installed packages."""
    return (*_BUILT_IN, *(name for name in _installed() if name not in _BUILT_IN))


def make_tracker(config: TrackerConfig, *, vertical_fov_deg: float) -> Tracker:
    """The tracker that `config.kind` names, not yet opened.

    Raises UsageError for an unknown kind, or when an installed package's tracker cannot be loaded.
    Built-in kinds cannot be replaced from outside.
    """
    if config.kind in _BUILT_IN:
        return _BUILT_IN[config.kind](config, vertical_fov_deg)
    entry = _installed().get(config.kind)
    if entry is None:
        kinds = tracker_kinds()
        near = difflib.get_close_matches(config.kind, kinds, n=1, cutoff=0.5)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        raise UsageError(
            f"unknown tracker kind '{config.kind}'{hint}", f"use one of: {', '.join(kinds)}"
        )
    try:
        factory: Factory = entry.load()
    except Exception as fault:  # somebody else's import may fail in any way
        raise UsageError(
            f"tracker '{config.kind}' ({entry.value}) cannot be loaded: {fault}",
            "mend or remove the package that provides it",
        ) from fault
    return factory(config, vertical_fov_deg)


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
