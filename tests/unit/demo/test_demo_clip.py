"""The clip, its truth and the loader agree; what was animated lies where the passages say."""

from __future__ import annotations

import importlib
import itertools
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from vtdrive.demo import Truth, demo_clip, load_truth
from vtdrive.errors import SourceError, SourceNotFound
from vtdrive.vocab import SHAPES, UNSUPPORTED_SHAPES

PASSAGES = [
    "rest", "blinks", "wink_left", "wink_right", "gaze", "brows", "jaw", "lips", "frown",
    "eye_wide", "nose_sneer", "cheek_raise", "smile_release", "head", "talking", "surprise",
    "rest_end",
]  # fmt: skip


@pytest.fixture(scope="module")
def truth() -> Truth:
    return load_truth()


def test_every_decoded_frame_has_a_row_of_truth(truth: Truth) -> None:
    film = cv2.VideoCapture(str(demo_clip()))
    frames = 0
    shapes = set()
    while True:
        ok, picture = film.read()
        if not ok:
            break
        frames += 1
        shapes.add(picture.shape)
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(truth.fps)
    assert shapes == {(480, 640, 3)}
    assert frames == len(truth.values)


def test_the_clip_is_small_and_starts_playing_at_once() -> None:
    data = demo_clip().read_bytes()
    assert len(data) <= 3_000_000
    # "faststart": the index stands before the pictures, so browsers need not fetch the end first.
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert b"avc1" in data


def test_passages_play_in_order_without_overlap(truth: Truth) -> None:
    assert list(truth.passages) == PASSAGES
    spans = list(truth.passages.values())
    assert spans[0][0] == 0
    assert spans[-1][1] == len(truth.values)
    for (_, end), (start, _) in itertools.pairwise(spans):
        assert end < start
    for start, end in spans:
        assert end - start >= truth.fps


def test_names_hold_the_vocabulary_the_head_and_the_gaze(truth: Truth) -> None:
    assert truth.names[:52] == SHAPES
    assert set(truth.names[52:]) == {
        "head_yaw_rad", "head_pitch_rad", "head_roll_rad", "gaze_yaw_rad", "gaze_pitch_rad",
        "smile_release",
    }  # fmt: skip
    assert truth.values.shape[1] == len(truth.names)
    assert np.isfinite(truth.values).all()
    assert truth.values[:, :52].min() >= 0.0
    assert truth.values[:, :52].max() <= 1.0


def test_rest_is_rest_long_enough_to_calibrate_on(truth: Truth) -> None:
    start, end = truth.passages["rest"]
    assert (end - start) / truth.fps >= 3.0
    rest = truth.during("rest")
    assert not truth.values[rest, :52].any()
    for axis in ("yaw", "pitch", "roll"):
        assert np.abs(truth.column(f"head_{axis}_rad")[rest]).max() < math.radians(0.3)


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_wink_closes_its_own_eye_only(truth: Truth, side: str) -> None:
    other = "Right" if side == "Left" else "Left"
    wink = truth.during(f"wink_{side.lower()}")
    assert truth.column(f"eyeBlink{side}")[wink].max() == 1.0
    assert not truth.column(f"eyeBlink{other}")[wink].any()


@pytest.mark.parametrize(
    ("passage", "channels"),
    [
        ("blinks", ["eyeBlinkLeft", "eyeBlinkRight"]),
        ("brows", ["browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft"]),
        ("jaw", ["jawOpen"]),
        ("lips", ["mouthPucker", "mouthFunnel", "mouthStretchLeft", "mouthStretchRight"]),
        ("frown", ["mouthFrownLeft", "mouthFrownRight", "smile_release"]),
        ("eye_wide", ["eyeWideLeft", "eyeWideRight"]),
        ("nose_sneer", ["noseSneerLeft", "noseSneerRight"]),
        ("cheek_raise", ["cheekSquintLeft", "cheekSquintRight"]),
        ("smile_release", ["smile_release"]),
        ("surprise", ["browInnerUp", "eyeWideLeft", "eyeWideRight"]),
    ],
)
def test_each_passage_moves_its_channels_and_eases_back(
    truth: Truth, passage: str, channels: list[str]
) -> None:
    at = truth.during(passage)
    for channel in channels:
        values = truth.column(channel)[at]
        assert values.max() > 0.75
        assert values[0] == 0.0
        assert values[-1] < 0.05


