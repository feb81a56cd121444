"""What a run would listen to for commands, and what those commands need."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vtdrive.config.control import Control, place_of
from vtdrive.config.schema import Config
from vtdrive.control.midi import Backend, MidoBackend, device_named
from vtdrive.control.midi_map import MidiMap
from vtdrive.control.token import load_token, token_path
from vtdrive.errors import VtdriveError
from vtdrive.runtime.checkup_targets import port_finding
from vtdrive.runtime.finding import Finding
from vtdrive.trackers.quiet import quiet_stderr

__all__ = ["control_findings"]


def control_findings(
    control: Control,
    *,
    load: Callable[[Sequence[Path]], Config],
    backend: Callable[[], Backend] = MidoBackend,
) -> Iterator[Finding]:
    """Ports, token, MIDI device, presets and folder of `[control]`.

    `load` makes the config of the run with these files over it, as for `Presets`.
    """
    if control.osc:
        yield port_finding("control osc", *place_of(control.osc), of=socket.SOCK_DGRAM)
    if control.http:
        yield port_finding("control http", *place_of(control.http), of=socket.SOCK_STREAM)
        yield from _token()
    if control.midi.device:
        yield from _midi(control, backend)
    for path in control.presets:
        yield _preset(Path(path), load)
    if control.recordings != Control().recordings:
        yield from _folder(Path(control.recordings))


def _token() -> Iterator[Finding]:
    try:
        load_token()
    except VtdriveError as fault:
        yield Finding(fault.what, fault.remedy, True)
    else:
        yield Finding(f"control http: the token is in {token_path()}")


def _midi(control: Control, make: Callable[[], Backend]) -> Iterator[Finding]:
    name = f"control midi {control.midi.device}"
    try:
        pads = MidiMap(notes=control.midi.notes, controls=control.midi.controls)
        backend = make()
    except VtdriveError as fault:
        yield Finding(fault.what, fault.remedy, True)
        return
    if not len(pads):
        remedy = 'say what pads do: [control.midi.notes] 36 = "freeze toggle"'
        yield Finding(f"{name}: no pad has a command", remedy, True)
        return
    try:
        with quiet_stderr():
            names = backend.names()
    except OSError as fault:
        yield Finding(f"{name}: MIDI does not work here ({fault})", "on Linux: modprobe snd-seq")
        return
    found = device_named(control.midi.device, names)
    if found is None:
        there = f"there are: {', '.join(names)}" if names else "none is connected"
        yield Finding(f"{name}: is not there ({there})", "plug it in; a run waits for it")
    else:
        yield Finding(f"{name}: {found} is there, {len(pads)} pads have a command")


def _preset(path: Path, load: Callable[[Sequence[Path]], Config]) -> Finding:
    try:
        load((path,))
    except VtdriveError as fault:
        return Finding(f"preset {path}: {fault.what}", fault.remedy or "mend what is named", True)
    return Finding(f"preset {path.stem}: good")


def _folder(path: Path) -> Iterator[Finding]:
    if not path.is_dir():
        yield Finding(f"[control] recordings: there is no folder {path}", "make it")
    elif not os.access(path, os.W_OK):
        yield Finding(f"[control] recordings: {path} cannot be written", "choose another folder")
