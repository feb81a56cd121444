"""Emotions as hotkeys and expressions of VTube Studio, pressed no more often than needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from vtdrive.config.nearest import nearest
from vtdrive.config.sinks import VtsSink
from vtdrive.sinks.vts_link import RefusedError, VtsLink
from vtdrive.sinks.vts_targets import Target, TargetState, hotkey_named, targets_of
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.vts import (
    Call,
    Message,
    activate_expression,
    expression_states,
    list_hotkeys,
    trigger_hotkey,
)
from vtdrive.wire.vts_errors import COOLDOWN, NO_MODEL, QUEUE_FULL
from vtdrive.wire.vts_replies import Hotkey, active_expressions, hotkeys_in

__all__ = ["EVENTS", "VtsMoods"]

EVENTS: Final = ("ModelLoadedEvent", "HotkeyTriggeredEvent", "ModelConfigChangedEvent")
_APART_S: Final = {"hotkey": 0.5, "expression": 0.1}
"""Between two actions on one target. VTube Studio wants 5 pictures, or 5 s as its error list says:
where it says so, the action waits."""
_RETRY_S: Final = 1.0
_LONGEST_RETRY_S: Final = 5.0


class VtsMoods:
    """Brings the model to what the emotion wants, and follows when either changes.

    Lives as long as the sink; `follow` serves one session.
    """

    def __init__(self, config: VtsSink, *, tell: Callable[[str], None]) -> None:
        """`tell` is called with what the user should know about names that do not fit."""
        self._fade_s = config.fade_s
        self._tell = tell
        self._by_emotion = [targets_of(config, emotion) for emotion in EMOTIONS]
        self._states = {t: TargetState() for targets in self._by_emotion for t in targets}
        self._hotkeys: dict[str, Hotkey] = {}
        self._wanted = self._by_emotion[0]
        self._emotion = -1
        """None is known yet: nothing is touched."""
        self._changed = asyncio.Event()
        self._stale = True
        self.acting = asyncio.Lock()
        """Held while something is being switched: cancel `follow` only when it is free, or what
        is on is not known."""

    @property
    def used(self) -> bool:
        """Whether any emotion switches anything."""
        return bool(self._states)

    def want(self, emotion: int) -> None:
        """Show this entry of `vocab.EMOTIONS` from now on. Cheap, for every frame."""
        if emotion == self._emotion:
            return
        self._emotion = emotion
        self._wanted = self._by_emotion[emotion]
        for state in self._states.values():
            state.left_alone = False
        self._changed.set()

    def take(self, message: Message) -> None:
        """An event: another model, changed hotkeys, or the user's own finger on a key."""
        if message.kind == "ModelLoadedEvent":
            self.forget()
        elif message.kind == "ModelConfigChangedEvent":
            self._stale = message.data.get("hotkeyConfigChanged") is True or self._stale
        elif message.kind == "HotkeyTriggeredEvent":
            if message.data.get("hotkeyTriggeredByAPI") is not False:
                return
            self._pressed(message)
        self._changed.set()

    def forget(self) -> None:
        """The model or VTube Studio is another: nothing is on, and nothing is known of it."""
        for state in self._states.values():
            state.on, state.broken, state.left_alone, state.retries = False, False, False, 0
        self._stale = True
        self._changed.set()

    def reconnected(self) -> None:
        """The same VTube Studio after a gap: what is on still is, but look again."""
        for state in self._states.values():
            state.retries, state.due_s = 0, 0.0
        self._stale = True
        self._changed.set()

    async def follow(self, link: VtsLink) -> None:
        """Apply every change of mood until cancelled; raises SinkError when the link ends."""
        while True:
            self._changed.clear()
            if self._stale:
                self._stale = False
                await self._look(link)
            known = self._emotion >= 0
            pause_s = await self._step(link, self._wanted) if known else None
            if pause_s is not None:
                try:
                    async with asyncio.timeout(max(0.0, pause_s)):
                        await self._changed.wait()
                except TimeoutError:
                    continue
            else:
                await self._changed.wait()

    async def rest(self, link: VtsLink) -> None:
        """Switch off all that is on, however long cooldowns take: the caller sets the limit.

        Raises SinkError where VTube Studio does not answer.
        """
        waiting = [t for t, state in self._states.items() if state.on and self._undone(t)]
        while waiting:
            waiting = [
                target
                for target in waiting
                if not self._states[target].broken
                and not await self._switch(link, target, on=False)
            ]
            if waiting:
                await asyncio.sleep(0.1)

    async def _look(self, link: VtsLink) -> None:
        """Read which hotkeys there are and which expressions are on."""
        try:
            there = hotkeys_in((await link.call(list_hotkeys())).data)
            active = active_expressions((await link.call(expression_states())).data)
        except RefusedError as fault:
            self._tell(f"{fault.what}: {fault.remedy}")
            return
        faults = []
        for target, state in self._states.items():
            key = hotkey_named(target.name, there) if target.kind == "hotkey" else None
            if key is not None:
                self._hotkeys[target.name] = key
            file = target.name if target.kind == "expression" else key.file if key else ""
            if file in active:
                state.on = active[file]
            known = target.name in active if target.kind == "expression" else key is not None
            # Without a model both lists are empty, and there is nothing to complain about.
            state.broken = not known
            if not known and (there or active):
                names = [k.name for k in there] if target.kind == "hotkey" else list(active)
                close = nearest(target.name, [n for n in names if n], at_least=0.6)
                faults.append(f"{target}" + (f" (did you mean {close!r}?)" if close else ""))
        self._tell(f"VTube Studio's model lacks {', '.join(faults)}" if faults else "")

    async def _step(self, link: VtsLink, wanted: frozenset[Target]) -> float | None:
        """Do all that is due; how long until more is, None where nothing is left to do."""
        clock = asyncio.get_running_loop().time
        due_s: list[float] = []
        waits = False
        # Off before on: two expressions at once deform most faces twice.
        for target, state in sorted(self._states.items(), key=lambda item: item[0] in wanted):
            on = target in wanted
            if state.on == on or state.broken or state.left_alone or (on and waits):
                continue
            due = clock() >= state.due_s
            if not (due and await self._switch(link, target, on=on)) and not state.broken:
                due_s.append(state.due_s)
            # What VTube Studio keeps refusing to switch off must not hold up everything else.
            waits = waits or (not on and state.on and state.retries == 0)
        return max(0.01, min(due_s) - clock()) if due_s else None

    async def _switch(self, link: VtsLink, target: Target, *, on: bool) -> bool:
        """Bring one target to `on`; whether that has worked."""
        state = self._states[target]
        async with self.acting:
            try:
                call = await self._call_for(link, target, on=on)
                if call is not None:
                    await link.call(call, about=str(target))
            except RefusedError as fault:
                self._refused(fault, state)
                return False
            state.on, state.retries = on, 0
        state.due_s = asyncio.get_running_loop().time() + _APART_S[target.kind]
        return True

    async def _call_for(self, link: VtsLink, target: Target, *, on: bool) -> Call | None:
        """What brings `target` there; None where it is there already."""
        if target.kind == "expression":
            return activate_expression(target.name, active=on, fade_s=self._fade_s)
        key = self._hotkeys[target.name]
        if key.action == "ToggleExpression" and key.file:
            # The user's own key may have been faster, or the expression ended by itself.
            reply = await link.call(expression_states(key.file), about=str(target))
            if active_expressions(reply.data).get(key.file) is on:
                return None
        elif not on and not key.toggles:
            return None
        return trigger_hotkey(key.hotkey_id)

    def _undone(self, target: Target) -> bool:
        key = self._hotkeys.get(target.name)
        return target.kind == "expression" or (key is not None and key.toggles)

    def _refused(self, fault: RefusedError, state: TargetState) -> None:
        now_s = asyncio.get_running_loop().time()
        if fault.error_id in (COOLDOWN, QUEUE_FULL):
            state.due_s = now_s + min(_LONGEST_RETRY_S, _RETRY_S * 2**state.retries)
            state.retries = min(state.retries + 1, 8)
        elif fault.error_id in NO_MODEL:
            # Until ModelLoadedEvent.
            state.broken = True
        elif fault.error_id == 205:
            state.due_s, state.retries = now_s + _LONGEST_RETRY_S, 1
            self._tell(f"{fault.what}: {fault.remedy}")
        else:
            state.broken = True
            self._tell(f"{fault.what}: {fault.remedy}")

    def _pressed(self, message: Message) -> None:
        """The user pressed one of ours: note what that did, and do not fight it."""
        for target, state in self._states.items():
            key = self._hotkeys.get(target.name) if target.kind == "hotkey" else None
            ours = key is not None and message.data.get("hotkeyID") == key.hotkey_id
            if target.kind == "expression":
                ours = message.data.get("hotkeyFile") == target.name
            toggles = message.data.get("hotkeyAction")
            if ours and isinstance(toggles, str) and toggles.startswith("Toggle"):
                state.on, state.left_alone = not state.on, True
