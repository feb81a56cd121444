"""Real clips through the real session: what was animated, or acted, must arrive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.demo_truth import figures, missed_goals
from benchmarks.performed import Kept, perform
from benchmarks.portrait import judged
from vtdrive.demo import demo_clip, load_truth
from vtdrive.types import Profile, Status
from vtdrive.vocab import EMOTION_INDEX


@pytest.fixture(scope="module")
def demo() -> Kept:
    return perform(demo_clip())


def test_the_demo_clip_arrives_as_it_was_animated(demo: Kept) -> None:
    assert missed_goals(figures(demo, load_truth())) == []


def test_every_frame_has_a_face_and_is_finite_and_in_range(demo: Kept) -> None:
    assert all(frame.status is Status.LIVE for frame in demo.frames)
    rows = demo.params()
    lo, hi = (np.array([getattr(p, k) for p in demo.schema.params]) for k in ("lo", "hi"))
    assert np.isfinite(rows).all()
    assert ((rows >= lo) & (rows <= hi)).all()


def test_left_is_left_from_pixels_to_preset(demo: Kept) -> None:
    part = load_truth().during("wink_left")
    assert demo.param("eyeBlinkLeft")[part].max() > 0.9
    assert demo.param("eyeBlinkRight")[part].max() < 0.3
    # The preset is damped by her smile, as `merge.blink_by_happiness` says.
    assert demo.param("blinkLeft")[part].max() > 0.5
    assert demo.param("blinkRight")[part].max() < 0.1


def test_in_a_mirror_left_is_right() -> None:
    truth = load_truth()
    kept = perform(demo_clip(), profile=Profile(mirror=True), emotion=False, until_s=13.0)
    part = truth.during("wink_left")
    assert kept.param("blinkRight")[part].max() > 0.9
    assert kept.param("blinkLeft")[part].max() < 0.3


def test_talking_changes_no_expression_and_a_grin_is_not_anger(demo: Kept) -> None:
    truth = load_truth()
    shown = [frame.state.emotion.shown for frame in demo.frames[truth.during("talking")]]
    assert len(set(shown)) == 1
    assert demo.param("angry").max() == 0.0
    rest = demo.frames[truth.passages["rest"][1] - 1].state.emotion
    assert rest.shown == EMOTION_INDEX["happiness"]


def test_two_runs_give_the_same_frames(demo: Kept) -> None:
    again = perform(demo_clip(), until_s=6.0)
    np.testing.assert_array_equal(again.params(), demo.params()[: len(again.frames)])


@pytest.mark.shared
def test_grief_then_laughter_is_read_as_such(shared_data: Path) -> None:
    clip = shared_data / "clips" / "portrait_640x360_24fps.mp4"
    if not clip.is_file():
        pytest.skip("the portrait clip is absent")
    assert judged(perform(clip))["met"]