def test_gaze_and_its_shapes_agree_in_side(truth: Truth) -> None:
    gaze = truth.during("gaze")
    yaw = truth.column("gaze_yaw_rad")[gaze]
    pitch = truth.column("gaze_pitch_rad")[gaze]
    left = yaw > 0.1
    assert left.any()
    assert (truth.column("eyeLookOutLeft")[gaze][left] > 0).all()
    assert (truth.column("eyeLookInRight")[gaze][left] > 0).all()
    assert not truth.column("eyeLookOutRight")[gaze][left].any()
    assert (truth.column("eyeLookUpLeft")[gaze] > 0).tolist() == (pitch > 0).tolist()
    assert yaw.min() < -math.radians(20)
    assert pitch.min() < -math.radians(15)


def test_the_head_turns_as_far_as_it_says(truth: Truth) -> None:
    head = truth.during("head")
    for axis, reach_deg in (("yaw", 20), ("pitch", 12), ("roll", 12)):
        values = np.degrees(truth.column(f"head_{axis}_rad")[head])
        assert values.max() == pytest.approx(reach_deg, abs=0.5)
        assert values.min() == pytest.approx(-reach_deg, abs=0.5)


def test_talking_has_the_rate_of_syllables(truth: Truth) -> None:
    jaw = truth.column("jawOpen")[truth.during("talking")]
    assert jaw.max() <= 0.5
    peaks = (jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:]) & (jaw[1:-1] > 0.1)
    assert 2.5 <= peaks.sum() / (len(jaw) / truth.fps) <= 5.0


def test_surprise_is_held(truth: Truth) -> None:
    at = truth.during("surprise")
    held = (truth.column("browInnerUp")[at] > 0.95) & (truth.column("jawOpen")[at] > 0.5)
    assert held.sum() / truth.fps >= 1.9


def test_what_cannot_be_seen_was_not_animated(truth: Truth) -> None:
    for name in UNSUPPORTED_SHAPES:
        assert not truth.column(name).any()


def test_the_arrays_cannot_be_written(truth: Truth) -> None:
    with pytest.raises(ValueError, match="read-only"):
        truth.values[0, 0] = 1.0


def test_an_unknown_channel_is_refused(truth: Truth) -> None:
    with pytest.raises(KeyError, match="eyeBlinkleft"):
        truth.column("eyeBlinkleft")


def test_a_missing_truth_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"truth\.npz") as caught:
        load_truth(tmp_path / "truth.npz")
    assert "demo/make_clip.py" in caught.value.remedy


@pytest.mark.parametrize("data", [b"", b"not a zip", None])
def test_a_damaged_truth_file_is_explained(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "truth.npz"
    if data is None:
        np.savez(path, fps=np.array(30.0))
    else:
        path.write_bytes(data)
    with pytest.raises(SourceError, match="damaged"):
        load_truth(path)


def test_the_script_still_writes_this_truth(truth: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "demo"))
    line = importlib.import_module("timeline").build()
    np.testing.assert_array_equal(line.values.astype(np.float32), truth.values)
    assert line.passages == dict(truth.passages)


@pytest.mark.slow
def test_face_mesh_sees_what_was_animated(truth: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "demo"))
    measure = importlib.import_module("measure")
    figures = measure.compare(*measure.landmarks(demo_clip()), truth)
    assert figures.found == figures.frames
    for channel, least in (
        ("eyeBlinkLeft", 0.9), ("eyeBlinkRight", 0.9), ("jawOpen", 0.9), ("browInnerUp", 0.85),
        ("browOuterUpLeft", 0.85), ("browOuterUpRight", 0.85), ("mouthFrownLeft", 0.8),
        ("mouthFrownRight", 0.8),
    ):  # fmt: skip
        assert figures.correlation[channel] >= least, channel
    assert min(figures.wink_lead.values()) >= 0.3
    assert figures.yaw_rms_deg <= 4.0
