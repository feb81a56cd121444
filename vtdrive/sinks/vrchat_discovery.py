"""What the worn avatar declares and where its OSC goes, kept up to date beside the sending."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vtdrive.config.sinks import VrchatSink
from vtdrive.errors import SinkUnusable
from vtdrive.sinks.http_get import NoAnswer, http_get
from vtdrive.sinks.oscquery_server import OscQueryServer
from vtdrive.sinks.vrchat_browse import Browse, Page, osc_host, own_addresses
from vtdrive.sinks.vrchat_files import avatar_folders, newest_file, read_avatar
from vtdrive.wire.osc import Message
from vtdrive.wire.oscquery import WRITE, MalformedTree, Node, read_host, read_tree
from vtdrive.wire.vrchat_avatar import Avatar, avatar_of_tree, default_avatar

__all__ = ["Discovery", "Target"]

_POLL_S: Final = 2.0
_WHOLE_EVERY: Final = 5
"""Of so many polls one reads the whole tree: parameters can change without a change of avatar."""
_SETTLE_S: Final = (0.1, 1.0)
"""After a change of avatar VRChat fills its tree bit by bit: it is read after each of these."""
_AVATAR_CHANGE: Final = Node("/avatar/change", "s", WRITE, (), "the id of the avatar now worn")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to send to, and what they take."""

    host: str
    port: int
    avatar: Avatar
    source: str
    """Where that is known from, for the user."""
    answers: bool
    """Whether VRChat itself said so just now."""


