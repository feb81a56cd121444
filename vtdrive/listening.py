"""What all listeners share: loopback unless the user says otherwise, and then they say so."""

from __future__ import annotations

import errno
import ipaddress
from typing import Final

__all__ = [
    "endpoint",
    "is_everywhere",
    "is_loopback",
    "listen_remedy",
    "names_listener",
    "who_can_reach",
]

_TAKEN: Final = frozenset({errno.EADDRINUSE, 10048})
"""Here and as Windows counts them."""
_FORBIDDEN: Final = frozenset({errno.EACCES, 10013})


def endpoint(host: str, port: int) -> str:
    """`127.0.0.1:39539`, `[::1]:39539`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach a listener on `host`."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_everywhere(host: str) -> bool:
    """Whether a listener on `host` is open to every network of this machine."""
    return host in ("0.0.0.0", "::", "")


def names_listener(host_header: str, host: str) -> bool:
    """Whether a request's `Host` may be that of a server that listens on `host`.

    By number, by `host` or as `localhost`. A web page whose own name was made to point to this
    machine (DNS rebinding) gives itself away by that name.
    """
    name = host_header.lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name in ("localhost", host.lower()):
        return bool(name)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def who_can_reach(host: str, port: int) -> str:
    """A sentence for the user where others than this machine can reach the listener, else ''."""
    if is_loopback(host):
        return ""
    where = "every network of this computer" if is_everywhere(host) else f"the network of {host}"
    return f"port {port} is open to every device in {where}; only do so in a network you trust"


def listen_remedy(fault: Exception, *, taken: str) -> str:
    """What helps where nothing can listen; `taken` is it where another program has the port."""
    number = getattr(fault, "errno", None)
    if number in _TAKEN:
        return taken
    if number in _FORBIDDEN:
        return "choose another port, above 1023"
    return "listen on 127.0.0.1, on 0.0.0.0 (every network), or on an address of this computer"
