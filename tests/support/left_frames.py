"""A frame of the engine in which the left eye winks and the head turns to the subject's left."""

from __future__ import annotations

from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.testing import SECOND_NS, make_face, perform, ticks
from vtdrive.types import AvatarFrame, Face, Profile, RigSchema

__all__ = ["left_frame", "own_left"]


def own_left(t: float) -> Face:
    """A second at rest, then a wink of the left eye, 20° to the left, 10° up, tilted 8° to the
    subject's right, moved 5 cm to the left and 3 cm up, looking 6° further left."""
    if t < 1.0:
        return make_face()
    return make_face(
        yaw_deg=20.0,
        pitch_deg=10.0,
        roll_deg=8.0,
        at_m=(0.05, 0.03, -0.6),
        gaze_deg=((6.0, 0.0), (6.0, 0.0)),
        shut=(1.0, 0.0),
        shapes={"jawLeft": 0.5},
    )


def left_frame(config: Config, profile: Profile) -> tuple[RigSchema, AvatarFrame]:
    """What the engine makes of `own_left` after three seconds."""
    driver = Driver(config, (profile,))
    frames = perform(driver, own_left, ticks(3.0, fps=60, start_ns=SECOND_NS // 1000))
    return driver.schema, frames[-1]