class Discovery:
    """Run `run` beside the sending; read `target` at any time, None while there is none."""

    def __init__(self, config: VrchatSink, *, name: str) -> None:
        self.target: Target | None = None
        self.trouble = ""
        """Why there is no better target, for the user; empty where all is well."""
        self.remedy = ""
        self.http_port = 0
        """Of our own server; 0 while there is none."""
        self._config = config
        self._name = name
        self._changed = asyncio.Event()
        self._browse: Browse | None = None
        self._server: OscQueryServer | None = None
        self._announcing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Never returns; raises SinkUnusable where an option is wrong. Cancel it, then `close`."""
        mode = self._config.parameters
        if mode == "default":
            self._set(Target(*self._place, default_avatar(), "the usual set", answers=False))
            await asyncio.Event().wait()
        if mode == "file":
            while True:
                self._take_file()
                await asyncio.sleep(_POLL_S)
        if not self._config.oscquery:
            await self._open()
        while True:
            await self._search()

    async def close(self) -> None:
        """Release everything; may be called whatever happened before."""
        if self._announcing is not None:
            self._announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._announcing
        if self._browse is not None:
            await self._browse.close()
        if self._server is not None:
            await self._server.close()

    @property
    def _place(self) -> tuple[str, int]:
        return self._config.host, self._config.port

    def _set(self, target: Target | None) -> None:
        # An equal target is the same target: what was sent stays known.
        if target != self.target:
            self.target = target

    def _complain(self, trouble: str, remedy: str) -> None:
        self.trouble, self.remedy = trouble, remedy

    # --- by OSCQuery

    async def _open(self) -> None:
        config = self._config
        self._server = OscQueryServer(
            name="vtdrive", host=config.listen, nodes=(_AVATAR_CHANGE,), take=self._avatar_changed
        )
        try:
            await self._server.open()
        except OSError as fault:
            raise SinkUnusable(
                f"{self._name}: cannot listen on {config.listen} ({fault.strerror or fault})",
                "give `listen` an address of this computer, or leave it out",
            ) from fault
        self.http_port = self._server.http_port
        browse = Browse(lan=config.lan)
        try:
            await browse.open()
        except OSError as fault:
            # There is still the avatar's file.
            await browse.close()
            self._complain(
                f"{self._name}: cannot search for VRChat ({fault.strerror or fault})",
                "give its OSCQuery page as oscquery=HOST:PORT, or set parameters=default",
            )
            return
        self._browse = browse
        self._announcing = asyncio.create_task(
            browse.announce(
                host=config.listen,
                http_port=self._server.http_port,
                osc_port=self._server.osc_port,
            )
        )

    def _avatar_changed(self, message: Message) -> None:
        self._changed.set()

    async def _search(self) -> None:
        """Ask every page that is known, and follow the first that answers until it is lost."""
        if self._browse is not None:
            self._browse.changed.clear()
        for page in self._pages():
            for host in page.hosts:
                target = await self._asked(page, host)
                if target is not None:
                    await self._follow(page, host, target)
                    return
        self._not_found()
        if self._browse is None:
            await asyncio.sleep(_POLL_S)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_S):
                await self._browse.changed.wait()

    def _pages(self) -> list[Page]:
        if self._config.oscquery:
            host, _, port = self._config.oscquery.rpartition(":")
            return [Page("VRChat", (host.strip("[]"),), int(port))]
        # Its name changes with every start, and what it announced before lingers: newest first.
        return list(reversed(self._browse.pages.values())) if self._browse else []

    def _not_found(self) -> None:
        far = self._browse.far if self._browse else ""
        if self._config.oscquery:
            where = f"at {self._config.oscquery}"
            self._complain(
                f"{self._name}: VRChat does not answer {where}",
                "start VRChat, switch OSC on in its action menu, and look up the port: it changes "
                "with every start",
            )
        elif far:
            self._complain(
                f"{self._name}: {far} is on another device, where it is not asked",
                "if that is yours, set lan=true",
            )
        elif self._browse is not None:
            self._complain(
                f"{self._name}: VRChat was not found",
                "start it and switch OSC on in its action menu: Options, OSC, Enabled",
            )
        if self._config.parameters == "auto":
            self._take_file(quiet=True)
        else:
            self._set(None)

    async def _asked(self, page: Page, host: str) -> Target | None:
        lan, own = self._config.lan, own_addresses()
        try:
            info = read_host(await http_get(host, page.port, "/?HOST_INFO"))
            nodes = read_tree(await http_get(host, page.port, "/avatar"))
        except (NoAnswer, MalformedTree):
            return None
        where = osc_host(host, info.osc_ip, lan=lan, own=own)
        return Target(where, info.osc_port, avatar_of_tree(nodes), page.name, answers=True)

    async def _follow(self, page: Page, host: str, target: Target) -> None:
        """Keep `target` fresh until the page does not answer twice in a row."""
        self._set(target)
        self._complain("", "")
        silent = polls = 0
        self._changed.clear()
        while silent < 2:
            told = await self._told_within(_POLL_S)
            polls += 1
            if not told and polls % _WHOLE_EVERY and not await self._swapped(page, host):
                silent = 0
                continue
            for pause_s in _SETTLE_S if told else (0.0,):
                await asyncio.sleep(pause_s)
                self._changed.clear()
                fresh = await self._asked(page, host)
                silent = 0 if fresh else silent + 1
                if fresh is not None:
                    self._set(fresh)
        self._set(None)

    async def _told_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _swapped(self, page: Page, host: str) -> bool:
        """Whether another avatar is worn, or the page fails: cheap, it asks for one node."""
        assert self.target is not None
        try:
            nodes = read_tree(await http_get(host, page.port, "/avatar/change"))
        except (NoAnswer, MalformedTree):
            return True
        worn = avatar_of_tree(nodes).id
        return bool(worn) and worn != self.target.avatar.id

    # --- by VRChat's files

    def _take_file(self, *, quiet: bool = False) -> None:
        """Aim at the newest file's avatar; `quiet` keeps the complaint that stands."""
        config = self._config
        try:
            places = (Path(config.avatar).expanduser(),) if config.avatar else avatar_folders()
            found = [path for place in places if (path := newest_file(place))]
            if found:
                avatar = read_avatar(found[0])
                self._set(Target(*self._place, avatar, f"the file {found[0].name}", answers=False))
                if not quiet:
                    self._complain("", "")
                return
            reason = "no file about an avatar was found"
        # RuntimeError: there is no home folder for `~` or `~name`.
        except (OSError, RuntimeError, MalformedTree) as fault:
            reason = f"the avatar's file cannot be read ({fault})"
        self._set(None)
        if not quiet:
            self._complain(
                f"{self._name}: {reason}",
                "wear the avatar once with OSC on, or name its file: avatar=FILE; or set "
                "parameters=default",
            )
