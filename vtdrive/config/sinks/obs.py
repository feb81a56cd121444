"""OBS Studio."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from vtdrive.config.base import Secret, Table
from vtdrive.config.obs_keys import key_combination
from vtdrive.config.sinks.base import Port, SinkTable
from vtdrive.config.triggers import When
from vtdrive.types import Profile

__all__ = ["PLACEHOLDERS", "ObsAction", "ObsFilter", "ObsRule", "ObsSink"]

PLACEHOLDERS: Final = ("emotion", "percent")
"""What texts and chapter names may hold in braces."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class ObsFilter(Table):
    """A filter of a source or scene in OBS."""

    source: Name
    """The source or scene that has it."""
    name: Name
    """The filter's name in OBS."""
    enabled: bool | None = None
    """true switches it on, false off; left out: as it is."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings to change, by OBS' own names (`{ brightness = 0.2 }`); the others stay."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.enabled is None and not self.settings:
            raise ValueError("a filter needs enabled = true, enabled = false, or settings")
        return self


class ObsAction(Table):
    """What OBS shall do. Everything that is named is done, in this order."""

    scene: str = ""
    """Switch to this scene."""
    show: tuple[Name, ...] = ()
    """Sources to make visible."""
    hide: tuple[Name, ...] = ()
    """Sources to make invisible."""
    in_scene: str = ""
    """The scene whose sources `show` and `hide` mean; left out: the one that is on air."""
    filters: Annotated[list[ObsFilter], Field(max_length=32)] = Field(default_factory=list)
    """Filters to switch or to set."""
    text: dict[str, str] = Field(default_factory=dict)
    """Text source -> what it shall say. `{emotion}` and `{percent}` are kept up to date while the
    rule holds."""
    hotkey: str = ""
    """A hotkey by OBS' own name for it (`OBSBasic.Transition`)."""
    keys: str = ""
    """A hotkey by its keys (`ctrl+shift+F5`), as set in OBS."""
    record: Literal["start", "stop"] | None = None
    """Start or stop recording; does nothing where that is so already."""
    save_replay: bool = False
    """Save the replay buffer, which must be running."""
    chapter: str = ""
    """Set a chapter of that name in the recording (OBS 30.2 or newer, Hybrid MP4)."""

    @field_validator("keys")
    @classmethod
    def _keys(cls, keys: str) -> str:
        if keys:
            key_combination(keys)
        return keys

    @field_validator("text")
    @classmethod
    def _texts(cls, text: dict[str, str]) -> dict[str, str]:
        for template in text.values():
            _known_placeholders(template)
        return text

    @field_validator("chapter")
    @classmethod
    def _chapter(cls, chapter: str) -> str:
        _known_placeholders(chapter)
        return chapter

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        names = [name for name in ObsAction.model_fields if name != "in_scene"]
        return not any(getattr(self, name) for name in names)


class ObsRule(ObsAction):
    """One rule: when what in the face, then what in OBS."""

    when: When
    """What it waits for."""
    otherwise: ObsAction | None = None
    """What OBS shall do when it is over."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.is_empty and (self.otherwise is None or self.otherwise.is_empty):
            raise ValueError("a rule needs something to do: scene, show, hide, filters, text …")
        return self


class ObsSink(SinkTable):
    """OBS Studio over obs-websocket: scenes, sources and filters follow the face by rules."""

    example: ClassVar[str] = "obs://127.0.0.1:4455"

    kind: Literal["obs"] = "obs"
    host: str = "127.0.0.1"
    """Address of the machine that runs OBS."""
    port: Port = 4455
    """The port in OBS, Tools, WebSocket Server Settings."""
    password: Secret = SecretStr("")
    """The password from the same place. Better kept out of files: see the next two."""
    password_env: str = "VTDRIVE_OBS_PASSWORD"
    """The environment variable that holds the password, where `password` is empty."""
    keyring_service: str = "vtdrive-obs"
    """Where both are empty: the entry of the system's keyring. `keyring set vtdrive-obs password`
    stores it."""
    rules: Annotated[list[ObsRule], Field(max_length=64)] = Field(default_factory=list)
    """`[[sinks.rules]]`: when what in the face, then what in OBS. Config files only."""

    @property
    def profile(self) -> Profile:
        return Profile()


def _known_placeholders(template: str) -> None:
    for name in re.findall(r"\{(\w*)\}", template):
        if name not in PLACEHOLDERS:
            allowed = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise ValueError(f"{{{name}}} means nothing (allowed: {allowed})")
