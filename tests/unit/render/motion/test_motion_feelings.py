"""What the eight expressions do, and what they must leave alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moving import at_frames, avatar_of, face, moved, named, settled

from vtdrive.render.motion import Motion
from vtdrive.render.motion.marks import MOST
from vtdrive.render.motion.tables import built_in, felt_built_in
from vtdrive.types import F32
from vtdrive.vocab import EMOTIONS

FELT = EMOTIONS[1:]
LARGE = built_in().large


@pytest.mark.parametrize("feeling", FELT)
@pytest.mark.parametrize(("wide", "smile"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
def test_a_blink_closes_under_every_expression(feeling: str, wide: float, smile: float) -> None:
    pulled = face(feels={feeling: 0.8}, eyeBlink=1.0, eyeWide=wide, mouthSmile=smile)
    params = moved(pulled)
    assert params["eye_open_l"] == params["eye_open_r"] == 0.0
    # Shut means one of the two drawn curves, not the flat line between them.
    assert {params["eye_smile_l"], params["eye_smile_r"]} <= {0.0, 1.0}


@given(
    st.lists(st.floats(0, 1), min_size=7, max_size=7),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_no_mixture_holds_a_lid_open(weights: list[float], blink: float, wide: float) -> None:
    feels = dict(zip(FELT, weights, strict=True))
    motion = Motion(avatar_of())
    out = named(motion, motion.step(face(feels=feels, eyeBlink=blink, eyeWide=wide), 0))
    tables = felt_built_in().feelings.values()
    widened = sum(max(0.0, table.add.get("eye_open_l", 0.0)) for table in tables)
    assert out["eye_open_l"] <= (1.0 - blink) * 1.3 * (1.0 + widened) + 1e-5


def test_wide_lids_close_evenly() -> None:
    motion = Motion(avatar_of())
    out = at_frames(
        motion, lambda t: face(feels={"surprise": 0.8}, eyeBlink=max(0.0, t - 0.5)), 1.5, fps=60
    )
    lids = out[30:, motion.names.index("eye_open_l")]
    assert lids[0] == pytest.approx(1.3)
    assert lids[-1] == 0.0
    assert (np.diff(lids) <= 1e-6).all()
    assert np.abs(np.diff(lids)).max() < 0.08


@pytest.mark.parametrize("feeling", FELT)
def test_a_mouth_that_speaks_follows_the_voice_alone(feeling: str) -> None:
    for jaw in (0.0, 0.4, 1.0):
        calm = moved(face(speaking=1.0, jawOpen=jaw))["mouth_open"]
        assert moved(face(feels={feeling: 0.8}, speaking=1.0, jawOpen=jaw))["mouth_open"] == calm


def test_a_silent_mouth_may_stand_open() -> None:
    assert moved(face(feels={"surprise": 0.8}))["mouth_open"] == pytest.approx(0.4)
    # It does not add to a mouth that is open anyway.
    assert moved(face(feels={"surprise": 0.8}, jawOpen=0.7))["mouth_open"] == pytest.approx(0.7)
    assert moved(face(feels={"anger": 0.8}))["mouth_open"] == 0.0


def test_strong_joy_shuts_the_eyes_in_an_arc_and_mild_joy_leaves_them_open() -> None:
    strong, mild = moved(face(feels={"happiness": 0.8})), moved(face(feels={"happiness": 0.6}))
    assert strong["eye_open_l"] == 0.0
    assert strong["eye_smile_l"] == 1.0
    assert mild["eye_open_l"] == 1.0
    assert mild["eye_smile_l"] == pytest.approx(0.6)
    # A blink changes nothing of eyes that are an arc already.
    assert moved(face(feels={"happiness": 0.8}, eyeBlink=1.0))["eye_smile_l"] == 1.0


def test_a_blink_within_a_smile_crosses_the_flat_line_in_sixty_milliseconds() -> None:
    motion = Motion(avatar_of())
    out = at_frames(
        motion,
        lambda t: face(mouthSmile=1.0, eyeBlink=1.0 if 0.5 < t < 0.8 else 0.0),
        1.2,
        fps=200,
    )
    smile = out[:, motion.names.index("eye_smile_l")]
    assert smile.max() == 1.0
    assert smile[0] == smile[-1] == 0.0
    between = (smile > 0.02) & (smile < 0.98)
    for middle, run in itertools.groupby(between.tolist()):
        assert not middle or len(list(run)) / 200 < 0.06


def test_every_expression_differs_from_each_other_in_brow_and_mouth() -> None:
    looks = {name: moved(face(feels={name: 0.8})) for name in FELT} | {"neutral": moved(face())}
    brow = ("brow_y_l", "brow_y_r", "brow_x", "brow_angle_l", "brow_angle_r")
    mouth = ("mouth_open", "mouth_form", "mouth_wide", "mouth_x", "mouth_wave", "teeth", "tongue")
    for a, b in itertools.combinations(looks, 2):
        for part in (brow, mouth):
            away = max(abs(looks[a][name] - looks[b][name]) for name in part)
            assert away > 0.25, (a, b, part)


def test_only_what_is_felt_shows_its_own_mark() -> None:
    marks = {
        "happiness": {"ov_sparkle"},
        "surprise": {"ov_burst"},
        "sadness": {"ov_tear"},
        "anger": {"ov_vein"},
        "disgust": {"ov_tint"},
        "fear": {"ov_sweat", "ov_gloom"},
        "contempt": {"ov_puff"},
    }
    for name, own in marks.items():
        params = moved(face(feels={name: 0.8}))
        assert {mark for mark in built_in().marks if params[mark]} == own
        assert {params[mark] for mark in own} == {1.0}


def shown(
    feels: dict[float, dict[str, float]], seconds: float, *, fps: float = 60
) -> Iterator[F32]:
    """Each mark's size over time; `feels` by the second from which they hold."""
    motion = Motion(avatar_of())

    def at(t: float) -> dict[str, float]:
        return feels[max(start for start in feels if start <= t)]

    out = at_frames(motion, lambda t: face(feels=at(t)), seconds, fps=fps)
    return (out[:, motion.names.index(name)] for name in LARGE)


