"""Where a run sends: hosts, ports, files, and whether another vtdrive is at it already."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from vtdrive.config.base import Table
from vtdrive.config.schema import Config
from vtdrive.config.sinks import VmcSink
from vtdrive.errors import VtdriveError
from vtdrive.runtime.bounded import bounded
from vtdrive.runtime.finding import Finding
from vtdrive.sinks.lockfile import holder_of
from vtdrive.sinks.make import make_sink

__all__ = ["target_findings"]

_LOCAL = ("127.0.0.1", "localhost", "::1")
_LOOKUP_S: Final = 2.0


def target_findings(config: Config) -> Iterator[Finding]:
    """Each sink of `config`, or the one that a run without sinks uses."""
    listening = _udp_ports()
    for sink in config.sinks or [VmcSink()]:
        yield from _held(sink)
        if getattr(sink, "port", 0):
            yield _endpoint(sink, listening)
        else:
            yield from _file(sink)


def _held(sink: Table) -> Iterator[Finding]:
    try:
        target = make_sink(sink).target
    except VtdriveError as fault:
        yield Finding(fault.what, fault.remedy or "use another sink", True)
        return
    holder = holder_of(target) if target else None
    if holder is not None:
        since = datetime.fromtimestamp(holder.since_s).strftime("%H:%M:%S")
        yield Finding(
            f"another vtdrive (process {holder.pid}, since {since}) already sends to"
            f" {target.partition(':')[2]}: {holder.command}",
            "stop it, choose another target, or run with --force",
            True,
        )


def _endpoint(sink: Table, listening: set[int] | None) -> Finding:
    host, port = getattr(sink, "host", ""), getattr(sink, "port", 0)
    name = f"{getattr(sink, 'kind', 'sink')} {host}:{port}"
    try:
        bounded(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM), limit_s=_LOOKUP_S)
    except TimeoutError:
        return Finding(
            f"{name}: no name server has told where {host!r} is", "give its IP address instead"
        )
    except (OSError, UnicodeError) as fault:
        return Finding(
            f"{name}: the host {host!r} is unknown ({fault})",
            "check its spelling, or give its IP address",
            True,
        )
    if host not in _LOCAL or listening is None:
        return Finding(f"{name}: another machine or unknown; a run will tell")
    if port in listening:
        return Finding(f"{name}: a program listens there")
    return Finding(
        f"{name}: nobody listens there now",
        "start the avatar app and switch its VMC / OSC receiver on, on this port",
    )


def _file(sink: Table) -> Iterator[Finding]:
    path = Path(getattr(sink, "path", "-"))
    kind = getattr(sink, "kind", "sink")
    if str(path) == "-":
        return
    if path.is_dir():
        yield Finding(f"{kind}: {path} is a folder", "name a file in it", True)
    elif not path.parent.is_dir():
        yield Finding(
            f"{kind}: there is no folder {path.parent}", "make it, or choose another", True
        )
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        yield Finding(f"{kind}: {path} cannot be written", "choose another place", True)
    else:
        yield Finding(f"{kind}: {path} can be written")


def _udp_ports() -> set[int] | None:
    try:
        return {c.laddr.port for c in psutil.net_connections("udp") if c.laddr}
    except (psutil.AccessDenied, OSError):
        return None
