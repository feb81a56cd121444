"""`vtdrive.trackers.shapes`: what the shipped network does to a real face that is moved by hand.

The face is the public-domain portrait in scikit-image, measured once by face mesh.
"""

from __future__ import annotations

import math
import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vtdrive.assets import data_dir, load_card
from vtdrive.errors import ModelError
from vtdrive.trackers.shapes import MODEL, Layout, ShapeNet, normalise
from vtdrive.types import F32
from vtdrive.vocab import MIRROR_SHAPE, SHAPE_INDEX, SHAPES, UNSUPPORTED_SHAPES

LIDS = {
    "Right": [(159, 145), (158, 153), (160, 144), (157, 154), (161, 163), (173, 155), (246, 7)],
    "Left": [(386, 374), (385, 380), (387, 373), (384, 381), (388, 390), (398, 382), (466, 249)],
}
LOWER_LIP = [14, 87, 317, 178, 402, 88, 318, 95, 324, 17, 84, 314, 181, 405, 91, 321, 146, 375]
CHIN = [152, 148, 377, 176, 400, 149, 378, 150, 379, 18, 83, 313, 182, 406, 200, 199, 175]


@pytest.fixture(scope="module")
def net() -> ShapeNet:
    net = ShapeNet()
    net.open()
    return net


@pytest.fixture(scope="module")
def face() -> F32:
    with warnings.catch_warnings():  # third-party imports may deprecate what they like
        warnings.simplefilter("ignore")
        import mediapipe as mp
        from skimage import data

        picture = np.ascontiguousarray(data.astronaut())
        with mp.solutions.face_mesh.FaceMesh(
            static_image_mode=True, refine_landmarks=True, max_num_faces=1
        ) as mesh:
            found = mesh.process(picture).multi_face_landmarks[0].landmark
    size = picture.shape[1]
    return np.array([(p.x, p.y, p.z) for p in found], np.float32) * np.float32(size)


def shut(face: F32, *sides: str) -> F32:
    """The lids of these sides closed: the upper lid comes down most of the way."""
    face = face.copy()
    for side in sides:
        for upper, lower in LIDS[side]:
            face[upper] += 0.92 * (face[lower] - face[upper])
    return face


def test_the_answer_is_52_values_in_range(net: ShapeNet, face: F32) -> None:
    shapes = net(face)
    assert shapes.shape == (52,)
    assert shapes.dtype == np.float32
    assert ((shapes >= 0) & (shapes <= 1)).all()
    assert shapes.max() > 0.2


def test_unsupported_shapes_are_exactly_zero(net: ShapeNet, face: F32) -> None:
    rng = np.random.default_rng(0)
    faces = face + rng.normal(0, 3, (50, 478, 3)).astype(np.float32)
    shown = net.batch(faces)
    for name in UNSUPPORTED_SHAPES:
        assert (shown[:, SHAPE_INDEX[name]] == 0).all()


def test_closing_both_lids_blinks_both(net: ShapeNet, face: F32) -> None:
    blink = [SHAPE_INDEX["eyeBlinkLeft"], SHAPE_INDEX["eyeBlinkRight"]]
    before, after = net(face)[blink], net(shut(face, "Left", "Right"))[blink]
    assert (after - before > 0.2).all()


@pytest.mark.parametrize(("side", "other"), [("Left", "Right"), ("Right", "Left")])
def test_a_wink_is_of_one_eye(net: ShapeNet, face: F32, side: str, other: str) -> None:
    before, after = net(face), net(shut(face, side))
    rise = after - before
    assert rise[SHAPE_INDEX[f"eyeBlink{side}"]] > 0.2
    assert rise[SHAPE_INDEX[f"eyeBlink{side}"]] > 3 * rise[SHAPE_INDEX[f"eyeBlink{other}"]]


def test_opening_the_jaw_is_seen(net: ShapeNet, face: F32) -> None:
    opened = face.copy()
    height = np.linalg.norm(face[152] - face[10])
    down = (face[152] - face[10]) / height
    opened[LOWER_LIP + CHIN] += 0.12 * height * down
    at = SHAPE_INDEX["jawOpen"]
    assert net(opened)[at] - net(face)[at] > 0.2


def test_the_mirror_image_has_the_mirrored_shapes(net: ShapeNet, face: F32) -> None:
    # Which point is whose mirror image follows from the network's own symmetric mean face.
    left_eye, right_eye = [33, 133, 159, 145, 468], [263, 362, 386, 374, 473]
    wink = shut(face, "Left")
    glass = wink.copy()
    pairs = _pairs(face)
    glass[list(pairs)] = wink[list(pairs.values())]
    glass[:, 0] *= -1
    assert {pairs[a] for a in left_eye} == set(right_eye)
    shown = net(glass)
    assert shown == pytest.approx(net(wink)[list(MIRROR_SHAPE)], abs=2e-3)


