"""VTube Studio, as a plugin of its own API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from vtdrive.config.sinks import VtsSink
from vtdrive.errors import SinkError
from vtdrive.sinks.face_out import FaceOut, FaceTap
from vtdrive.sinks.lookup import Lookup
from vtdrive.sinks.looping import LoopSink
from vtdrive.sinks.udp import endpoint, udp_target
from vtdrive.sinks.vts_discovery import place_of
from vtdrive.sinks.vts_inputs import VtsInputs
from vtdrive.sinks.vts_link import RefusedError, VtsLink, connected
from vtdrive.sinks.vts_login import Login
from vtdrive.sinks.vts_moods import EVENTS, VtsMoods
from vtdrive.sinks.vts_token import TokenStore
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.vts import statistics, subscribe
from vtdrive.wire.vts_inject import Fade
from vtdrive.wire.vts_params import FaceInputs
from vtdrive.wire.vts_replies import uptime_s_in

__all__ = ["VtsOutput"]

_KEEP_ALIVE_S: Final = 0.4
"""VTube Studio lets go of a value after one second."""
_QUIET_S: Final = 1.0
"""Without frames for so long nobody is followed, whatever the last one said."""
_EASE_MOST_S: Final = 0.6
_STEP_S: Final = 1 / 60
Result = TypeVar("Result")


@dataclass(slots=True)
class _Session:
    link: VtsLink
    inputs: VtsInputs
    moods: asyncio.Task[None] | None = None


class VtsOutput(LoopSink):
    """Drives the inputs of one VTube Studio, and its hotkeys and expressions by emotion."""

    def __init__(self, config: VtsSink, *, tokens: TokenStore | None = None) -> None:
        place = endpoint(config.host, config.port)
        target = f"vts:{udp_target(config.host, config.port).removeprefix('udp:')}"
        if config.discover and config.instance:
            # Two windows on one machine are two targets.
            target += f" {config.instance}"
        super().__init__(name=f"vts {place}", target=target, profile=config.profile)
        self._config = config
        self._face_inputs = FaceInputs(
            eye_rest=config.eye_rest,
            flip_x=config.flip_x,
            flip_y=config.flip_y,
            flip_z=config.flip_z,
        )
        self._login = Login(tokens or TokenStore(), tell=self._say)
        self._moods = VtsMoods(config, tell=self._note_moods)
        self._tap: tuple[RigSchema, FaceTap] | None = None
        self._values = dict(self._face_inputs.rest)
        self._found = False
        self._frame_s: float | None = None
        self._up_until_s: float | None = None
        """Loop time at which the last session was known to be up."""
        self._notes: dict[str, str] = {}
        self._lookups: dict[tuple[str, int], Lookup] = {}

    async def serve(self) -> None:
        self._login.may_ask()
        session = await self._unless_over(self._begun())
        if session is None:
            return
        self.mended()
        try:
            await self._leave(session, await self._stream(session))
        finally:
            self._up_until_s = session.link.heard_s
            await _ended(session)

    async def _begun(self) -> _Session:
        """Connect, log in and make ready; raises SinkError."""
        host, port = await place_of(
            self._config,
            again="discovery" in self._notes,
            tell=partial(self._remark, "discovery"),
        )
        lookup = self._lookups.setdefault((host, port), Lookup(host, port))
        link = await connected(
            host, port, lookup=lookup, stats=self.stats, on_event=self._moods.take
        )
        try:
            await self._login.log_in(link, host=host, port=port)
            self._remark("token", self._login.note)
            inputs = VtsInputs(
                self._config, link, rest=self._face_inputs.rest, tell=self._say_while_up
            )
            await inputs.prepare()
            self._remark("inputs", inputs.note)
            session = _Session(link, inputs)
            if self._moods.used:
                await self._take_up_moods(link)
                session.moods = asyncio.create_task(self._moods.follow(link), name="vts-moods")
        except BaseException:
            await link.close()
            raise
        return session

    async def _take_up_moods(self, link: VtsLink) -> None:
        if await self._same_run(link):
            self._moods.reconnected()
        else:
            self._moods.forget()
        for event in EVENTS:
            try:
                await link.call(subscribe(event))
            except RefusedError as fault:
                self._remark("events", f"{fault.what}: {fault.remedy}")

    async def _same_run(self, link: VtsLink) -> bool:
        """Whether this is the VTube Studio of the last session, not started again since."""
        if self._up_until_s is None:
            return False
        uptime_s = uptime_s_in((await link.call(statistics())).data)
        gone_s = asyncio.get_running_loop().time() - self._up_until_s
        return uptime_s is not None and uptime_s > gone_s

    async def _stream(self, session: _Session) -> Fade:
        """Send what comes until the run is over; raises SinkError when the session breaks."""
        fade = Fade(ease_ms=self._config.ease_ms)
        fade.step(False, asyncio.get_running_loop().time())
        sent_s = -1.0
        while True:
            await session.inputs.room(over=lambda: self.closing)
            if session.moods is not None and session.moods.done():
                session.moods.result()
            try:
                moving = 0.0 < fade.weight < 1.0
                frame = await self.newest(_STEP_S * 2 if moving else _KEEP_ALIVE_S)
            except TimeoutError:
                pass
            else:
                if frame is None:
                    return fade
                self._take(frame)
            now_s = asyncio.get_running_loop().time()
            found = self._found and self._frame_s is not None and now_s - self._frame_s < _QUIET_S
            weight = fade.step(found or self._config.when_lost == "stay", now_s)
            # Nothing is to be seen of it then, so a sign of life is enough.
            if weight > 0.0 or now_s - sent_s >= _KEEP_ALIVE_S:
                await self._inject(session, weight=weight, found=found)
                sent_s = now_s

    async def _leave(self, session: _Session, fade: Fade) -> None:
        """Give the model back: values fade out, what emotion switched on is switched off."""
        if session.moods is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EASE_MOST_S), self._moods.acting:
                    session.moods.cancel()
            session.moods.cancel()
            await asyncio.wait({session.moods})
        resting = asyncio.create_task(self._moods.rest(session.link))
        loop = asyncio.get_running_loop()
        end_s = loop.time() + _EASE_MOST_S
        with contextlib.suppress(SinkError, TimeoutError):
            async with asyncio.timeout(_EASE_MOST_S + 0.2):
                while loop.time() < end_s and fade.step(False, loop.time()) > 0.0:
                    await session.inputs.room()
                    await self._inject(session, weight=fade.weight, found=False)
                    await asyncio.sleep(_STEP_S)
                await session.inputs.room()
                await self._inject(session, weight=0.0, found=False)
                await resting
        if not resting.done():
            resting.cancel()
            await asyncio.wait({resting})
        elif not resting.cancelled() and resting.exception() is not None:
            self.stats.last_error = str(resting.exception())

    def _take(self, frame: AvatarFrame) -> None:
        face = self._face_of(frame)
        if face is None:
            return
        self._values = self._face_inputs.values(face.state, face.shapes)
        self._found = face.found
        self._frame_s = asyncio.get_running_loop().time()
        self._moods.want(face.state.emotion.shown if face.found else 0)

    def _face_of(self, frame: AvatarFrame) -> FaceOut | None:
        """None for a frame of another schema than the current one."""
        schema = self.schema
        if schema is None or len(frame.poses[self.profile].params) != len(schema.params):
            return None
        if self._tap is None or self._tap[0] is not schema:
            self._tap = schema, FaceTap(self.profile, schema)
        return self._tap[1](frame)

    async def _inject(self, session: _Session, *, weight: float, found: bool) -> None:
        # Without its inputs VTube Studio's own tracking says whether there is a face.
        found = found and self._config.inputs
        await session.inputs.send(self._values, weight=weight, found=found)

    async def _unless_over(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """The result; None where the run ends before there is one."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.wait({task}, timeout=0.1)
            if self.closing and not task.done():
                task.cancel()
                await asyncio.wait({task})
                return None
        return task.result()

    def _say(self, what: str, remedy: str) -> None:
        self.stats.remedy, self.stats.last_error = remedy, what

    def _say_while_up(self, what: str, remedy: str) -> None:
        if self.stats.connected:
            self._say(what, remedy)

    def _note_moods(self, note: str) -> None:
        self._remark("moods", note)

    def _remark(self, topic: str, note: str) -> None:
        self._notes[topic] = note
        self.stats.note = "; ".join(filter(None, self._notes.values()))


async def _ended(session: _Session) -> None:
    if session.moods is not None:
        session.moods.cancel()
        await asyncio.wait({session.moods})
        if not session.moods.cancelled():
            session.moods.exception()  # the stream has met the same end
    await session.link.close()
