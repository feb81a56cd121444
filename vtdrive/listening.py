"""What all listeners share: loopback unless the user says otherwise, and then they say so."""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback", "who_can_reach"]


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach a listener on `host`."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def who_can_reach(host: str, port: int) -> str:
    """A sentence for the user where others than this machine can reach the listener, else ''."""
    if is_loopback(host):
        return ""
    everywhere = host in ("0.0.0.0", "::", "")
    where = "every network of this computer" if everywhere else f"the network of {host}"
    return f"port {port} is open to every device in {where}; only do so in a network you trust"
