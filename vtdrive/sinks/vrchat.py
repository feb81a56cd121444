"""VRChat: avatar parameters and eye tracking over OSC, as the worn avatar declares them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from vtdrive.config.sinks import VrchatSink
from vtdrive.errors import SinkError
from vtdrive.listening import who_can_reach
from vtdrive.sinks.face_out import FaceOut, FaceTap
from vtdrive.sinks.looping import LoopSink
from vtdrive.sinks.udp import UdpLink, endpoint, udp_target
from vtdrive.sinks.vrchat_discovery import Discovery, Target
from vtdrive.types import F32, AvatarFrame, RigSchema
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.unified_signals import signals
from vtdrive.wire.vrchat_params import ParamEncoder, chatbox

__all__ = ["VrchatOutput"]

_CHATBOX_NS: Final = 1_500_000_000
"""VRChat silences who writes into its chat box more often."""


_IDLE_S: Final = 0.25
_RETRY_S: Final = 2.0
"""After a host that is unknown or cannot be reached."""


class VrchatOutput(LoopSink):
    """Sends what changed in every frame, and everything once each `refresh_s`.

    While nothing tells what the avatar declares, nothing is sent and `stats` says why.
    """

    def __init__(self, config: VrchatSink) -> None:
        super().__init__(
            name=f"{config.kind} {endpoint(config.host, config.port)}",
            target=udp_target(config.host, config.port),
            profile=config.profile,
        )
        self._config = config
        self._tap: FaceTap | None = None
        self._tapped: RigSchema | None = None
        self._aimed: Target | None = None
        self._encoder: ParamEncoder | None = None
        self._link: UdpLink | None = None
        self._retry_s = 0.0
        self._refreshed_ns: int | None = None
        self._last: F32 | None = None
        self._caption = ""
        self._captioned_ns: int | None = None

    async def serve(self) -> None:
        discovery = Discovery(self._config, name=self.name)
        task = asyncio.create_task(discovery.run())
        try:
            await self._feed(discovery, task)
        finally:
            self._aim(None)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
            await discovery.close()

    async def _feed(self, discovery: Discovery, task: asyncio.Task[None]) -> None:
        await asyncio.sleep(0)  # what needs no question is known then
        face: FaceOut | None = None
        while True:
            try:
                frame = await self.newest(_IDLE_S)
                if frame is None:
                    break
            except TimeoutError:
                frame = None
            if task.done():
                task.result()
            if frame is not None:
                face = self._tapped_from(frame) or face
            aimed = discovery.target is not self._aimed
            if aimed:
                self._aim(discovery.target)
            self._report(discovery)
            # Who came between two frames gets the one before.
            if face is not None and (frame is not None or aimed):
                self._show(face)
        self._rest()

    def _tapped_from(self, frame: AvatarFrame) -> FaceOut | None:
        """The frame's face; None where its schema was replaced meanwhile."""
        schema = self.schema
        if schema is None or len(frame.poses[self.profile].params) != len(schema.params):
            return None
        if self._tap is None or self._tapped is not schema:
            self._tap, self._tapped = FaceTap(self.profile, schema), schema
        return self._tap(frame)

    def _aim(self, target: Target | None) -> None:
        """Send to `target` from now on, everything at first."""
        before, self._aimed = self._aimed, target
        if target is None:
            link, self._link, self._encoder = self._link, None, None
            if link is not None:
                link.close()
            return
        config = self._config
        self._encoder = ParamEncoder(target.avatar, eyes=config.eyes, look=config.look)
        self._refreshed_ns = None
        if self._link is None or before is None or before.host != target.host \
                or before.port != target.port:  # fmt: skip
            if self._link is not None:
                self._link.close()
            self._link = UdpLink(
                label=self.name, host=target.host, port=target.port, stats=self.stats
            )

    def _report(self, discovery: Discovery) -> None:
        stats, target = self.stats, self._aimed
        stats.note = "; ".join(filter(None, (self._told(), self._reach(discovery))))
        if target is None:
            stats.connected = False
            stats.last_error, stats.remedy = discovery.trouble, discovery.remedy
            return
        if asyncio.get_running_loop().time() >= self._retry_s:
            stats.connected = True if target.answers else None
            stats.remedy = discovery.remedy

    def _told(self) -> str:
        target, encoder = self._aimed, self._encoder
        if target is None or encoder is None:
            return ""
        native = encoder.native_look or encoder.native_lids
        count = len(encoder.names)
        what = f"{count} parameters of the avatar" if count else "the avatar has none for the face"
        more = ", VRChat's own eyes" if native else ""
        return f"{what}{more} (from {target.source})"

    def _reach(self, discovery: Discovery) -> str:
        port = discovery.http_port
        return who_can_reach(self._config.listen, port) if port else ""

    def _show(self, face: FaceOut) -> None:
        if self._encoder is None:
            return
        self._last = values = signals(face.shapes, face.state, found=face.found)
        due = self._refreshed_ns is None or (
            abs(face.t_ns - self._refreshed_ns) >= self._config.refresh_s * 1e9
        )
        if due:
            self._refreshed_ns = face.t_ns
        datagrams = self._encoder.fill(values, found=face.found, everything=due)
        self._push([*datagrams, *self._captions(face)])

    def _captions(self, face: FaceOut) -> tuple[bytes, ...]:
        if not self._config.chatbox:
            return ()
        shown = face.state.emotion.shown
        text = self._config.caption.replace("{emotion}", EMOTIONS[shown]) if shown else ""
        waits = self._captioned_ns is not None and (
            abs(face.t_ns - self._captioned_ns) < _CHATBOX_NS
        )
        if text == self._caption or waits:
            return ()
        self._caption, self._captioned_ns = text, face.t_ns
        return (chatbox(text),)

    def _rest(self) -> None:
        """The last frame whole, however little it changed, and no caption left behind."""
        if self._encoder is None or self._last is None:
            return
        datagrams = self._encoder.fill(self._last, found=False, everything=True)
        self._push([*datagrams, *([chatbox("")] if self._caption else [])])
        self._caption = ""

    def _push(self, datagrams: Sequence[bytes]) -> None:
        link, now_s = self._link, asyncio.get_running_loop().time()
        if link is None or not datagrams or now_s < self._retry_s:
            return
        try:
            link.open()
            link.send(datagrams)
        except SinkError as fault:
            # Discovery goes on, and so do the frames.
            self._refreshed_ns, self._retry_s = None, now_s + _RETRY_S
            self.stats.connected = False
            self.stats.last_error, self.stats.remedy = fault.what, fault.remedy
            link.close()
