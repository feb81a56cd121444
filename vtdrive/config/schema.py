"""The whole config as types. Every default of the program stands here or in `mapping.toml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vtdrive.config.avatar import AvatarConfig
from vtdrive.config.base import Share, Table
from vtdrive.config.control import Control
from vtdrive.config.emotion import EmotionConfig
from vtdrive.config.expr import Expression, Output
from vtdrive.config.filters import Filters, Gaze, Idle, Lids, Loss, Neutral
from vtdrive.config.inputs import InputConfig
from vtdrive.config.sinks import SinkConfig

__all__ = ["Bones", "Config", "Head", "Merge", "SourceConfig", "TrackerConfig"]

Positive = Annotated[float, Field(gt=0)]


class SourceConfig(Table):
    """Where frames come from."""

    uri: str = "0"
    """A camera number or (part of its) name, a video file, an image, a folder of images, a stream
    (http://, rtsp://), a recording (.mcap), or `none`: no camera, live inputs alone."""
    width: Annotated[int, Field(ge=16, le=7680)] = 640
    """Asked of the camera; what was obtained is reported."""
    height: Annotated[int, Field(ge=16, le=4320)] = 480
    """Asked of the camera, as width. More than 720 lines cost CPU and hardly help."""
    fps: Annotated[float, Field(ge=0, le=240)] = 0.0
    """Asked of the camera, or the pace of a file; 0 = the camera's best, the file's own."""
    pixel_format: Literal["auto", "MJPG", "YUYV"] = "auto"
    """auto: MJPG first, which most webcams need for 30 fps and more."""
    backend: Literal["auto", "dshow", "msmf", "v4l2", "avfoundation"] = "auto"
    """How the camera is opened. Slow to open, or black: try the other one of your system."""
    loop: bool = False
    """Play a file again and again."""
    fast: bool = False
    """Play a file as fast as it can be tracked, dropping nothing."""
    stall_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """No frame for this long: the source counts as lost and is opened again."""
    retry_max_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Longest pause between attempts to open it again."""
    vertical_fov_deg: Annotated[float, Field(gt=5, le=170)] = 63.0
    """The camera's vertical field of view. Distances are wrong: correct this."""


class TrackerConfig(Table):
    """How the face is found."""

    kind: str = "facemesh"
    """`facemesh` (bundled) or `landmarker` (a .task file that you download; see docs)."""
    model: str = ""
    """The .task file for `landmarker`."""
    choose: Literal["largest", "centre", "left", "right"] = "largest"
    """Which face to follow when a run starts or the followed one has been gone for long."""
    forget_s: Annotated[float, Field(ge=0, le=600)] = 10.0
    """How long the place of a lost face is kept, so that nobody else takes it over."""
    min_confidence: Share = 0.5
    """Faces less certain than this are ignored. Sees faces in curtains: raise it."""


class Merge(Table):
    """Who wins where an expression, the lips and the lids want the same part of the face."""

    blink_by_happiness: Share = 0.6
    """How much a shown smile damps blinks: Joy often closes the eyes by itself."""
    mouth_by_expression: Share = 0.4
    """How much a shown expression damps A I U E O, so that the mouth does not deform twice."""
    brows_by_expression: Share = 0.0
    """How much a shown expression damps tracked brows (52 shapes, `drive = "shapes"`)."""
    expression_by_speech: Share = 0.3
    """How much speaking damps expressions: the lips win over a smile's mouth."""
    overlay_mouth_by_speech: Share = 0.67
    """The same for the mouth part of the emotion mixed into the 52 shapes."""
    wide_by_blink: Share = 1.0
    """How much a blink damps wide eyes: a blink wins over a surprised eye."""
    vowel_sum: Share = 1.0
    """A + I + U + E + O never exceed this."""


class Head(Table):
    """Head, root and eyes on the avatar's skeleton."""

    neck_share: Share = 0.3
    """Part of the head's rotation that the neck takes."""
    yaw_deg: Positive = 40.0
    """Limits, approached softly from 80 %."""
    pitch_up_deg: Positive = 25.0
    """Limit of looking up."""
    pitch_down_deg: Positive = 25.0
    """Limit of looking down."""
    roll_deg: Positive = 25.0
    """Limit of the tilt to a shoulder."""
    gain: Annotated[float, Field(ge=0, le=4)] = 1.0
    """How far the avatar turns when you turn."""
    root_gain: Annotated[float, Field(ge=0, le=4)] = 0.7
    """How far the avatar moves when you move; 0 = it stays in place."""
    root_limit_m: tuple[float, float, float] = (0.15, 0.10, 0.15)
    """Sideways, up, towards the camera."""
    eye_yaw_deg: Positive = 20.0
    """Turn of the eye bones at a full look."""
    eye_up_deg: Positive = 12.0
    """The same, looking up."""
    eye_down_deg: Positive = 15.0
    """The same, looking down."""


class Bones(Table):
    """Which bones are sent."""

    names: tuple[str, ...] = ("Neck", "Head", "LeftEye", "RightEye")
    """Unity's names, parents first. Without Neck the head takes the whole turn."""


class Config(Table):
    """Everything a run needs. A config without any file works."""

    version: Literal[1] = 1
    source: SourceConfig = SourceConfig()
    tracker: TrackerConfig = TrackerConfig()
    emotion: EmotionConfig = EmotionConfig()
    filters: Filters = Filters()
    lids: Lids = Lids()
    gaze: Gaze = Gaze()
    neutral: Neutral = Neutral()
    loss: Loss = Loss()
    idle: Idle = Idle()
    merge: Merge = Merge()
    head: Head = Head()
    bones: Bones = Bones()
    shapes: dict[str, Expression] = Field(default_factory=dict)
    """Corrections of the tracked shapes."""
    overlay: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Emotion -> shape -> weight, mixed in by the larger of the two for `drive = "shapes"`."""
    outputs: dict[str, Output] = Field(default_factory=dict)
    """The avatar's parameters."""
    sinks: list[SinkConfig] = Field(default_factory=list)
    """Where frames go; also `--sink URL`."""
    avatar: AvatarConfig = AvatarConfig()
    control: Control = Control()
    inputs: list[InputConfig] = Field(default_factory=list)
    """Tracking from other programs and devices; also `--in URL`. The first one named wins."""