def test_a_mark_pops_in_and_fades_out() -> None:
    tear = dict(zip(LARGE, shown({0.0: {}, 1.0: {"sadness": 0.8}, 2.0: {}}, 3.0), strict=True))[
        "ov_tear"
    ]
    assert tear.max() == pytest.approx(MOST, abs=0.02)
    assert (tear[60 + 12 : 118] == 1.0).all()
    assert (tear[120 + 18 :] == 0.0).all()
    assert tear[120 + 8] > 0.1


def test_a_mark_keeps_between_its_two_levels() -> None:
    def tears(levels: dict[float, float]) -> F32:
        sizes = shown({t: {"sadness": 0.8 * level} for t, level in levels.items()}, 2.0)
        return dict(zip(LARGE, sizes, strict=True))["ov_tear"]

    assert tears({0.0: 0.45}).max() == 0.0
    assert tears({0.0: 0.6, 1.0: 0.4})[-1] == 1.0
    assert tears({0.0: 0.6, 1.0: 0.3})[-1] == 0.0


def test_one_large_mark_at_a_time() -> None:
    feels = {
        0.0: {"sadness": 0.8},
        1.0: {"sadness": 0.5, "anger": 0.8},
        2.0: {"anger": 0.6, "surprise": 0.65},
        3.0: {"fear": 0.8, "happiness": 0.5},
    }
    sizes = np.stack(list(shown(feels, 4.0)))
    assert ((sizes > 0).sum(0) <= 1).all()
    seen = [LARGE[i] for i in sizes[:, [58, 118, 178, 238]].argmax(0)]
    # The vein is not driven away by what is hardly stronger.
    assert seen == ["ov_tear", "ov_vein", "ov_vein", "ov_sweat"]


def test_fear_shakes_twelve_times_a_second() -> None:
    motion = Motion(avatar_of())
    out = at_frames(motion, lambda _: face(feels={"fear": 0.8}), 2.0, fps=240)
    shake = out[245:, motion.names.index("shake")]
    assert shake.max() > 0.99
    rises = np.flatnonzero((shake[1:] > 0) & (shake[:-1] <= 0))
    assert 240 / np.diff(rises).mean() == pytest.approx(12, abs=0.1)
    assert settled(face(feels={"sadness": 0.8}))[motion.names.index("shake")] == 0.0


def test_joy_wags_the_tail() -> None:
    motion = Motion(avatar_of())
    out = at_frames(motion, lambda _: face(feels={"happiness": 0.8}), 4.0)
    for name in ("tail", "tail_2", "tail_3"):
        wag = out[120:, motion.names.index(name)]
        assert wag.max() > 0.4
        assert wag.min() < -0.4
        rises = np.flatnonzero((wag[1:] > 0) & (wag[:-1] <= 0))
        assert 60 / np.diff(rises).mean() == pytest.approx(1.5, abs=0.05)


def test_weights_that_the_driver_limits_are_whole() -> None:
    # `[emotion.timing.*] cap` is 0.8: more than that does not come, and must not be needed.
    params = moved(face(feels={"anger": 0.8}))
    assert params["e_anger"] == 1.0
    assert params["e_neutral"] == 0.0
    assert moved(face(feels={"anger": 0.4}))["e_neutral"] == pytest.approx(0.5)


def test_beaming_eyes_open_again_unless_the_face_itself_laughs() -> None:
    motion = Motion(avatar_of())
    lid = motion.names.index("eye_open_l")
    beaming = at_frames(motion, lambda _: face(feels={"happiness": 0.8}), 6.0)[:, lid]
    assert beaming[60:140].max() < 0.05, "for two seconds and a half they are shut"
    assert beaming[-1] > 0.7
    laughing = face(feels={"happiness": 0.8}, mouthSmile=1.0)
    assert at_frames(Motion(avatar_of()), lambda _: laughing, 6.0)[-1, lid] < 0.05
