"""What a run talks to: hosts, ports, files, and whether another vtdrive is at it already."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.base import Table
from vtdrive.config.inputs import InputTable
from vtdrive.config.schema import Config
from vtdrive.config.sinks import PICTURE_KINDS, FilmSink, VirtualCamSink, VmcSink, WindowSink
from vtdrive.errors import MissingExtra, VtdriveError
from vtdrive.listening import is_loopback, listen_remedy, who_can_reach
from vtdrive.render.film.encoding import check_film, film_path
from vtdrive.render.screen import has_screen
from vtdrive.render.stage.make import check_picture
from vtdrive.runtime.bounded import bounded
from vtdrive.runtime.finding import Finding
from vtdrive.sinks.lockfile import holder_of
from vtdrive.sinks.make import make_sink
from vtdrive.sinks.udp import endpoint
from vtdrive.track_sources.make import make_input

__all__ = ["port_finding", "target_findings"]

_LOOKUP_S: Final = 2.0
_CONNECT_S: Final = 1.0
_CAMERA_S: Final = 5.0
CONNECTS: Final = frozenset({"vts", "obs", "mqtt"})
"""Kinds that hold a TCP connection to their receiver; the other senders use UDP."""
LISTENS: Final = {
    "ws": socket.SOCK_STREAM,
    "page": socket.SOCK_STREAM,
    "vtsphone": socket.SOCK_DGRAM,
    "vmc-in": socket.SOCK_DGRAM,
    "openseeface-in": socket.SOCK_DGRAM,
}
"""Kinds that need their port for themselves."""
PHONES: Final = frozenset({"vtsphone-in", "ifacialmocap-in"})
"""Kinds that ask another machine, and listen where its answer comes in."""


def target_findings(config: Config) -> Iterator[Finding]:
    """Each sink of `config`, or the one that a run without sinks uses, and each input."""
    listening = _udp_ports()
    for sink in config.sinks or [VmcSink()]:
        yield from _held(sink, config.avatar)
        kind = getattr(sink, "kind", "sink")
        if isinstance(sink, VirtualCamSink | WindowSink | FilmSink):
            yield from _shown(sink, config.avatar)
        elif not getattr(sink, "port", 0):
            yield from _file(sink)
        elif kind in LISTENS and not getattr(sink, "push", False):
            yield _own_port(sink)
        else:
            yield _endpoint(sink, listening)
    for entry in config.inputs:
        if entry.kind in LISTENS:
            yield _own_port(entry)
        elif entry.kind in PHONES:
            yield _phone(entry)


def _held(sink: Table, look: AvatarConfig) -> Iterator[Finding]:
    try:
        target = make_sink(sink, look=look).target
        if getattr(sink, "kind", "") in PICTURE_KINDS:
            check_picture(sink, look, thorough=True)
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


def _shown(sink: VirtualCamSink | WindowSink | FilmSink, look: AvatarConfig) -> Iterator[Finding]:
    """Whether the avatar could be seen there now."""
    match sink:
        case FilmSink():
            yield _film(sink)
        case WindowSink() if has_screen():
            yield Finding("window: there is a screen")
        case WindowSink():
            yield Finding(
                "window: there is no screen here",
                "run it on a desktop, or use the sink page: or file:",
            )
        case VirtualCamSink():
            yield from _camera(sink, look)


def _film(sink: FilmSink) -> Finding:
    path = film_path(sink.path, datetime.now().astimezone())
    try:
        check_film(path, overwrite=sink.overwrite)
    except VtdriveError as fault:
        return Finding(fault.what, fault.remedy or "use another name", True)
    return Finding(f"file {path}: can be written")


def _camera(sink: VirtualCamSink, look: AvatarConfig) -> Iterator[Finding]:
    """Opens it for a moment; a run keeps trying, so that nothing is in its way."""
    from vtdrive.render.stage.virtualcam import VirtualCam

    camera = VirtualCam(sink)
    try:
        bounded(lambda: camera.open(look.width, look.height, look.fps), limit_s=_CAMERA_S)
    except TimeoutError:
        yield Finding("virtualcam: it does not answer", "restart the program that provides it")
    except MissingExtra:
        return  # told already
    except VtdriveError as fault:
        yield Finding(f"virtualcam: {fault.what}", fault.remedy or "use the sink page:")
    else:
        camera.close()
        yield Finding(f"{camera.name}: {camera.stats.note}")


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
        reason = str(getattr(fault, "strerror", None) or fault).lower()
        return Finding(
            f"{name}: the host {host!r} is unknown ({reason})",
            "check its spelling, or give its IP address",
            True,
        )
    if getattr(sink, "kind", "") in CONNECTS:
        return _connection(name, host, port)
    if not is_loopback(host) or listening is None:
        return Finding(f"{name}: another machine or unknown; a run will tell")
    if port in listening:
        return Finding(f"{name}: a program listens there")
    return Finding(
        f"{name}: nobody listens there now",
        "start the app and switch its receiver on, on this port",
    )


def _connection(name: str, host: str, port: int) -> Finding:
    try:
        socket.create_connection((host, port), _CONNECT_S).close()
    except OSError as fault:
        return Finding(
            f"{name}: nobody answers there now ({str(fault.strerror or fault).lower()})",
            "start the app and switch its server on, on this port; a run keeps trying",
        )
    return Finding(f"{name}: a program answers there")


def _own_port(table: Table) -> Finding:
    """Whether a port that a sink or input wants to listen on is free."""
    kind, host = getattr(table, "kind", ""), getattr(table, "host", "")
    return port_finding(kind, host, getattr(table, "port", 0), of=LISTENS[kind])


def port_finding(kind: str, host: str, port: int, *, of: socket.SocketKind) -> Finding:
    """Whether that port can be listened on, and who could reach it then; `kind` names its user."""
    name = f"{kind} {endpoint(host, port)}"
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, of) as trial:
            if os.name == "posix" and of is socket.SOCK_STREAM:
                # As servers do: connections of the last run may still linger. Elsewhere this
                # would take the port from another program.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except (OSError, UnicodeError) as fault:
        reason = str(getattr(fault, "strerror", None) or fault).lower()
        return Finding(
            f"{name}: cannot listen there: {reason}",
            listen_remedy(
                fault,
                taken="close the program that has this port, or give another port here and there",
            ),
            True,
        )
    reach = who_can_reach(host, port)
    return Finding(f"{name}: free to listen on" + (f"; {reach}" if reach else ""))


def _phone(table: InputTable) -> Finding:
    """Whether a run could begin to ask; nothing is asked yet."""
    source = make_input(table)
    try:
        bounded(source.open, limit_s=_LOOKUP_S)
    except TimeoutError:
        return Finding(
            f"{source.name}: no name server has told where it is", "give its IP address instead"
        )
    except VtdriveError as fault:
        return Finding(fault.what, fault.remedy or "check its address", True)
    finally:
        source.close()
    return Finding(f"{source.name}: there is a way to it; a run will tell whether it answers")


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
