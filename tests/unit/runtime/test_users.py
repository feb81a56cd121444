"""What a user's file may hold without keeping a run from starting."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.resting import resting_offset
from vtdrive.runtime.users import UserStore
from vtdrive.testing import make_emotion


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '{"neutral": 5}', '{"neutral": []}', '{"neutral": null}', "{}"]
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "default.json").write_text(text, "utf-8")
    assert UserStore(folder=tmp_path).load() is None


@pytest.mark.parametrize("emotion", [None, "calm", {}, [0.1] * 7, [1e39] * 8, [[0.1] * 8], True])
def test_a_resting_expression_that_makes_no_sense_is_told_of(
    tmp_path: Path, emotion: object
) -> None:
    store = UserStore(folder=tmp_path)
    absent = store.damaged
    store.save(NeutralPose.typical())
    sound = store.damaged
    assert (absent, sound) == (False, False)
    saved = json.loads(store.path.read_text("utf-8"))
    saved["neutral"]["emotion"] = emotion
    store.path.write_text(json.dumps(saved), "utf-8")
    assert store.damaged
    assert store.load() is None


def test_what_is_read_into_the_resting_face_is_kept_too(tmp_path: Path) -> None:
    store = UserStore(folder=tmp_path)
    taken = resting_offset([make_emotion(0, sadness=0.5, neutral=0.4).probs] * 20)
    assert taken is not None
    store.save(replace(NeutralPose.typical(), emotion=taken))
    back = store.load()
    assert back is not None
    assert back.emotion is not None
    assert back.emotion.tolist() == taken.tolist()


def test_a_file_of_an_earlier_version_still_loads(tmp_path: Path) -> None:
    old = {
        "head_xyzw": [0.0, 0.1, 0.0, 1.0],
        "head_m": [0.0, 0.0, -0.6],
        "gaze_deg": [0.0, 0.0, 0.0, 0.0],
        "lid_gap": [0.3, 0.3],
    }
    (tmp_path / "default.json").write_text(json.dumps({"neutral": old}), "utf-8")
    back = UserStore(folder=tmp_path).load()
    assert back is not None
    assert back.emotion is None
