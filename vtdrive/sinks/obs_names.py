"""Which name of a rule OBS does not have, and which it has instead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from vtdrive.config.wording import not_allowed
from vtdrive.wire.obs import Response
from vtdrive.wire.obs_steps import Step

__all__ = ["Ask", "missing_name", "scene_on_air"]

Ask = Callable[[str, Mapping[str, Any]], Awaitable[Response]]

_TEXT_KINDS: Final = "text_"


async def scene_on_air(ask: Ask) -> str:
    """The scene that viewers see."""
    answer = await ask("GetCurrentProgramScene", {})
    # Older ones say currentProgramSceneName only.
    return answer.word("sceneName") or answer.word("currentProgramSceneName")


async def missing_name(ask: Ask, step: Step) -> str | None:
    """A sentence about the first name in `step` that OBS does not have, with those that it has;
    None where all are there."""
    data = step.data
    if step.request == "SetCurrentProgramScene":
        return _lacking("scene", data["sceneName"], await _scenes(ask))
    if step.request == "SetSceneItemEnabled":
        return await _missing_source(ask, scene=data["sceneName"], source=data["sourceName"])
    if "filterName" in data:
        return await _missing_filter(ask, source=data["sourceName"], name=data["filterName"])
    if step.request == "SetInputSettings":
        return _lacking("text source", data["inputName"], await _texts(ask))
    if step.request == "TriggerHotkeyByName":
        found = (await ask("GetHotkeyList", {})).data.get("hotkeys")
        hotkeys = [str(name) for name in found] if isinstance(found, list) else []
        return _lacking("hotkey", data["hotkeyName"], hotkeys)
    return None


async def _missing_source(ask: Ask, *, scene: str, source: str) -> str | None:
    scene = scene or await scene_on_air(ask)
    lacking = _lacking("scene", scene, await _scenes(ask))
    if lacking:
        return lacking
    items = await ask("GetSceneItemList", {"sceneName": scene})
    return _lacking(f"source in scene {scene!r}", source, items.names("sceneItems", "sourceName"))


async def _missing_filter(ask: Ask, *, source: str, name: str) -> str | None:
    found = await ask("GetSourceFilterList", {"sourceName": source})
    if found.ok:
        return _lacking(f"filter of {source!r}", name, found.names("filters", "filterName"))
    inputs = (await ask("GetInputList", {})).names("inputs", "inputName")
    return _lacking("source", source, [*inputs, *await _scenes(ask)])


async def _scenes(ask: Ask) -> list[str]:
    # OBS lists the lowest first.
    return (await ask("GetSceneList", {})).names("scenes", "sceneName")[::-1]


async def _texts(ask: Ask) -> list[str]:
    inputs = (await ask("GetInputList", {})).things("inputs")
    texts = [each for each in inputs if str(each.get("inputKind", "")).startswith(_TEXT_KINDS)]
    return [str(each.get("inputName", "")) for each in texts]


def _lacking(what: str, name: str, known: list[str]) -> str | None:
    """A sentence where `name` is not among `known`."""
    if name in known:
        return None
    if not known:
        return f"OBS has no {what}: {name!r} is not there, nor any other"
    return f"OBS has no such {what}: {not_allowed(name, known, what='not there')}"
