"""Rules that make OBS follow the face, over obs-websocket."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
from collections.abc import Mapping
from typing import Any, Final

from vtdrive.config.sinks import ObsSink
from vtdrive.errors import SinkError, SinkUnusable
from vtdrive.sinks.looping import LoopSink
from vtdrive.sinks.obs_link import ObsLink
from vtdrive.sinks.obs_names import missing_name, scene_on_air
from vtdrive.sinks.obs_rules import ObsRules
from vtdrive.sinks.udp import endpoint
from vtdrive.types import AvatarFrame
from vtdrive.wire.obs import NOT_FOUND, NOT_READY, Response
from vtdrive.wire.obs_steps import Step, is_harmless, refusal, steps_of, unavailable

__all__ = ["ObsOutput"]

_TEXT_S: Final = 0.25
"""A text that follows the face changes at most four times a second: it is there to be read."""
_UNREADY_S: Final = 0.5
_UNREADY_TRIES: Final = 120
"""OBS says "not ready" while it starts and while it changes its scene collection."""
_REST_S: Final = 1.0
_COMMAND_S: Final = 3.0
_MOST: Final = 4
"""So many problems are told at once, the newest."""
_RENAME: Final = "correct the name in the rule, or add it in OBS"


class ObsOutput(LoopSink):
    """Looks at every frame; asks something of OBS only where a rule begins or ends."""

    def __init__(self, config: ObsSink) -> None:
        place = endpoint(config.host, config.port)
        super().__init__(name=f"obs {place}", target="", profile=config.profile)
        self._config = config
        try:
            self._rules = ObsRules(config.rules)
        except ValueError as fault:
            raise SinkUnusable(
                f"{self.name}: {fault}", "docs/explanation/mapping.md lists the signals"
            ) from None
        self._link: ObsLink | None = None
        """The connection, while there is one that can be asked."""
        self._problems: dict[tuple[object, ...], tuple[str, str]] = {}
        self._said: dict[str, str] = {}
        """Text source -> what it was last told to say."""

    def send(self, frame: AvatarFrame) -> None:
        """One frame; it never waits for OBS."""
        if self._thread is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        self.stats.frames += 1
        if self._rules.look(frame.state, frame.t_ns):
            with self._lock:
                self._frame = frame
            self._rouse()

    def command(self, name: str) -> str | None:
        """`replay save`, answered with what OBS says of it. From any thread."""
        if name != "replay save":
            return None
        loop, link = self._loop, self._link
        if loop is None or link is None or loop.is_closed():
            why = self.stats.last_error or "it is not connected"
            raise SinkError(f"{self.name}: {why}", self.stats.remedy or "start OBS")
        asked = asyncio.run_coroutine_threadsafe(link.ask("SaveReplayBuffer"), loop)
        try:
            answer = asked.result(_COMMAND_S)
        except (TimeoutError, concurrent.futures.CancelledError) as fault:
            asked.cancel()
            raise SinkError(f"{self.name}: OBS does not answer", "see whether it hangs") from fault
        if not answer.ok:
            what, remedy = refusal(Step("SaveReplayBuffer", {}), answer)
            raise SinkError(f"{self.name}: {what}", remedy)
        return f"{self.name}: the replay is saved"

    async def serve(self) -> None:
        link = await ObsLink.opened(self._config, self.stats)
        listening = asyncio.create_task(link.listen())
        following = asyncio.create_task(self._follow(link))
        tasks = (listening, following)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if following.done() and following.exception() is None:
                return  # the run is over
            # Why the connection ended says more than what could not be sent.
            await (listening if listening.done() else following)
        finally:
            for task in tasks:
                task.cancel()
            self._link = None
            await asyncio.gather(*tasks, return_exceptions=True)
            await link.close()

    async def _follow(self, link: ObsLink) -> None:
        """Do what the rules ask until the run is over."""
        link.learn(await self._ready(link, "GetVersion", {}))
        # What happens from here on is done in full, also what happens once.
        due = self._rules.resumed()
        self._problems.clear()
        self._said.clear()
        self._link = link
        self.mended()
        count = len(self._rules.all)
        rules = f"{count} rule{'' if count == 1 else 's'}" if count else "no rules yet"
        self.stats.note = f"OBS {link.obs_version}, {rules}"
        for rule, step in due:
            await self._do(link, rule, step)
        await self._check_rules(link)
        wait_s = _TEXT_S if self._rules.has_live_texts else None
        while True:
            try:
                over = await self.newest(wait_s) is None
            except TimeoutError:
                over = False
            for event in self._rules.take():
                action = self._rules.action(event)
                for step in steps_of(action, event.state) if action is not None else ():
                    await self._do(link, event.rule, step)
            if over:
                await self._rest(link)
                return
            for rule, step in self._rules.texts():
                if self._said.get(step.data["inputName"]) != _words(step):
                    await self._do(link, rule, step)

    async def _rest(self, link: ObsLink) -> None:
        """Leave OBS as the rules leave it when they end."""
        with contextlib.suppress(TimeoutError, SinkError):
            async with asyncio.timeout(_REST_S):
                for rule, step in self._rules.ended():
                    await self._do(link, rule, step)

    async def _do(self, link: ObsLink, rule: int, step: Step) -> None:
        """One step of a rule. A refusal is told once, and the other rules go on."""
        await self._tried(link, rule, step)
        self._publish()

    async def _tried(self, link: ObsLink, rule: int, step: Step) -> None:
        key = (rule, step.request, *step.names)
        if link.offered and step.request not in link.offered:
            self._tell(key, rule, *unavailable(step, link.obs_version))
            return
        answer = await self._resolved(link, step)
        if answer.ok or is_harmless(step, answer):
            self._problems.pop(key, None)
        elif answer.code == NOT_FOUND:
            lacking = await missing_name(functools.partial(self._ready, link), step)
            self._tell(key, rule, lacking or refusal(step, answer)[0], _RENAME)
        elif answer.code != NOT_READY:
            self._tell(key, rule, *refusal(step, answer))
        if step.request == "SetInputSettings":
            # Also after a refusal, else it would be tried four times a second.
            self._said[step.data["inputName"]] = _words(step)

    async def _resolved(self, link: ObsLink, step: Step) -> Response:
        """OBS' answer to a step. It knows the sources in a scene by numbers."""
        ask = functools.partial(self._ready, link)
        if step.request != "SetSceneItemEnabled":
            return await ask(step.request, step.data)
        scene = step.data["sceneName"] or await scene_on_air(ask)
        source = {"sceneName": scene, "sourceName": step.data["sourceName"]}
        found = await ask("GetSceneItemId", source)
        if not found.ok:
            return found
        item, visible = found.data.get("sceneItemId"), step.data["sceneItemEnabled"]
        return await ask(
            step.request, {"sceneName": scene, "sceneItemId": item, "sceneItemEnabled": visible}
        )

    async def _ready(self, link: ObsLink, name: str, data: Mapping[str, Any]) -> Response:
        """OBS' answer, asked again while it says that it is not ready."""
        for _ in range(_UNREADY_TRIES):
            answer = await link.ask(name, data)
            if answer.code != NOT_READY or self.closing:
                return answer
            await asyncio.sleep(_UNREADY_S)
        raise SinkError("OBS says that it is not ready", "see whether OBS shows a question")

    async def _check_rules(self, link: ObsLink) -> None:
        """Tell before the show, not in it, what OBS does not have."""
        ask = functools.partial(self._ready, link)
        for number, rule in enumerate(self._rules.all):
            for action in (rule, rule.otherwise):
                for step in steps_of(action) if action is not None else ():
                    key = (number, step.request, *step.names)
                    if link.offered and step.request not in link.offered:
                        self._tell(key, number, *unavailable(step, link.obs_version))
                    elif step.data.get("sceneName", "?"):  # else: whichever is on air by then
                        lacking = await missing_name(ask, step)
                        if lacking:
                            self._tell(key, number, lacking, _RENAME)
        self._publish()

    def _tell(self, key: tuple[object, ...], rule: int, what: str, remedy: str) -> None:
        self._problems[key] = (f"rule {rule + 1}: {what}", remedy)

    def _publish(self) -> None:
        """What is wrong with rules now, all of it, since only the newest sentence is passed on."""
        problems = dict.fromkeys(self._problems.values())
        said = [what for what, _ in problems]
        more = [f"… and {len(said) - _MOST} more"] if len(said) > _MOST else []
        self.stats.remedy = next((remedy for _, remedy in reversed(problems)), "")
        self.stats.last_error = "; ".join([*said[-_MOST:], *more])


def _words(step: Step) -> str:
    """What a text source shall say."""
    return str(step.data["inputSettings"]["text"])
