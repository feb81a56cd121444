"""What the demo's film draws beside the avatar."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from plain_states import plain_state

from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.demo import demo_clip
from vtdrive.render.film.reel import Moment
from vtdrive.render.side_by_side.ink import BACK, PALETTE, bar, curve, text
from vtdrive.render.side_by_side.mesh import Mesh
from vtdrive.render.side_by_side.scene import SideBySide
from vtdrive.render.side_by_side.signals import SignalPanel
from vtdrive.sinks.demo_film import DemoFilm
from vtdrive.testing import make_emotion, make_face, make_track
from vtdrive.types import U8

CAMERA, SIGNALS = 480, 340


def blank(width: int = 200, height: int = 60) -> U8:
    return np.full((height, width, 3), BACK, np.uint8)


def inked(image: U8) -> U8:
    """(H, W) where something was drawn."""
    out: U8 = (np.abs(image.astype(int) - BACK).max(axis=-1) > 40).astype(np.uint8)
    return out


def test_words_are_as_wide_as_told_and_may_leave_the_picture() -> None:
    image = blank()
    width = text(image, (10, 10), "eyeBlinkLeft", size_px=12)
    columns = np.flatnonzero(inked(image).any(axis=0))
    assert columns.min() >= 10
    assert width * 0.8 < columns.max() - columns.min() <= width
    right = blank()
    text(right, (190, 10), "eyeBlinkLeft", align="right")
    assert 175 < np.flatnonzero(inked(right).any(axis=0)).max() <= 190
    for at in ((-20, 10), (190, 10), (10, -6), (10, 55), (400, 400), (-300, -300)):
        text(blank(), at, "cut off")


@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 1.0])
def test_a_bar_is_as_long_as_its_value(value: float) -> None:
    image = blank()
    bar(image, (20, 20, 160, 10), value, PALETTE[2])
    full = np.abs(image[25].astype(int) - PALETTE[2]).max(axis=-1) < 30
    expected = 0 if value == 0 else 10 + value * 150
    assert full.sum() == pytest.approx(expected, abs=3)
    bar(image, (20, 20, 160, 10), float("nan"), PALETTE[2])


def test_a_curve_shows_its_values_up_to_the_newest_at_the_right() -> None:
    for newest in (0.0, 0.5, 1.0):
        image = blank(height=100)
        past = np.full(30, newest, np.float32)
        curve(image, (10, 20, 150, 60), past, 60, PALETTE[0])
        rows = np.flatnonzero(inked(image)[:, 160])
        assert rows.mean() == pytest.approx(20 + 60 * (1 - newest), abs=1.5)
        assert not inked(image)[:, :70].any(), "thirty of sixty fill half the box"
    curve(blank(), (10, 20, 150, 30), np.zeros(0, np.float32), 60, PALETTE[0])


def test_the_mesh_lies_on_the_face() -> None:
    points = make_face().landmarks_px
    image = blank(640, 480)
    Mesh().draw(image, points)
    ys, xs = np.nonzero(np.abs(image.astype(int) - BACK).max(axis=-1) > 12)
    assert len(xs) > 2000
    for found, true in ((xs, points[:, 0]), (ys, points[:, 1])):
        assert found.min() == pytest.approx(true.min(), abs=2)
        assert found.max() == pytest.approx(true.max(), abs=2)
    Mesh().draw(image, points + np.float32(1e4))


def test_the_panel_names_what_moves_and_marks_the_expression_shown() -> None:
    driver = Driver(Config())
    panel, image = SignalPanel(SIGNALS, 480), blank(SIGNALS, 480)
    for k in range(40):
        t_ns = k * 33_000_000
        track = make_track(make_face(shapes={"jawOpen": k / 40}), t_ns)
        state = driver.step(track, make_emotion(t_ns, surprise=0.97), t_ns).state
        panel.draw(image, state)
    amber = np.abs(image.astype(int) - PALETTE[2]).max(axis=-1) < 30
    rows = np.flatnonzero(amber[:200].sum(axis=1) > 100)
    assert 60 < rows.min() <= rows.max() < 85, "the third of eight"
    assert not inked(image)[:, -8:].any(), "names that do not fit"


def test_the_camera_shows_the_moment_that_is_filmed() -> None:
    scene = SideBySide(demo_clip(), "mochi", caption="whose face it is")
    scene.open()
    clip = cv2.VideoCapture(str(demo_clip()))
    wanted = [clip.read()[1] for _ in range(41)]
    for at in (0, 3, 3, 40):
        sheet = scene.paint(Moment(round(at * 1e9 / 30), plain_state(0.5)), at)
        assert sheet.shape == (480, 1280, 4)
        assert (sheet[..., 3] == 255).all()
        camera = wanted[at][:450, 80 : 80 + CAMERA, ::-1]
        assert np.abs(sheet[:450, :CAMERA, :3].astype(int) - camera).mean() < 0.5
        assert inked(sheet[:, CAMERA : CAMERA + SIGNALS, :3]).any()
        avatar = sheet[:, CAMERA + SIGNALS :, :3]
        assert avatar.reshape(-1, 3).std(axis=0).min() > 10
    scene.close()


def test_the_demos_film_takes_the_clips_own_time_and_one_pass_of_it() -> None:
    film = DemoFilm(demo_clip().with_name("x.mp4"), avatar="mochi", overwrite=False, optional=True)
    driver = Driver(Config())

    def moment(seq: int, *, face: bool = True) -> Moment | None:
        track = make_track(make_face() if face else None, seq * 50_000_000 + 10**12, seq=seq)
        return film._moment(driver.step(track, None, track.t_ns))

    first, third, later = moment(0), moment(3), moment(2190)
    assert first is not None
    assert third is not None
    assert (first.t_ns, third.t_ns, later) == (0, 100_000_000, None)
    assert first.points_px.shape == (478, 3)
    absent = moment(9, face=False)
    assert absent is not None
    assert absent.points_px.shape == (0, 3)
    assert film._moment(driver.step(None, None, 2 * 10**12)) is None
