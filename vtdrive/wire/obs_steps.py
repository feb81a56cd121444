"""What a rule asks of OBS, as requests in their order; and what a refusal means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vtdrive.config.obs_keys import key_combination
from vtdrive.config.sinks.obs import ObsAction
from vtdrive.types import FaceState
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.obs import Response

__all__ = ["Step", "filled", "is_harmless", "is_live", "refusal", "steps_of", "unavailable"]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One request to OBS."""

    request: str
    data: Mapping[str, Any]
    lasting: bool = True
    """Whether it sets a state, which a new connection must set again; else it happens once."""

    @property
    def target(self) -> tuple[str, ...]:
        """What it sets: a later step with the same target makes this one void."""
        # There is one scene on air, whatever its name.
        return (self.request,) if self.request == _SWITCH else (self.request, *self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """What it calls by name in OBS."""
        return tuple(str(self.data[key]) for key in _NAMES if key in self.data)


_SWITCH: Final = "SetCurrentProgramScene"
_NAMES: Final = ("sceneName", "sourceName", "filterName", "inputName", "hotkeyName")
_PLACEHOLDER: Final = re.compile(r"\{(emotion|percent)\}")


def steps_of(action: ObsAction, state: FaceState | None = None) -> list[Step]:
    """The requests of an action, texts filled in from `state`; without one they stay as written.

    The data of `SetSceneItemEnabled` has `sceneName` (empty: the one on air) and `sourceName` where
    OBS wants a number: look that up first.
    """
    return [*_picture(action), *_texts(action, state), *_once(action, state)]


def filled(template: str, state: FaceState | None) -> str:
    """`{emotion}` is the one that is shown, `{percent}` how sure the classifier is of it."""
    if state is None:
        return template
    shown = state.emotion.shown
    percent = round(100 * float(state.emotion.probs[shown]))
    values = {"emotion": EMOTIONS[shown], "percent": str(percent)}
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def is_live(template: str) -> bool:
    """Whether a text changes with the face."""
    return _PLACEHOLDER.search(template) is not None


def _picture(action: ObsAction) -> Iterator[Step]:
    if action.scene:
        yield Step(_SWITCH, {"sceneName": action.scene})
    # A scene that was switched to a moment ago may not be on air yet, while it fades in.
    scene = action.in_scene or action.scene
    for visible, sources in ((True, action.show), (False, action.hide)):
        for source in sources:
            yield Step(
                "SetSceneItemEnabled",
                {"sceneName": scene, "sourceName": source, "sceneItemEnabled": visible},
            )
    for each in action.filters:
        place = {"sourceName": each.source, "filterName": each.name}
        if each.settings:
            yield Step(
                "SetSourceFilterSettings",
                {**place, "filterSettings": dict(each.settings), "overlay": True},
            )
        if each.enabled is not None:
            yield Step("SetSourceFilterEnabled", {**place, "filterEnabled": each.enabled})


def _texts(action: ObsAction, state: FaceState | None) -> Iterator[Step]:
    for source, template in action.text.items():
        settings = {"text": filled(template, state)}
        yield Step(
            "SetInputSettings", {"inputName": source, "inputSettings": settings, "overlay": True}
        )


def _once(action: ObsAction, state: FaceState | None) -> Iterator[Step]:
    if action.hotkey:
        yield Step("TriggerHotkeyByName", {"hotkeyName": action.hotkey}, lasting=False)
    if action.keys:
        key, held = key_combination(action.keys)
        data = {"keyId": key, "keyModifiers": {name: True for name in sorted(held)}}
        yield Step("TriggerHotkeyByKeySequence", data, lasting=False)
    if action.record is not None:
        yield Step(f"{action.record.title()}Record", {}, lasting=False)
    if action.save_replay:
        yield Step("SaveReplayBuffer", {}, lasting=False)
    if action.chapter:
        name = filled(action.chapter, state)
        yield Step("CreateRecordChapter", {"chapterName": name}, lasting=False)


def is_harmless(step: Step, response: Response) -> bool:
    """Whether a refusal says that things are as wanted already."""
    return (step.request, response.code) in (("StartRecord", 500), ("StopRecord", 501))


def unavailable(step: Step, obs_version: str) -> tuple[str, str]:
    """What is wrong and what to do where this OBS does not offer a request."""
    if step.request == "CreateRecordChapter":
        return (
            f"OBS {obs_version} cannot set chapters in a recording",
            "chapters need OBS 30.2 or newer and the recording format Hybrid MP4",
        )
    return f"OBS {obs_version} does not offer {step.request}", "update OBS"


def refusal(step: Step, response: Response) -> tuple[str, str]:
    """What is wrong and what to do where OBS refused a request, other than for a name."""
    said = response.comment or f"code {response.code}"
    name, code = step.request, response.code
    if name == "SaveReplayBuffer" and code in (501, 604):
        return (
            "the replay buffer is not running",
            "in OBS: Settings, Output, Replay Buffer, tick Enable; then Start Replay Buffer",
        )
    if name == "CreateRecordChapter":
        return (
            f"OBS set no chapter: {said}",
            "chapters need a recording that is running, in the format Hybrid MP4",
        )
    if code in (203, 204):
        return f"this OBS does not know {name}", "update OBS"
    return f"OBS refused {name}: {said} (code {code})", "see docs/reference/obs.md"
