"""Problems found before they happen. Each finding says what is so and what to do about it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from vtdrive.assets import load_card, model_files, verified
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.sinks import VmcSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.core.signals import SIGNALS
from vtdrive.errors import VtdriveError
from vtdrive.runtime.machine import machine_facts
from vtdrive.runtime.users import UserStore
from vtdrive.sources.enumerate import list_cameras
from vtdrive.sources.uri import is_live
from vtdrive.trackers.mediapipe_import import import_mediapipe

__all__ = ["Finding", "checkup", "report_lines"]

_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    remedy: str = ""
    fatal: bool = False

    @property
    def mark(self) -> str:
        return "✗" if self.fatal else "!" if self.remedy else "✓"


def checkup(
    files: Sequence[Path], sinks: Sequence[str], *, source: str = "", user: str = "default"
) -> list[Finding]:
    """Everything worth knowing before a run, the worst not hidden by the first."""
    found = [*_packages(), *_models()]
    config = Config()
    try:
        chosen: dict[str, Any] = {"source": {"uri": source}} if source else {}
        if sinks:
            chosen["sinks"] = [parse_sink_url(url).model_dump() for url in sinks]
        config = load_config(files, overrides=chosen, known_signals=SIGNALS)
        names = ", ".join(file.name for file in files) or "defaults"
        found.append(Finding(f"config: {names}, {len(config.outputs)} outputs"))
    except VtdriveError as fault:
        found.append(Finding(f"config: {fault.what}", fault.remedy or "mend what is named", True))
    return [*found, *_camera(config), *_targets(config), *_cpu(), *_neutral(user)]


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


def _camera(config: Config) -> Iterator[Finding]:
    cameras = list_cameras()
    for camera in cameras:
        yield Finding(f"camera {camera}")
    if cameras or not is_live(config.source.uri):
        return
    remedy = "plug one in and close programs that use it; or give a video: --source clip.mp4"
    if sys.platform.startswith("linux") and any(Path("/dev").glob("video*")):
        remedy = "there is a /dev/video*, but it cannot be read: sudo usermod -aG video $USER"
    yield Finding("no camera found", remedy)


def _targets(config: Config) -> Iterator[Finding]:
    listening = _udp_ports()
    for sink in config.sinks or [VmcSink()]:
        host, port = getattr(sink, "host", ""), getattr(sink, "port", 0)
        if not port:
            path = Path(getattr(sink, "path", "-"))
            folder = path.parent
            if str(path) != "-" and not os.access(folder, os.W_OK):
                yield Finding(f"{sink.kind}: {folder} cannot be written", "choose another", True)
            continue
        name = f"{sink.kind} {host}:{port}"
        if host not in _LOCAL or listening is None:
            yield Finding(f"{name}: another machine or unknown; a run will tell")
        elif port in listening:
            yield Finding(f"{name}: a program listens there")
        else:
            yield Finding(
                f"{name}: nobody listens there now",
                "start the avatar app and switch its VMC / OSC receiver on, on this port",
            )


def _udp_ports() -> set[int] | None:
    try:
        return {c.laddr.port for c in psutil.net_connections("udp") if c.laddr}
    except (psutil.AccessDenied, OSError):
        return None


def _cpu() -> Iterator[Finding]:
    busy = psutil.cpu_percent(0.3)
    if busy > 85:
        yield Finding(
            f"the CPU is {busy:.0f} % busy",
            "lower the game's frame cap, or set [emotion] rate_hz = 5 in the config",
        )


def _neutral(user: str) -> Iterator[Finding]:
    if UserStore(user).load() is None:
        yield Finding("no neutral pose saved yet: the first run takes it")
    else:
        yield Finding("a neutral pose is saved (press n during a run to take it anew)")
