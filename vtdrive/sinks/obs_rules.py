"""Rules between the frames and the connection: what began, what ended, what is still to be done.

Frames come in one thread and requests leave in another. Between them there is one slot for each
rule's beginning and one for its end, the newest winning: nothing grows while OBS is away.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vtdrive.config.sinks.obs import ObsAction, ObsRule
from vtdrive.core.triggers import Edge, Triggers
from vtdrive.types import FaceState
from vtdrive.wire.obs_steps import Step, is_live, steps_of

__all__ = ["ObsRules", "RuleEvent"]


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """A rule began or ended."""

    rule: int
    edge: Edge
    state: FaceState
    """The face at that moment."""


class ObsRules:
    """`look` at every frame, also while OBS is away; `take` what is to be done."""

    def __init__(self, rules: Sequence[ObsRule]) -> None:
        """Raises ValueError for a signal that does not exist."""
        self.all = tuple(rules)
        self._triggers = Triggers([rule.when for rule in rules])
        self._lock = threading.Lock()
        self._pending: dict[tuple[int, Edge], RuleEvent] = {}
        self._holding: dict[int, None] = {}
        self._state: FaceState | None = None

    def look(self, state: FaceState, t_ns: int) -> bool:
        """Take one frame into account. Whether something began or ended."""
        edges = self._triggers.step(state, t_ns)
        with self._lock:
            self._state = state
            for rule, edge in edges:
                self._pending.pop((rule, edge), None)
                self._pending[rule, edge] = RuleEvent(rule, edge, state)
                self._holding.pop(rule, None)
                if edge == "enter":
                    self._holding[rule] = None
        return bool(edges)

    def take(self) -> list[RuleEvent]:
        """What happened since the last call, in its order."""
        with self._lock:
            taken = list(self._pending.values())
            self._pending.clear()
        return taken

    def action(self, event: RuleEvent) -> ObsAction | None:
        """What an event asks for."""
        rule = self.all[event.rule]
        return rule if event.edge == "enter" else rule.otherwise

    def resumed(self) -> list[tuple[int, Step]]:
        """What a new connection has to set: the lasting part of the rules that hold, and of those
        that ended meanwhile. What happens once is over: a replay from then is of no use now."""
        with self._lock:
            state, holding = self._state, list(self._holding)
            missed = list(self._pending.values())
            self._pending.clear()
        if state is None:
            return []
        newly = {event.rule for event in missed if event.edge == "enter"}
        events = [RuleEvent(rule, "enter", state) for rule in holding if rule not in newly]
        events += [event for event in missed if (event.edge == "enter") == (event.rule in holding)]
        return _last_words((event.rule, step) for event in events for step in self._steps(event))

    def ended(self) -> list[tuple[int, Step]]:
        """What the end of the run has to set: the lasting part of each holding rule's end."""
        with self._lock:
            state, holding = self._state, list(self._holding)
        if state is None:
            return []
        events = [RuleEvent(rule, "leave", state) for rule in holding]
        return _last_words((event.rule, step) for event in events for step in self._steps(event))

    def texts(self) -> list[tuple[int, Step]]:
        """The texts of holding rules that change with the face, as they should read now."""
        with self._lock:
            state, holding = self._state, list(self._holding)
        if state is None:
            return []
        live = {
            rule: ObsAction(text={k: v for k, v in self.all[rule].text.items() if is_live(v)})
            for rule in holding
        }
        return _last_words((rule, step) for rule, a in live.items() for step in steps_of(a, state))

    @property
    def has_live_texts(self) -> bool:
        return any(is_live(text) for rule in self.all for text in rule.text.values())

    def _steps(self, event: RuleEvent) -> list[Step]:
        action = self.action(event)
        found = steps_of(action, event.state) if action is not None else []
        return [step for step in found if step.lasting]


def _last_words(steps: Iterator[tuple[int, Step]]) -> list[tuple[int, Step]]:
    """Where two steps set the same thing, the later one."""
    kept: dict[tuple[str, ...], tuple[int, Step]] = {}
    for rule, step in steps:
        kept.pop(step.target, None)
        kept[step.target] = (rule, step)
    return list(kept.values())
