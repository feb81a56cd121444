"""Which inputs VTube Studio takes from us, and sending frames to them without ever piling up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from vtdrive.config.sinks import VtsSink
from vtdrive.errors import SinkError
from vtdrive.sinks.vts_link import REPLY_S, RefusedError, VtsLink
from vtdrive.sinks.vts_parameters import FATAL, listed, make_missing, wanted
from vtdrive.wire.vts import Call, Message
from vtdrive.wire.vts_errors import (
    CONTROLLED_BY_OTHER,
    UNKNOWN_PARAMETER,
    explained,
    named_in,
)
from vtdrive.wire.vts_inject import KIND, InjectTemplate

__all__ = ["VtsInputs"]

_IN_FLIGHT: Final = 2
"""Unanswered frames. VTube Studio answers once per picture: with one in flight 60 Hz is out of
reach, and each further one is delay."""
_ASIDE_S: Final = 5.0
"""How long an input that another plugin drives is left to it before it is tried again."""
_INJECT: Final = Call(KIND)


class VtsInputs:
    """The inputs of one session."""

    def __init__(
        self,
        config: VtsSink,
        link: VtsLink,
        *,
        rest: Mapping[str, float],
        tell: Callable[[str, str], None],
    ) -> None:
        """`tell` is called with a fault and its remedy, and with two empty texts once it is
        over."""
        self._config = config
        self._link = link
        self._rest = rest
        self._tell = tell
        self._known: tuple[str, ...] = ()
        self._refused_names: frozenset[str] = frozenset()
        """What VTube Studio said it does not know, whatever its list says."""
        self._aside: dict[str, float] = {}
        """Name -> loop time from which it is tried again."""
        self._template: InjectTemplate | None = None
        self._stale = False
        self._flying: set[asyncio.Future[Message]] = set()
        self._fatal: SinkError | None = None
        self._rest_until_s = 0.0
        self._told = False
        self.note = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What is sent now."""
        return self._template.names if self._template else ()

    async def prepare(self) -> None:
        """List what is there and create what is missing; raises SinkError."""
        names, self.note = await make_missing(self._config, self._link)
        self._know(names)

    async def room(self, *, over: Callable[[], bool] = lambda: False) -> None:
        """Returns once another frame may be sent, or `over()`; raises SinkError where nobody
        answers."""
        clock = asyncio.get_running_loop().time
        end_s = clock() + REPLY_S
        while len(self._flying) >= _IN_FLIGHT and not over():
            await asyncio.wait(self._flying, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
            self._flying = {reply for reply in self._flying if not reply.done()}
            if len(self._flying) >= _IN_FLIGHT and clock() >= end_s:
                raise SinkError(
                    f"VTube Studio has not answered for {REPLY_S:g} s",
                    "if it hangs, start it again; vtdrive connects again by itself",
                )
        if self._fatal is not None:
            raise self._fatal
        if self._stale:
            self._know((await listed(self._link)).names)
            self._stale = False

    async def send(self, values: Mapping[str, float], *, weight: float, found: bool) -> None:
        """One frame; `values` holds every input of `FaceInputs`."""
        now_s = asyncio.get_running_loop().time()
        due = [name for name, until_s in self._aside.items() if now_s >= until_s]
        if due:
            for name in due:
                del self._aside[name]
            self._build()
        template = self._template
        if template is None or now_s < self._rest_until_s:
            return
        request_id = self._link.next_id()
        text = template.fill(values, weight=weight, found=found, request_id=request_id)
        reply = await self._link.post(text, _INJECT, request_id=request_id)
        self._flying.add(reply)
        reply.add_done_callback(self._answered)

    def _know(self, names: frozenset[str]) -> None:
        there = names - self._refused_names
        self._known = tuple(name for name in wanted(self._config) if name in there)
        self._build()

    def _build(self) -> None:
        names = [name for name in self._known if name not in self._aside]
        if names:
            self._template = InjectTemplate(names, mode=self._config.mode, rest=self._rest)
        else:
            # A request without values is an error.
            self._template = None

    def _answered(self, reply: asyncio.Future[Message]) -> None:
        self._flying.discard(reply)
        if reply.cancelled():
            return
        fault = reply.exception()
        if fault is not None:
            self._fatal = fault if isinstance(fault, SinkError) else SinkError(str(fault))
            return
        message = reply.result()
        if message.is_error:
            self._refused(message)
        elif self._told and not self._aside:
            self._told = False
            self._tell("", "")

    def _refused(self, message: Message) -> None:
        number = message.error_id
        if number in FATAL:
            self._fatal = RefusedError(message)
            return
        named = named_in(message.said, self._known)
        now_s = asyncio.get_running_loop().time()
        if number == UNKNOWN_PARAMETER:
            self._stale = True
            self._refused_names |= named
            self._know(frozenset(self._known))
        if number == CONTROLLED_BY_OTHER and named:
            self._aside |= dict.fromkeys(named, now_s + _ASIDE_S)
            self._build()
        elif not named:
            # Whatever it is, it will not be better in a sixtieth of a second.
            self._rest_until_s = now_s + 1.0
        self._told = True
        self._tell(*explained(number, said=message.said))
