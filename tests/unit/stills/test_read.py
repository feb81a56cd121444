"""Every face of a picture and its expression, by the real detectors, mesh and network."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from benchmarks.detectors import Placed, matched, portrait
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.detectors.base import FoundFace
from vtdrive.detectors.make import DETECTORS, make_detector
from vtdrive.errors import ModelError
from vtdrive.stills.read import ReadFace, StillReader
from vtdrive.types import F32, U8, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

HAPPY = EMOTION_INDEX["happiness"]
_MIDDLE = 30
"""Side of what is compared of two crops, of 48 pixels."""


@pytest.fixture(scope="module", params=DETECTORS)
def reader(request: pytest.FixtureRequest) -> Iterator[StillReader]:
    made = StillReader(make_detector(request.param), OnnxEmotion())
    try:
        made.open()
        yield made
    finally:
        made.close()


class Told:
    """A detector that finds what it was told; remembers whether it is open."""

    name = "told"

    def __init__(self, *faces: FoundFace) -> None:
        self.faces = list(faces)
        self.state = "new"

    def open(self) -> None:
        self.state = "open"

    def detect(self, image_rgb: U8) -> list[FoundFace]:
        return self.faces

    def close(self) -> None:
        self.state = "closed"


def box(left: float, top: float, right: float, bottom: float, *, tilt_px: float = 0.0) -> FoundFace:
    """A face with its eyes at 0.4 of the height, the left one `tilt_px` lower."""
    y = top + 0.4 * (bottom - top)
    eyes = [(0.7 * left + 0.3 * right, y), (0.3 * left + 0.7 * right, y + tilt_px)]
    return FoundFace(
        frozen([left, top, right, bottom]), 0.9, frozen(eyes), points_side=0.89, points_down=0.05
    )


def read(*faces: FoundFace, image: U8, classifier: OnnxEmotion | None = None) -> list[ReadFace]:
    made = StillReader(Told(*faces), classifier or OnnxEmotion())
    try:
        made.open()
        return made.read(image)
    finally:
        made.close()


def test_the_astronaut_smiles(reader: StillReader) -> None:
    image, placed = portrait()
    (face,) = reader.read(image)
    assert face.mesh
    assert matched([face.found.box_px], placed) == (1, 0)
    assert face.probs.shape == (8,)
    assert face.probs.sum() == pytest.approx(1, abs=1e-5)
    assert int(face.probs.argmax()) == HAPPY
    assert not face.probs.flags.writeable


def test_two_hundred_faces_are_all_read(reader: StillReader) -> None:
    image, _ = portrait()
    face = cv2.resize(image[50:190, 155:295], (90, 90), interpolation=cv2.INTER_AREA)
    crowd = np.tile(face, (10, 20, 1))
    placed = [Placed(90 * i + 44, 90 * j + 46, 74, 0.0) for j in range(10) for i in range(20)]
    faces = reader.read(crowd)
    hits, wrong = matched([one.found.box_px for one in faces], placed)
    assert hits >= 198
    assert wrong == 0
    assert np.mean([one.probs.argmax() == HAPPY for one in faces]) == 1
    assert np.mean([one.mesh for one in faces]) > 0.95


@pytest.mark.parametrize("shape", [(12, 12), (1, 1), (600, 800)])
def test_no_face_is_an_empty_list(reader: StillReader, shape: tuple[int, int]) -> None:
    assert reader.read(np.full((*shape, 3), 90, np.uint8)) == []


def test_where_the_mesh_sees_nothing_the_box_is_read_and_it_says_so() -> None:
    image, _ = portrait()
    suit = box(150, 330, 230, 430)
    face = box(178, 66, 265, 172)
    first, second = read(suit, face, image=image)
    assert (first.mesh, second.mesh) == (False, True)
    assert np.isfinite(first.probs).all()
    assert first.probs.sum() == pytest.approx(1, abs=1e-5)


def test_the_crop_by_box_is_nearly_the_crop_by_mesh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a tilted face: its eyes tell the tilt."""
    image, _ = portrait()
    turn = cv2.getRotationMatrix2D((222, 119), -20, 1.0)
    turned = cv2.warpAffine(image, turn, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    detector = make_detector("mtcnn")
    classifier = OnnxEmotion()
    crops: list[U8] = []

    def keep(given: U8) -> tuple[F32, F32]:
        crops.extend(given)
        return np.zeros((len(given), 8), np.float32), np.zeros((len(given), 1), np.float32)

    monkeypatch.setattr(classifier, "infer_many", keep)
    made = StillReader(detector, classifier)
    try:
        made.open()
        for picture in (image, turned):
            assert made.read(picture)[0].mesh
        monkeypatch.setattr(made, "_points", lambda image, face: None)
        for picture in (image, turned):
            assert not made.read(picture)[0].mesh
    finally:
        made.close()
    level, tilted, level_by_box, tilted_by_box = (crop.astype(np.float32) for crop in crops)

    def alike(a: F32, b: F32) -> tuple[float, float, float]:
        """How well the middle of `b` is found in `a`; how far off, in pixels; at which scale."""
        tried = []
        for scale in (0.8, 0.86, 0.93, 1.0, 1.08, 1.16, 1.25):
            sized = cv2.resize(b, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
            m, n = (len(a) - _MIDDLE) // 2, (len(sized) - _MIDDLE) // 2
            middle = sized[n : n + _MIDDLE, n : n + _MIDDLE]
            found = cv2.matchTemplate(a, middle, cv2.TM_CCOEFF_NORMED)
            _, best, _, (x, y) = cv2.minMaxLoc(found)
            tried.append((best, max(abs(x - m), abs(y - m)), scale))
        return max(tried)

    for by_mesh, by_box in ((level, level_by_box), (tilted, tilted_by_box)):
        likeness, away, scale = alike(by_mesh, by_box)
        assert likeness > 0.9
        assert away <= 3
        assert 0.85 < scale < 1.2
    assert alike(level, tilted)[0] > 0.95


def test_a_mesh_of_another_face_does_not_count() -> None:
    """A box much larger than the face, and one beside it: the mesh is of something else."""
    image, _ = portrait()
    assert not read(box(80, -60, 380, 300), image=image)[0].mesh
    assert not read(box(262, 60, 342, 160), image=image)[0].mesh


def test_a_network_without_numbers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = OnnxEmotion()
    nothing = np.full((1, len(EMOTIONS)), np.nan, np.float32)
    monkeypatch.setattr(classifier, "infer_many", lambda crops: (nothing, nothing))
    image, _ = portrait()
    with pytest.raises(ModelError, match="answered without numbers"):
        read(box(178, 66, 265, 172), image=image, classifier=classifier)


def test_everything_is_closed_even_where_opening_fails() -> None:
    detector = Told()
    made = StillReader(detector, OnnxEmotion())
    made.open()
    assert detector.state == "open"
    made.close()
    assert detector.state == "closed"
    StillReader(Told(), OnnxEmotion()).close()