def _pairs(face: F32) -> dict[int, int]:
    """Each of the network's points → its mirror image, by distance on this nearly frontal face."""
    facts = load_card(data_dir("models") / MODEL).facts
    layout = Layout.from_facts(facts)
    return dict(zip(layout.points.tolist(), facts["layout"]["mirror"], strict=True))


@pytest.mark.parametrize(("tilt", "scale", "shift"), [(0.0, 3.0, 500.0), (0.6, 0.4, -90.0)])
def test_place_size_and_tilt_do_not_matter(
    net: ShapeNet, face: F32, tilt: float, scale: float, shift: float
) -> None:
    cos, sin = math.cos(tilt), math.sin(tilt)
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
    moved = (face @ turn) * np.float32(scale) + np.float32(shift)
    assert net(moved) == pytest.approx(net(face), abs=3e-3)


def test_turning_the_head_a_little_keeps_the_expression(net: ShapeNet, face: F32) -> None:
    angle = math.radians(12)
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], np.float32)
    assert np.abs(net(face @ turn) - net(face)).mean() < 0.06


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_points_that_are_not_finite_give_nan_and_raise_nothing(
    net: ShapeNet, face: F32, poison: float
) -> None:
    rigid = Layout.from_facts(load_card(data_dir("models") / MODEL).facts).rigid
    for point in (int(rigid[0]), 13):
        broken = face.copy()
        broken[point, 1] = poison
        assert np.isnan(net(broken)).all()
    both = net.batch(np.stack([broken, face]))
    assert np.isnan(both[0]).all()
    assert both[1] == pytest.approx(net(face), abs=1e-5)


def test_a_face_of_no_size_gives_nan(net: ShapeNet) -> None:
    assert np.isnan(net(np.full((478, 3), 7, np.float32))).all()


def test_normalised_rigid_points_lie_on_the_template(face: F32) -> None:
    layout = Layout.from_facts(load_card(data_dir("models") / MODEL).facts)
    only_rigid = Layout(layout.rigid, layout.rigid, layout.template)
    front = normalise(face[None], only_rigid)[0, :, 2:]
    assert np.abs(front - layout.template).mean() < 0.1
    # A turned template comes back exactly: the fit is closed form, not iterative.
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    mesh = np.zeros((1, 478, 3), np.float32)
    mesh[0, layout.rigid] = 40 * layout.template @ turn + 300
    assert normalise(mesh, only_rigid)[0, :, 2:] == pytest.approx(layout.template, abs=1e-3)


def test_it_costs_less_than_half_a_millisecond(net: ShapeNet, face: F32) -> None:
    took = []
    for _ in range(200):
        start = time.perf_counter()
        net(face)
        took.append(time.perf_counter() - start)
    assert np.quantile(took, 0.2) < 0.5e-3  # a low quantile: the machine has other work


def test_calling_before_open_says_so(face: F32) -> None:
    with pytest.raises(RuntimeError, match="before open"):
        ShapeNet()(face)


def copied(folder: Path) -> Path:
    for name in (MODEL, MODEL.replace(".onnx", ".toml")):
        shutil.copy(data_dir("models") / name, folder / name)
    return folder / MODEL


def test_a_missing_or_altered_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is missing"):
        ShapeNet(tmp_path / MODEL).open()
    model = copied(tmp_path)
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(bytes(data))
    with pytest.raises(ModelError, match="not the file its card describes"):
        ShapeNet(model).open()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "blendshapes"', 'kind = "emotion"', "kind 'emotion'"),
        ('"jawOpen"', '"jawopen"', "52 shapes"),
        ("[layout]", "[lay_out]", r"no usable \[layout\]"),
        ("points = [0, ", "points = [478, ", r"no usable \[layout\]"),
        ("points = [0, ", "points = [", "does not fit its card"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    model = copied(tmp_path)
    card = model.with_suffix(".toml")
    text = card.read_text(encoding="utf-8")
    assert old in text
    card.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ModelError, match=says):
        ShapeNet(model).open()


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    import hashlib

    model = copied(tmp_path)
    model.write_bytes(b"no network")
    card = model.with_suffix(".toml")
    facts: dict[str, Any] = dict(load_card(model).facts)
    digest = hashlib.sha256(b"no network").hexdigest()
    text = card.read_text(encoding="utf-8").replace(facts["sha256"], digest)
    card.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        ShapeNet(model).open()


def test_the_card_lists_the_52_shapes() -> None:
    card = load_card(data_dir("models") / MODEL)
    assert card.kind == "blendshapes"
    assert tuple(card.facts["labels"]) == SHAPES
    assert set(card.facts["unsupported"]) == UNSUPPORTED_SHAPES
