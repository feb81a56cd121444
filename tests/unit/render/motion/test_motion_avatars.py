"""What an avatar changes: parameters, springs and feelings of its own; faults; taking over."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from moving import at_frames, avatar_of, face, moved, named

from vtdrive.core.signals import SIGNALS
from vtdrive.render.motion import Motion, known_params, known_signals
from vtdrive.render.motion.tables import built_in

BASE = known_params(avatar_of())


def test_the_built_in_parameters_come_first_in_their_order() -> None:
    own = avatar_of(
        params={"glow": {"sum": {"jawOpen": 1.0}}, "head_x": {"clamp": [-45, 45]}},
        springs={"lock": {"to": {"head_x": 1.0}, "hz": 2.0, "damping": 0.3}},
    )
    assert known_params(own) == (*BASE, "glow", "lock") == Motion(own).names
    assert len(set(BASE)) == len(BASE)
    assert {"head_x", "eye_open_l", "ov_tear", "hair_front", "e_neutral", "vowel_o"} <= set(BASE)


def test_neutral_lies_within_the_range_of_every_parameter() -> None:
    motion = Motion(avatar_of())
    assert (motion.lo <= motion.neutral).all()
    assert (motion.neutral <= motion.hi).all()
    assert (motion.lo < motion.hi).all()
    assert named(motion, motion.neutral)["eye_open_l"] == 1.0


def test_what_the_built_in_lists_name_exists() -> None:
    base = built_in()
    assert {*base.flips, *base.soft, *base.marks, *base.large} <= set(BASE)
    assert set(base.large) <= set(base.marks)
    assert set(known_signals()) > set(SIGNALS)


def test_an_avatar_changes_single_fields_of_a_parameter() -> None:
    avatar = avatar_of(params={"head_x": {"gain": 1.5}})
    assert moved(face(yaw=10), avatar)["head_x"] == pytest.approx(18, abs=0.01)
    wider = avatar_of(params={"head_x": {"clamp": [-60, 60]}})
    assert moved(face(yaw=40), wider)["head_x"] == pytest.approx(48, abs=0.01)


def test_limits_are_neared_softly() -> None:
    angles = [moved(face(yaw=yaw))["head_x"] for yaw in (15, 20, 22, 25, 30, 45, 60)]
    assert angles[:2] == pytest.approx([18, 24], abs=0.01)
    assert (np.diff(angles[:6]) > 0).all()
    assert angles[3] < 29
    assert angles[-1] <= 30


def test_an_avatars_own_parameters_read_others() -> None:
    avatar = avatar_of(
        params={"glow": {"sum": {"out.mouth_open": 0.5, "motion.breath": 0.0}, "clamp": [0, 2]}}
    )
    assert moved(face(jawOpen=0.6), avatar)["glow"] == pytest.approx(0.3)


def test_an_avatar_changes_what_it_feels() -> None:
    avatar = avatar_of(
        feelings={"anger": {"add": {"ear_l": 0.4, "eye_open_l": 0.1}, "set": {"mouth_x": 0.5}}}
    )
    params = moved(face(feels={"anger": 0.8}), avatar)
    assert params["ear_l"] == pytest.approx(0.4, abs=0.01)
    assert params["ear_r"] == pytest.approx(-1.0, abs=0.01)
    assert params["mouth_x"] == pytest.approx(0.5)
    # What it names is its own affair: the cap of that lid is gone, that of the other one stays.
    assert params["eye_open_l"] == pytest.approx(1.1)
    assert params["eye_open_r"] == pytest.approx(0.8)


def test_springs_overshoot_as_their_damping_says_and_settle() -> None:
    spring = {"to": {"mouth_open": 1.2}, "hz": 1.0, "damping": 0.3, "swing": False, "clamp": [0, 2]}
    motion = Motion(avatar_of(springs={"lock": spring}))
    at_frames(motion, lambda _: face(), 1.0)
    out = at_frames(motion, lambda _: face(jawOpen=1.0), 6.0, start_ns=1_016_000_000)[:, -1]
    assert out.max() == pytest.approx(1.37, abs=0.02)
    assert out[-1] == pytest.approx(1.0, abs=0.01)
    assert out.argmax() / 60 == pytest.approx(0.52, abs=0.05)


@pytest.mark.parametrize("damping", [0.05, 0.7, 1.0, 1.0001, 2.0])
def test_every_damping_is_steady_at_any_rate(damping: float) -> None:
    spring = {"to": {"head_x": 1.0}, "hz": 10.0, "damping": damping, "swing": False}
    ends = []
    for fps in (12.0, 60.0, 240.0):
        motion = Motion(avatar_of(springs={"lock": spring}))
        out = at_frames(motion, lambda t: face(yaw=12 * min(1.0, t)), 2.5, fps=fps)[:, -1]
        assert np.isfinite(out).all()
        assert np.abs(out).max() < 0.6
        ends.append(out[-1])
    assert ends == pytest.approx([0.48] * 3, abs=1e-3)


@pytest.mark.parametrize("damping", [0.2, 1.0, 1.4, 2.0])
def test_a_spring_moves_as_its_law_says(damping: float) -> None:
    spring = {"to": {"head_x": 2.5}, "hz": 1.0, "damping": damping, "swing": False}
    motion = Motion(avatar_of(springs={"lock": spring}))
    at_frames(motion, lambda _: face(), 0.1, fps=30)
    out = at_frames(motion, lambda _: face(yaw=10), 1.0, fps=30, start_ns=133_333_333)[:, -1]
    place, speed, omega, steps = 0.0, 0.0, math.tau, 3000
    expected = []
    for i in range(31 * steps // 30):
        target = min(1.0, (i + 1) * 30 / steps)
        speed += (omega**2 * (target - place) - 2 * damping * omega * speed) / steps
        place += speed / steps
        if (i + 1) % (steps // 30) == 0:
            expected.append(min(1.0, place))
    np.testing.assert_allclose(out, expected, atol=0.01)


def test_a_spring_of_springs_follows_later() -> None:
    springs = {
        name: {"to": {other: 1.0}, "hz": 2.0, "damping": 0.7, "swing": False}
        for name, other in (("b", "a"), ("c", "b"), ("a", "head_x"))
    }
    motion = Motion(avatar_of(springs=springs))
    at_frames(motion, lambda _: face(), 0.5)
    out = at_frames(motion, lambda _: face(yaw=15), 1.5, start_ns=520_000_000)
    half = [
        int((out[:, motion.names.index(name)] > 0.3).argmax()) for name in ("head_x", "a", "b", "c")
    ]
    assert half == sorted(set(half))


@pytest.mark.parametrize(
    ("tables", "text"),
    [
        ({"params": {"glow": {"sum": {"jawOpn": 1.0}}}}, r"params.glow.*'jawOpn'.*'jawOpen'"),
        ({"params": {"glow": {"gates": [{"sum": {"motion.breth": 1.0}}]}}}, r"'motion.breath'"),
        ({"params": {"glow": {"sum": {"out.hed_x": 1.0}}}}, r"params.glow.*'out.head_x'"),
        (
            {"params": {"glow": {"sum": {"out.tail_2": 1.0}}}},
            r"params.glow.*only springs can follow",
        ),
        ({"params": {"a": {"sum": {"out.b": 1}}, "b": {"sum": {"out.a": 1}}}}, "circle: a, b"),
        ({"springs": {"lock": {"to": {"haed_x": 1}, "hz": 1, "damping": 1}}}, r"'head_x'"),
        (
            {
                "springs": {
                    "a": {"to": {"b": 1}, "hz": 1, "damping": 1},
                    "b": {"to": {"a": 1}, "hz": 1, "damping": 1},
                }
            },
            "hang on each other in a circle: a, b",
        ),
        ({"feelings": {"angry": {"add": {"ear_l": 1}}}}, r"feelings.*'angry'.*'anger'"),
        ({"feelings": {"anger": {"cap": {"earl": 1}}}}, r"feelings.anger.cap.*'ear_l'"),
    ],
)
def test_a_name_that_nobody_knows_is_refused_with_the_nearest(
    tables: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        Motion(avatar_of(**tables))


def swaying(t: float) -> Any:
    """Up to the middle of a blink, of a mark and of a smirk to the right."""
    return face(
        yaw=20 * math.sin(4 * t),
        jawOpen=0.5 + 0.5 * math.sin(7 * t),
        feels={"fear": 0.6 if t > 0.9 else 0.0, "contempt": 0.5},
        eyeBlink=1.0 if t > 0.99 else 0.0,
        mouthSmileLeft=0.8 if t > 0.5 else 0.6,
        mouthSmileRight=0.8,
    )


def test_the_same_avatar_takes_over_as_if_nothing_had_been() -> None:
    kept, first, second = (Motion(avatar_of()) for _ in range(3))
    at_frames(kept, swaying, 1.0)
    at_frames(first, swaying, 1.0)
    second.adopt(first)
    for i in range(61, 200):
        t_ns = round(i * 1e9 / 60)
        want, got = kept.step(swaying(i / 60), t_ns), second.step(swaying(i / 60), t_ns)
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_another_avatar_takes_over_without_a_jump() -> None:
    old = Motion(avatar_of())
    before = named(old, at_frames(old, lambda _: face(yaw=15), 2.0)[-1])
    changed = avatar_of(
        params={"head_x": {"gain": 0.2}, "glow": {"bias": 0.7}},
        springs={"hair_front": {"to": {"head_y": 1.0}, "hz": 1.0, "damping": 0.5}},
    )
    new = Motion(changed)
    new.adopt(old)
    out = at_frames(new, lambda _: face(yaw=15), 1.0, start_ns=2_016_666_667)
    first, last = named(new, out[0]), named(new, out[-1])
    for name, value in before.items():
        if name not in ("breath", "breath_late"):
            assert first[name] == pytest.approx(value, abs=0.02), name
    assert last["head_x"] == pytest.approx(3.6, abs=0.01)
    assert first["glow"] == pytest.approx(0.7)
    assert np.abs(np.diff(out[:, new.names.index("head_x")])).max() < 1.5


def test_taking_over_leaves_the_other_one_alone() -> None:
    old, twin = Motion(avatar_of()), Motion(avatar_of())
    at_frames(old, swaying, 0.5)
    at_frames(twin, swaying, 0.5)
    new = Motion(avatar_of())
    new.adopt(old)
    for i in range(1, 20):
        t_ns = 500_000_000 + i * 16_666_667
        want = twin.step(swaying(i / 60), t_ns)
        if i == 1:
            new.step(swaying(i / 60), t_ns)
            continue
        new.step(face(yaw=-30), t_ns)
        np.testing.assert_array_equal(old.step(swaying(i / 60), t_ns), want)
