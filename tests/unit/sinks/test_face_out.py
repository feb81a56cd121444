"""One face for all sinks of a profile, and never that of another frame, side or schema."""

from __future__ import annotations

from avatar_frames import FULL, frame_of, posed

from vtdrive.sinks.face_out import FaceTap
from vtdrive.types import Param, Profile, RigSchema
from vtdrive.vocab import SHAPE_INDEX, SHAPES

PLAIN, MIRRORED = Profile("shapes"), Profile("shapes", mirror=True)
LEFT = SHAPE_INDEX["eyeBlinkLeft"]


def test_two_sinks_of_a_profile_share_the_work_and_no_others() -> None:
    winking = posed(FULL, {"eyeBlinkLeft": 1.0})
    frame = frame_of(FULL, winking, posed(FULL), profiles=(PLAIN, MIRRORED))
    first, second = FaceTap(PLAIN, FULL), FaceTap(PLAIN, FULL)
    assert first.plain(frame) is second.plain(frame)
    assert first.plain(frame).shapes[LEFT] == 1.0
    assert FaceTap(MIRRORED, FULL).plain(frame).shapes[LEFT] == 0.0
    later = frame_of(FULL, posed(FULL), posed(FULL), seq=1, profiles=(PLAIN, MIRRORED))
    assert second.plain(later).shapes[LEFT] == 0.0
    assert first.plain(frame).shapes[LEFT] == 1.0


def test_a_changed_schema_is_another_face() -> None:
    turned = RigSchema(tuple(Param(name, kind="shape") for name in reversed(SHAPES)), ())
    frame = frame_of(turned, posed(turned, {"jawOpen": 1.0}), profiles=(PLAIN,))
    assert FaceTap(PLAIN, turned).plain(frame).shapes[SHAPE_INDEX["jawOpen"]] == 1.0
    straight = FaceTap(PLAIN, RigSchema(tuple(Param(name, kind="shape") for name in SHAPES), ()))
    assert straight.plain(frame).shapes[SHAPE_INDEX["jawOpen"]] == 0.0
