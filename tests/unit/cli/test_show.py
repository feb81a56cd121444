"""What a run tells when a neutral was taken: the pose always, the resting expression as it is."""

from __future__ import annotations

import dataclasses
import io
import sys

import numpy as np
import pytest

from vtdrive.cli.show import Show
from vtdrive.core.calibrate import NeutralPose
from vtdrive.types import frozen
from vtdrive.vocab import EMOTIONS


def resting(**offsets: float) -> NeutralPose:
    emotion = frozen(np.array([offsets.get(name, 0.0) for name in EMOTIONS]))
    return dataclasses.replace(NeutralPose.typical(), emotion=emotion)


def told(show: Show, neutral: NeutralPose, capsys: pytest.CaptureFixture[str]) -> str:
    show.on_neutral(neutral)
    return capsys.readouterr().err


def make(neutral: NeutralPose | None = None) -> Show:
    return Show("quiet", title="", on_neutral=lambda taken: None, neutral=neutral)


def test_what_is_taken_off_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    said = told(make(), resting(sadness=1.2, anger=0.5, fear=0.05), capsys)
    assert "what looks like sadness and anger in your resting face is taken off" in said
    assert "fear" not in said


def test_a_calm_rest_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "at rest you look calm" in told(make(), resting(), capsys)


def test_a_pose_without_readings_says_nothing_unless_they_were_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = resting(sadness=1.0)
    kept = dataclasses.replace(NeutralPose.typical(), emotion=known.emotion)
    for before, new in ((None, NeutralPose.typical()), (known, kept)):
        show = make(before)
        said = told(show, new, capsys)
        assert "straight ahead (n takes it anew)" in said
        show._asked = True
        assert "your resting expression was not read and stays" in told(show, new, capsys)
        assert "not read" not in told(show, new, capsys), "what was asked for is over"


def test_a_sentence_is_written_with_its_end_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pieces(io.StringIO):
        """What several threads write into comes out piece by piece."""

        def __init__(self) -> None:
            super().__init__()
            self.all: list[str] = []

        def write(self, piece: str) -> int:
            self.all += [piece] if piece else []
            return len(piece)

    pieces = Pieces()
    monkeypatch.setattr(sys, "stderr", pieces)
    make().on_event("connected")
    assert pieces.all == ["vtdrive: connected\n"]
