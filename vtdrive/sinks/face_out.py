"""What sinks that imitate a tracker send: one face, already mirrored where the user wants that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtdrive.core.mirror import mirrored
from vtdrive.types import F32, AvatarFrame, FaceState, Profile, RigSchema, Status, all_finite
from vtdrive.vocab import SHAPES
from vtdrive.wire.face import PlainFace, plain_face

__all__ = ["FaceOut", "FaceTap"]


@dataclass(frozen=True, slots=True, eq=False)
class FaceOut:
    """One face in vtdrive's space (right-handed, +Y up, +Z out of the face, +X to the left)."""

    t_ns: int
    found: bool
    """Whether a face is followed now; while it is not, the values ease to rest all the same."""
    state: FaceState
    """Mirrored where the profile says so: head_xyzw, head_m, gaze_rad, emotion."""
    shapes: F32
    """(52,) in `vocab.SHAPES` order, in [0, 1], as the profile's drive wants them."""

    def plain(self) -> PlainFace:
        """The same as plain, finite numbers, as encoders take it."""
        return plain_face(
            t_ns=self.t_ns,
            found=self.found,
            head_xyzw=self.state.head_xyzw,
            head_m=self.state.head_m,
            gaze_rad=self.state.gaze_rad,
            shapes=self.shapes,
        )


class FaceTap:
    """Takes a profile's face out of each frame. Build one for each schema."""

    def __init__(self, profile: Profile, schema: RigSchema) -> None:
        """A shape that `schema` lacks stays 0."""
        index = {name: i for i, name in enumerate(schema.names)}
        pairs = [(into, index[name]) for into, name in enumerate(SHAPES) if name in index]
        self._profile = profile
        self._schema = schema
        self._into = np.array([into for into, _ in pairs], np.intp)
        self._at = np.array([at for _, at in pairs], np.intp)

    def __call__(self, frame: AvatarFrame) -> FaceOut:
        """The face of one frame; shapes are finite and in [0, 1]."""
        state = mirrored(frame.state) if self._profile.mirror else frame.state
        shapes = np.zeros(len(SHAPES), np.float32)
        shapes[self._into] = frame.poses[self._profile].params[self._at]
        # To see that all is well is quicker than to mend it, and it nearly always is.
        if not all_finite(shapes):
            shapes = np.nan_to_num(shapes, nan=0.0, posinf=1.0, neginf=0.0)
        found = frame.status is not Status.LOST
        return FaceOut(frame.t_ns, found, state, np.clip(shapes, 0.0, 1.0))

    def plain(self, frame: AvatarFrame) -> PlainFace:
        """The face of one frame as encoders take it; made once for all sinks of a profile."""
        last = _LAST.get(self._profile)
        if last is not None and last[0] is frame and last[1] is self._schema:
            return last[2]
        face = self(frame).plain()
        _LAST[self._profile] = (frame, self._schema, face)
        return face


_LAST: dict[Profile, tuple[AvatarFrame, RigSchema, PlainFace]] = {}
"""The newest face of each profile. Entries are replaced whole, so threads may share it."""
