"""Drawings: what is read, what is refused and on which line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.render.drawing import DrawingError, parse_drawing
from vtdrive.render.drawing_paint import Gradient


def svg(body: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>'.encode()


def test_a_groups_shapes_carry_its_transform_and_colour() -> None:
    text = (
        '<g id="a" transform="translate(10 20) scale(2)" fill="#ff0000">'
        '<rect x="1" y="2" width="3" height="4"/></g>'
    )
    (shape,) = parse_drawing(svg(text)).groups["a"]
    assert shape.points.min(0).tolist() == [12, 24]
    assert shape.points.max(0).tolist() == [18, 32]
    assert shape.fill == (1.0, 0.0, 0.0, 1.0)


def test_a_circle_is_round_with_four_segments() -> None:
    (shape,) = parse_drawing(svg('<g id="a"><circle cx="5" cy="5" r="4"/></g>')).groups["a"]
    assert shape.contours[0].segments == 4
    on_curve = shape.points[::3] - 5
    assert np.allclose(np.hypot(*on_curve.T), 4)


def test_every_kind_of_segment_becomes_cubics() -> None:
    text = '<g id="a"><path d="M0 0 H4 V4 Q2 8 0 4 T0 2 A2 2 0 0 0 0 0 Z m10 0 l2 0 l0 2 z"/></g>'
    (shape,) = parse_drawing(svg(text)).groups["a"]
    assert len(shape.contours) == 2
    for contour in shape.contours:
        assert contour.closed
    assert sum(1 + 3 * c.segments for c in shape.contours) == len(shape.points)


def test_a_gradient_lies_where_the_shape_does() -> None:
    text = (
        '<linearGradient id="g"><stop offset="0" stop-color="#000"/>'
        '<stop offset="100%" stop-color="#fff" stop-opacity=".5"/></linearGradient>'
        '<g id="a"><rect x="10" y="20" width="30" height="40" fill="url(#g)"/></g>'
    )
    (shape,) = parse_drawing(svg(text)).groups["a"]
    assert isinstance(shape.fill, Gradient)
    assert shape.fill.ends.tolist() == [[10, 20], [40, 20]]
    assert shape.fill.stops[1] == (1.0, (1.0, 1.0, 1.0, 0.5))


def test_a_style_attribute_counts() -> None:
    style = "fill:none;stroke:#00ff00;stroke-width:3"
    text = f'<g id="a"><circle cx="0" cy="0" r="1" style="{style}"/></g>'
    (shape,) = parse_drawing(svg(text)).groups["a"]
    assert shape.fill is None
    assert shape.stroke is not None
    assert (shape.stroke.width, shape.stroke.rgba) == (3.0, (0.0, 1.0, 0.0, 1.0))


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("<style>.a{fill:red}</style>", "style sheet"),
        ('<g id="a"><text>hi</text></g>', "path"),
        ('<g id="a" filter="url(#f)"><circle r="1"/></g>', "filter"),
        ('<g id="a"><use href="#b"/></g>', "use"),
        ('<g id="a"><image href="x.png"/></g>', "picture"),
        ('<g id="a"><blob/></g>', "blob"),
        ('<g id="a"><circle r="1" fill="url(#no)"/></g>', "no gradient"),
        ('<g id="a"><circle r="1" fill="nocolour"/></g>', "no colour"),
        ('<g id="a"><circle r="1" opacity="x"/></g>', "no number"),
        ('<g id="a"/><g id="a"/>', "twice"),
        ('<g id="a" transform="matrix(1 0 0 1)"/>', "transform"),
        ('<g id="a" transform="translate(10mm)"/>', "transform"),
        ('<g id="a" transform="rotate()"/>', "transform"),
        ('<g id="a"><rect width="50%" height="9"/></g>', "width '50%'"),
        ('<g id="a"><circle r="4mm"/></g>', "r '4mm'"),
        ('<g id="a"><circle r="x"/></g>', "r 'x'"),
        ('<g id="a"><circle cx="1e300" r="1"/></g>', "units away"),
        ('<g id="a"><polygon points="1,2 3"/></g>', "pairs"),
        ('<g id="a"><path d="M0 0 L x"/></g>', "no sense"),
        ('<g id="a"><circle r="1" stroke="#f00" stroke-width="nan"/></g>', "nan"),
        ('<g id="a"><circle r="1" stroke="#f00" stroke-dasharray="2"/></g>', "dasharray"),
        ('<g id="a"><circle r="1" fill="#12"/></g>', "no colour"),
        ('<g id="a"><circle r="1" fill="rgb(1,2)"/></g>', "no colour"),
        ('<g id="a"><svg viewBox="0 0 5 5"/></g>', "inside another"),
        (
            '<linearGradient id="g" x1="inf"><stop/><stop offset="1"/></linearGradient>'
            '<g id="a"><circle r="1" fill="url(#g)"/></g>',
            "inf",
        ),
    ],
)
def test_what_is_not_drawn_is_refused_with_its_line(body: str, word: str) -> None:
    with pytest.raises(DrawingError, match=word) as fault:
        parse_drawing(svg(body))
    assert fault.value.line == 2


def test_what_the_whole_file_says_counts_for_each_shape() -> None:
    raw = b'<svg fill="none" stroke="#f00" class="icon"><g id="a"><path d="M0 0H1V1"/></g></svg>'
    (shape,) = parse_drawing(raw).groups["a"]
    assert shape.fill is None
    assert shape.stroke is not None


@pytest.mark.parametrize("start", ["<defs>", '<g display="none">', '<g style="visibility:hidden">'])
def test_what_is_hidden_shows_only_where_it_is_named(start: str) -> None:
    rect = '<rect width="1" height="1"/>'
    end = start.partition(" ")[0].strip("<>")
    text = f'<g id="a">{rect}{start}{rect}<g id="key">{rect}</g></{end}></g>'
    drawing = parse_drawing(svg(text))
    assert [len(drawing.groups[name]) for name in ("a", "key")] == [1, 1]
    assert len(drawing.whole) == 1


def test_an_encoding_that_there_is_not_is_told() -> None:
    with pytest.raises(DrawingError, match="UTF-8"):
        parse_drawing(b'<?xml version="1.0" encoding="foo"?><svg/>')


@pytest.mark.parametrize("raw", [b"", b"x", b"<html/>", b"<svg>", b"\xff\xfe\x00"])
def test_what_is_no_svg_is_refused(raw: bytes) -> None:
    with pytest.raises(DrawingError, match="no SVG"):
        parse_drawing(raw)


def test_entities_of_ones_own_are_refused() -> None:
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg><g id="x"><path d="&a;"/></g></svg>'
    with pytest.raises(DrawingError):
        parse_drawing(bomb)


@given(st.text("MLHVCSQTAZmlhvcsqtaz0123456789-., e", max_size=40))
def test_any_path_is_read_or_refused(d: str) -> None:
    try:
        drawing = parse_drawing(svg(f'<g id="a"><path d="{d}"/></g>'))
    except DrawingError:
        return
    for shape in drawing.groups["a"]:
        assert np.isfinite(shape.points).all()
