"""Painting: each deformer where it belongs, masks, pictures, and no number that is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_avatar import TABLES, write_avatar

from vtdrive.render.motion.tables import known_params
from vtdrive.render.paint.painter import Painter, Place
from vtdrive.render.paint.puppet import Puppet
from vtdrive.render.rig import Rig, load_rig
from vtdrive.types import F32, U8

SKIN, IRIS, RED = (255, 128, 64, 255), (0, 0, 128, 255), (255, 0, 0, 255)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return load_rig(write_avatar(tmp_path))


def params(rig: Rig, **values: float) -> F32:
    names = known_params(rig.avatar)
    out: F32 = np.zeros(len(names), np.float32)
    for name, value in values.items():
        out[names.index(name)] = value
    return out


def painted(rig: Rig, **values: float) -> U8:
    painter = Painter(rig, known_params(rig.avatar), 200, 200)
    return painter.paint(params(rig, **values)).copy()


def where(picture: U8, colour: tuple[int, int, int, int]) -> tuple[float, float]:
    """The middle of all pixels of a colour: x, y."""
    rows, columns = np.nonzero((np.abs(picture.astype(int) - colour) < 8).all(2))
    assert len(rows), f"no {colour}"
    return float(columns.mean()), float(rows.mean())


def test_at_rest_it_is_as_drawn(rig: Rig) -> None:
    picture = painted(rig)
    assert tuple(picture[170, 60]) == SKIN
    assert tuple(picture[5, 5]) == (0, 0, 0, 0)
    assert where(picture, IRIS) == pytest.approx((79.5, 99.5), abs=0.3)
    puppet = Puppet(rig, known_params(rig.avatar))
    pose = puppet.pose(params(rig))
    (piece,) = puppet.pieces["body"]
    assert not isinstance(piece.art, tuple) or np.array_equal(
        pose.points[piece.start : piece.start + len(piece.art[0].points)], piece.art[0].points
    )


def test_what_is_clipped_stays_inside(rig: Rig) -> None:
    moved = painted(rig, gaze_x=1.0)
    assert tuple(moved[100, 118]) == SKIN, "outside the white, where the iris has gone"
    assert where(painted(rig, gaze_x=0.3), IRIS)[0] > where(painted(rig), IRIS)[0] + 5


def test_parts_in_a_row_share_a_clip_and_the_next_is_free_of_it(tmp_path: Path) -> None:
    def far(name: str, clip: str = "") -> str:
        shift = 'deform = [{ kind = "move", by = "pos_x", x = 60 }]'
        return f'[[part]]\nname = "{name}"\nart = "iris"\nclip = "{clip}"\n{shift}\n'

    inside = load_rig(write_avatar(tmp_path, TABLES + far("p", "white") + far("q", "white")))
    assert (painted(inside, pos_x=1) == painted(inside, pos_x=-1)).all(), "both are outside"
    free = load_rig(write_avatar(tmp_path, TABLES + far("p", "white") + far("q")))
    assert not (painted(free, pos_x=1) == painted(free, pos_x=-1)).all()


def test_what_is_nearer_moves_more_when_the_head_turns(rig: Rig) -> None:
    rest, turned = painted(rig), painted(rig, head_x=30)
    iris = where(turned, IRIS)[0] - where(rest, IRIS)[0]
    body = where(turned, SKIN)[0] - where(rest, SKIN)[0]
    assert iris > 6 > abs(body)
    assert where(painted(rig, head_y=30), IRIS)[1] < where(rest, IRIS)[1] - 3, "looking up is up"


def test_a_tilt_is_clockwise_about_the_pivot(rig: Rig) -> None:
    assert where(painted(rig, head_z=10), IRIS)[0] > where(painted(rig), IRIS)[0] + 8


def test_a_bend_keeps_the_root_and_moves_the_tip(rig: Rig) -> None:
    bent = painted(rig, hair_front=1.0)
    assert bent[58, 100, 3] == 255
    assert bent[15, 100, 3] == 0
    assert bent[60:75, 120:150, 3].any() or bent[40:60, 120:150, 3].any()


def test_a_morph_blends_its_keys(rig: Rig) -> None:
    heights = [
        int((painted(rig, mouth_open=amount)[:, 100] == (64, 0, 0, 255)).all(1).sum())
        for amount in (0.0, 0.5, 1.0)
    ]
    assert heights == [2, 12, 22]


@pytest.mark.parametrize("bend", [False, True])
def test_a_picture_goes_with_its_part(tmp_path: Path, bend: bool) -> None:
    tables = TABLES + (
        '[[part]]\nname = "p"\nart = "picture.png"\nat = [100, 20]\nsize = [80, 40]\n'
        'deform = [{ kind = "move", by = "pos_x", x = 10 }'
        + (
            ', { kind = "bend", by = "hair_back", root = [100, 40], tip = [180, 40], deg = 40 }'
            if bend
            else ""
        )
        + "]\n"
    )
    rig = load_rig(write_avatar(tmp_path, tables, picture=True))
    rest = painted(rig)
    assert where(rest, RED) == pytest.approx((139.5, 39.5), abs=0.6)
    assert where(painted(rig, pos_x=1), RED) == pytest.approx((149.5, 39.5), abs=0.6)
    if bend:
        curled = painted(rig, hair_back=1)
        assert tuple(curled[40, 104]) == RED, "the root stays"
        _, y = where(curled, RED)
        assert y > 43, "the tip goes down: clockwise"


def test_a_picture_masks(tmp_path: Path) -> None:
    tables = TABLES + (
        '[[part]]\nname = "p"\nart = "picture.png"\nat = [100, 100]\nopacity = 0\n'
        '[[part]]\nname = "q"\nart = "ear"\nclip = "p"\n'
        'deform = [{ kind = "move", by = "pos_y", y = 90 }]\n'
    )
    rig = load_rig(write_avatar(tmp_path, tables, picture=True))
    picture = painted(rig, pos_y=1)
    dark = (picture == (160, 0, 0, 255)).all(2)[95:160]
    rows, columns = np.nonzero(dark)
    assert rows.min() + 95 >= 100
    assert rows.max() + 95 < 120
    assert columns.min() >= 100


RING = '<path fill-rule="evenodd" d="M20 20H180V180H20Z M60 60H140V140H60Z"/>'


@pytest.mark.parametrize(
    ("mask", "middle"),
    [
        (RING, 0),
        (RING + '<path d="M0 0H10V10H0Z"/>', 0),
        (RING + '<path d="M150 90V110H90V90Z"/>', 255),
        ('<path d="M20 20H120V180H20Z"/><path d="M80 20V180H180V20Z"/>', 255),
        ('<path d="M20 20H120V180H20Z"/><path d="M80 20H180V180H80Z"/>', 255),
    ],
)
def test_a_mask_is_what_any_of_its_shapes_covers(tmp_path: Path, mask: str, middle: int) -> None:
    rect = '<g id="q"><rect width="200" height="200" fill="#ff0000"/></g>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><g id="m">{mask}</g>{rect}</svg>'
    tables = (
        'name = "x"\ncanvas = [200, 200]\ndrawing = "drawing.svg"\n'
        '[[part]]\nname = "m"\nopacity = 0\n[[part]]\nname = "q"\nclip = "m"\n'
    )
    picture = painted(load_rig(write_avatar(tmp_path, tables, drawing)))
    assert picture[100, 40].tolist() == [255, 0, 0, 255]
    assert picture[100, 100, 3] == middle
    assert picture[100, 190, 3] == 0


@pytest.mark.parametrize(
    ("outer", "right", "bottom"),
    [('art = "o"', 140, 110), ('art = "picture.png"\nat = [80, 80]', 120, 100)],
    ids=["outline", "picture"],
)
def test_a_mask_is_masked_itself(tmp_path: Path, outer: str, right: int, bottom: int) -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg"><g id="o"><path d="M80 80H140V140H80Z"/></g>'
        '<g id="m"><path d="M0 90H200V110H0Z"/></g>'
        '<g id="q"><rect width="200" height="200" fill="#ff0000"/></g></svg>'
    )
    tables = (
        'name = "x"\ncanvas = [200, 200]\ndrawing = "drawing.svg"\n'
        f'[[part]]\nname = "o"\n{outer}\nopacity = 0\n'
        '[[part]]\nname = "m"\nopacity = 0\nclip = "o"\n'
        '[[part]]\nname = "q"\nclip = "m"\n'
    )
    picture = painted(load_rig(write_avatar(tmp_path, tables, drawing, picture=True)))
    wanted = np.zeros((200, 200), bool)
    wanted[90:bottom, 80:right] = True
    assert np.array_equal(picture[..., 3] > 128, wanted)


def test_opacity_multiplies_downwards(tmp_path: Path) -> None:
    tables = TABLES.replace('art = ""', 'art = ""\nopacity = 0.5', 1).replace(
        'name = "body"\n',
        'name = "body"\nshow = [{ by = "blush", points = [[0, 1], [1, 0]] }]\n',
        1,
    )
    rig = load_rig(write_avatar(tmp_path, tables))
    assert abs(int(painted(rig)[170, 60, 3]) - 128) <= 1
    assert abs(int(painted(rig, blush=0.5)[170, 60, 3]) - 64) <= 1
    assert painted(rig, blush=1)[170, 60, 3] == 0


def test_sprites_are_switched(tmp_path: Path) -> None:
    tables = TABLES.replace(
        'name = "body"\n',
        'name = "body"\nsprite = [{ art = "mouth", when = { mouth_open = [0.5, 2] } },'
        ' { art = "body" }]\n',
        1,
    )
    rig = load_rig(write_avatar(tmp_path, tables))
    assert painted(rig)[170, 60, 3] == 255
    assert painted(rig, mouth_open=0.6)[170, 60, 3] == 0


def test_a_warp_moves_what_lies_near_its_points(tmp_path: Path) -> None:
    warp = (
        'deform = [{ kind = "warp", by = ["blush"], box = [50, 60, 100, 120], grid = [2, 2],'
        " keys = [{ at = [1], offsets = [[-40, 0], [0, 0], [0, 0], [0, 0]] }] }]\n"
    )
    tables = TABLES.replace('name = "body"\n', 'name = "body"\n' + warp, 1)
    rig = load_rig(write_avatar(tmp_path, tables))
    warped = painted(rig, blush=1)
    assert warped[62, 20, 3] == 255
    assert warped[178, 45, 3] == 0
    assert painted(rig, blush=0.5)[62, 20, 3] == 0


def test_zoom_keeps_the_lower_edge(rig: Rig) -> None:
    place = Place(rig, 200, 200, zoom=2.0)
    painter = Painter(rig, known_params(rig.avatar), 200, 200, place)
    picture = painter.paint(params(rig))
    assert tuple(picture[150, 10]) == SKIN, "twice as wide about the middle"
    assert picture[165, 100, 3] == 0, "and 20 units from the edge are 40 pixels now"


def test_it_paints_over_what_is_given(rig: Rig) -> None:
    painter = Painter(rig, known_params(rig.avatar), 200, 200)
    green: U8 = np.full((200, 200, 4), (0, 255, 0, 255), np.uint8)
    picture = painter.paint(params(rig), green)
    assert tuple(picture[5, 5]) == (0, 255, 0, 255)
    assert tuple(picture[170, 60]) == SKIN
    assert (painter.paint(params(rig))[5, 5] == 0).all(), "and nothing of it stays"
