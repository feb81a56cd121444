"""Problems found before they happen. Each finding says what is so and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from vtdrive.assets import load_card, model_files, verified
from vtdrive.config.control_urls import control_overrides
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.urls import parse_sink_url
from vtdrive.core.signals import SIGNALS
from vtdrive.errors import VtdriveError
from vtdrive.runtime.checkup_control import control_findings
from vtdrive.runtime.checkup_inputs import (
    emotion_findings,
    source_findings,
    tracker_findings,
)
from vtdrive.runtime.checkup_targets import target_findings
from vtdrive.runtime.finding import Finding
from vtdrive.runtime.machine import machine_facts
from vtdrive.runtime.users import UserStore
from vtdrive.trackers.mediapipe_import import import_mediapipe

__all__ = ["Finding", "checkup", "report_lines"]


def checkup(
    files: Sequence[Path],
    sinks: Sequence[str],
    *,
    source: str | None = None,
    control: Sequence[str] = (),
    user: str = "default",
) -> list[Finding]:
    """Everything worth knowing before a run, the worst not hidden by the first."""
    found = [*_packages(), *_models()]
    chosen: dict[str, Any] = {} if source is None else {"source": {"uri": source}}
    config = Config.model_validate(chosen)
    try:
        if sinks:
            chosen["sinks"] = [parse_sink_url(url).model_dump() for url in sinks]
        if control:
            chosen["control"] = control_overrides(control)
        config = load_config(files, overrides=chosen, known_signals=SIGNALS)
        names = ", ".join(file.name for file in files) or "defaults"
        found.append(Finding(f"config: {names}, {len(config.outputs)} outputs"))
    except VtdriveError as fault:
        found.append(Finding(f"config: {fault.what}", fault.remedy or "mend what is named", True))
    return [
        *found,
        *source_findings(config.source),
        *tracker_findings(config.tracker),
        *emotion_findings(config),
        *target_findings(config),
        *control_findings(
            config.control,
            load=lambda layer: load_config(
                [*files, *layer], overrides=chosen, known_signals=SIGNALS
            ),
        ),
        *_cpu(),
        *_neutral(user),
    ]


def report_lines() -> list[str]:
    """Facts for a bug report; nothing that names the user."""
    facts = machine_facts()
    memory = psutil.virtual_memory()
    return [
        *(f"{key}: {value}" for key, value in facts.items()),
        f"memory: {memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free",
        f"load: {psutil.cpu_percent(0.3):.0f} % of all cores",
        "",
    ]


def _packages() -> Iterator[Finding]:
    try:
        import_mediapipe("mediapipe.python.solutions.face_mesh")
        yield Finding("face tracker: mediapipe loads")
    except VtdriveError as fault:
        yield Finding(fault.what, fault.remedy, True)


def _models() -> Iterator[Finding]:
    sound = []
    for path in model_files():
        try:
            verified(load_card(path))
            sound.append(path.stem)
        except VtdriveError as fault:
            yield Finding(fault.what, fault.remedy, True)
    if sound:
        yield Finding(f"models: {', '.join(sound)}, unaltered")


def _cpu() -> Iterator[Finding]:
    busy = psutil.cpu_percent(0.3)
    if busy > 85:
        yield Finding(
            f"the CPU is {busy:.0f} % busy",
            "lower the game's frame cap, or set [emotion] rate_hz = 5 in the config",
        )


def _neutral(user: str) -> Iterator[Finding]:
    store = UserStore(user)
    if store.damaged:
        yield Finding(
            f"the saved neutral pose makes no sense: {store.path}",
            "the next run takes it anew; press n in it to have your resting expression read too",
        )
    elif store.load() is None:
        yield Finding("no neutral pose saved yet: the first run takes it")
    else:
        yield Finding("a neutral pose is saved (press n during a run to take it anew)")
