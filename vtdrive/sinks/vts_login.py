"""Logging in to VTube Studio: the token, the popup, and not asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from vtdrive.errors import SinkError
from vtdrive.sinks.vts_link import RefusedError, VtsLink
from vtdrive.sinks.vts_token import TokenStore
from vtdrive.wire.vts import authenticate, request_token
from vtdrive.wire.vts_errors import ACCESS_DENIED
from vtdrive.wire.vts_replies import token_in

__all__ = ["Login"]

_POPUP_S: Final = 600.0
"""How long a popup may stand unanswered."""
_POPUP_SEEN_S: Final = 0.3
"""A refusal (another popup is open) comes sooner, and then there is none to click on."""
_SULK_S: Final = 600.0
"""After a refusal the user is left alone for so long."""


class Login:
    """Authenticates each session, and asks for a token where none is valid."""

    def __init__(self, tokens: TokenStore, *, tell: Callable[[str, str], None]) -> None:
        """`tell` is called with a sentence and a remedy while VTube Studio shows its popup."""
        self._tokens = tokens
        self._tell = tell
        self._denied: tuple[float, SinkError] | None = None
        self._memory: dict[tuple[str, int], str] = {}
        self.note = ""
        """What the user should know: that a token could not be stored."""

    def may_ask(self) -> None:
        """Raises the last refusal again while the user is to be left alone."""
        if self._denied is None:
            return
        until_s, fault = self._denied
        if asyncio.get_running_loop().time() < until_s:
            raise SinkError(fault.what, fault.remedy)
        self._denied = None

    async def log_in(self, link: VtsLink, *, host: str, port: int) -> None:
        """Authenticate `link`; raises SinkError where VTube Studio or its user refuses."""
        token = self._memory.get((host, port)) or self._tokens.load(host=host, port=port)
        if token is not None and await self._works(link, token):
            return
        self._memory.pop((host, port), None)
        self._tokens.forget(host=host, port=port)
        token = await self._asked(link)
        if not await self._works(link, token):
            raise self._refused(
                SinkError(
                    "VTube Studio gave vtdrive a token and does not accept it",
                    "revoke vtdrive in VTube Studio's list of plugins, then start vtdrive again",
                )
            )
        self._memory[host, port] = token
        self._store(token, host=host, port=port)

    async def _works(self, link: VtsLink, token: str) -> bool:
        try:
            reply = await link.call(authenticate(token))
        except RefusedError as fault:
            # Said instead of `false` where the user has revoked the plugin.
            if fault.error_id == ACCESS_DENIED:
                return False
            raise
        return reply.data.get("authenticated") is True

    async def _asked(self, link: VtsLink) -> str:
        telling = asyncio.get_running_loop().call_later(
            _POPUP_SEEN_S,
            self._tell,
            "VTube Studio asks whether vtdrive may connect",
            "click Allow in VTube Studio's window",
        )
        try:
            reply = await link.call(request_token(), timeout_s=_POPUP_S)
        except RefusedError as fault:
            raise (self._refused(fault) if fault.error_id == ACCESS_DENIED else fault) from None
        finally:
            telling.cancel()
        token = token_in(reply.data)
        if token is None:
            raise SinkError("VTube Studio sent no usable token", "update VTube Studio")
        return token

    def _refused(self, fault: SinkError) -> SinkError:
        self._denied = (asyncio.get_running_loop().time() + _SULK_S, fault)
        return fault

    def _store(self, token: str, *, host: str, port: int) -> None:
        try:
            self._tokens.save(token, host=host, port=port)
            self.note = ""
        except OSError as fault:
            self.note = (
                f"VTube Studio's token could not be stored ({fault.strerror or fault});"
                " it will ask again next time"
            )
