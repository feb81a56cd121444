"""Finding VRChat's OSCQuery page in the local network, and announcing ours (mDNS)."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vtdrive.listening import is_loopback

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

__all__ = ["Browse", "Page", "may_reach", "osc_host", "own_addresses"]

_HTTP: Final = "_oscjson._tcp.local."
_OSC: Final = "_osc._udp.local."
_APPS: Final = ("VRChat-Client", "ChilloutVR")
_MAX_PAGES: Final = 32


@dataclass(frozen=True, slots=True)
class Page:
    """Where an OSCQuery server may be asked."""

    name: str
    hosts: tuple[str, ...]
    """Addresses, the nearest first."""
    port: int


def own_addresses() -> frozenset[str]:
    """Every IP address of this computer, as text."""
    import ifaddr

    found: set[str] = set()
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            found.add(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
    return frozenset(found)


def may_reach(address: str, *, lan: bool, own: frozenset[str]) -> bool:
    """Whether to talk to `address`: this computer always, private networks with `lan`, never the
    rest of the world, whatever an announcement says."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if ip.is_unspecified or ip.is_multicast:
        return False
    return ip.is_loopback or str(ip) in own or (lan and (ip.is_private or ip.is_link_local))


def osc_host(page_host: str, told: str, *, lan: bool, own: frozenset[str]) -> str:
    """Where OSC goes: to the address that the page tells, if that can be so, else to the page's."""
    elsewhere = not is_loopback(page_host) and page_host not in own
    if not may_reach(told, lan=lan, own=own) or (elsewhere and is_loopback(told)):
        return page_host
    return told


class Browse:
    """Keeps the list of the apps' pages, newest last. `changed` is set with every change of it.

    `far` names an app that was found only where `lan` forbids to look.
    """

    def __init__(self, *, lan: bool) -> None:
        self.pages: dict[str, Page] = {}
        self.far = ""
        self.changed = asyncio.Event()
        self._lan = lan
        self._own = own_addresses()
        self._mdns: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start to search; raises OSError where mDNS cannot be used."""
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        self._mdns = AsyncZeroconf()
        self._browser = AsyncServiceBrowser(self._mdns.zeroconf, [_HTTP], handlers=[self._heard])

    async def announce(self, *, host: str, http_port: int, osc_port: int) -> None:
        """Tell the network of a server of ours."""
        from zeroconf import ServiceInfo

        assert self._mdns is not None
        name = f"vtdrive-{secrets.token_hex(2)}"
        everywhere = ipaddress.ip_address(host).is_unspecified
        hosts = [a for a in self._own if ":" not in a] if everywhere else [host]
        packed = [ipaddress.ip_address(a).packed for a in hosts]
        for kind, port in ((_HTTP, http_port), (_OSC, osc_port)):
            info = ServiceInfo(
                kind, f"{name}.{kind}", addresses=packed, port=port, server=f"{name}.local."
            )
            await self._mdns.async_register_service(info)

    async def close(self) -> None:
        """Take back what was announced and stop; may be called after a failed `open`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        browser, self._browser = self._browser, None
        mdns, self._mdns = self._mdns, None
        if browser is not None:
            await browser.async_cancel()
        if mdns is not None:
            await mdns.async_close()

    def _heard(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        from zeroconf import ServiceStateChange

        if not name.startswith(_APPS):
            return
        if state_change is ServiceStateChange.Removed:
            if self.pages.pop(name, None):
                self.changed.set()
        elif len(self._tasks) < _MAX_PAGES:
            task = asyncio.get_running_loop().create_task(self._look_up(zeroconf, name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _look_up(self, zeroconf: Zeroconf, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(_HTTP, name)
        if not await info.async_request(zeroconf, 3000) or not info.port:
            return
        told = info.parsed_addresses()
        hosts = [a for a in told if may_reach(a, lan=self._lan, own=self._own)]
        hosts.sort(key=lambda a: (not is_loopback(a), a not in self._own, ":" in a))
        if not hosts:
            self.far = f"{name.partition('.')[0]} at {', '.join(told[:3]) or 'no address'}"
            self.changed.set()
            return
        if not any(map(is_loopback, hosts)) and self._own.intersection(hosts):
            hosts.append("127.0.0.1")  # announced by its place in the network, served on loopback
        # Out and in again, so that the newest is the last.
        self.pages.pop(name, None)
        if len(self.pages) >= _MAX_PAGES:
            del self.pages[next(iter(self.pages))]
        self.pages[name] = Page(name.partition(".")[0], tuple(hosts), info.port)
        self.changed.set()
