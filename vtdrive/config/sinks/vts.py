"""VTube Studio as a plugin."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vtdrive.config.base import Ms, Table
from vtdrive.config.sinks.base import FaceDriven, Port

__all__ = ["ByEmotion", "VtsSink"]


class ByEmotion(Table):
    """A name for each emotion; emotions that are left out do nothing."""

    neutral: str = ""
    """While no emotion is shown."""
    happiness: str = ""
    """While happiness is shown; so for the others."""
    surprise: str = ""
    """While surprise is shown."""
    sadness: str = ""
    """While sadness is shown."""
    anger: str = ""
    """While anger is shown."""
    disgust: str = ""
    """While disgust is shown."""
    fear: str = ""
    """While fear is shown."""
    contempt: str = ""
    """While contempt is shown."""


class VtsSink(FaceDriven):
    """VTube Studio on this or another computer, as a plugin."""

    example: ClassVar[str] = "vts://127.0.0.1:8001"

    kind: Literal["vts"] = "vts"
    host: str = "127.0.0.1"
    """Address of the machine that runs VTube Studio."""
    port: Port = 8001
    """The port in VTube Studio's settings, at `Start API`."""
    max_hz: Annotated[float, Field(gt=0, le=60)] = 60.0
    """Send at most this often. VTube Studio takes no more than 60 a second."""
    discover: bool = False
    """True: find the port by what VTube Studio announces in the network (UDP port 47779). Only
    announcements of `host` count; with host 0.0.0.0 those of any computer."""
    instance: str = ""
    """With `discover`, where several run: part of the window's title, or its instance ID."""
    inputs: bool = True
    """Drive VTube Studio's own inputs (FaceAngleX, EyeOpenLeft, MouthOpen …). False: leave them to
    its own tracking, and send only the parameters below, hotkeys and expressions."""
    customs: Literal["arkit", "off"] = "arkit"
    """`arkit`: also create and send the 52 as JawOpen, MouthFunnel …, which many models use."""
    emotions: bool = True
    """Create and send VtdriveHappiness, VtdriveAnger … (0 to 1), one for each emotion."""
    mode: Literal["set", "add"] = "set"
    """`set`: take the inputs over while a face is seen; `add`: add to what VTube Studio's own
    tracking or other plugins set."""
    flip_x: bool = False
    """The model turns to the wrong side: true."""
    flip_y: bool = False
    """The model looks down when you look up: true."""
    flip_z: bool = False
    """The model's head tilts to the wrong side: true."""
    eye_rest: Annotated[float, Field(ge=0.3, le=1)] = 0.75
    """EyeOpen of an eye at rest; above it is for wide eyes. Models made for VBridger: 0.5."""
    ease_ms: Ms = 400.0
    """Fades in and out over this time when a face is found and lost."""
    when_lost: Literal["release", "stay"] = "release"
    """`release`: without a face VTube Studio's own tracking and idle take over; `stay`: vtdrive's
    idle motion goes on."""
    hotkeys: ByEmotion = ByEmotion()
    """Emotion -> name or ID of a hotkey in VTube Studio, pressed when the emotion starts. One that
    toggles is pressed again when it ends. Config files only."""
    expressions: ByEmotion = ByEmotion()
    """Emotion -> file of an expression (`smile.exp3.json`), on while the emotion lasts. Config
    files only."""
    fade_s: Annotated[float, Field(ge=0, le=2)] = 0.25
    """How long such an expression fades in and out."""
