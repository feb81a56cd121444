"""A bundled avatar whose parameters a test sets by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from vtdrive.render.motion import Motion
from vtdrive.render.motion.tables import feelings_of
from vtdrive.render.paint.puppet import F64, Puppet
from vtdrive.render.rig import load_rig

__all__ = ["ALIKE", "Posed", "area", "assert_same_drawing"]

ALIKE = (("fear", "surprise"), ("anger", "disgust"), ("sadness", "contempt"))
"""Feelings that are taken for each other, unless both brows and mouth differ."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Posed:
    """The avatar of a name."""

    def __init__(self, name: str) -> None:
        self.folder = Path(__file__).parents[2] / "avatars" / name
        self.rig = load_rig(self.folder)
        self.motion = Motion(self.rig.avatar)
        self.puppet = Puppet(self.rig, self.motion.names)

    def points(self, part: str, **params: float) -> F64:
        """(N, 2) outline of a part's first shape, at rest but for `params`."""
        vector = self.motion.neutral.copy()
        for name, value in params.items():
            vector[self.motion.names.index(name)] = value
        (piece,) = self.puppet.pieces[part]
        assert isinstance(piece.art, tuple)
        first, count = piece.starts[0], len(piece.art[0].points)
        return self.puppet.pose(vector).points[first : first + count]

    def shift(self, part: str, **params: float) -> tuple[float, float]:
        """How far `params` move a part: right, down."""
        by = self.points(part, **params) - self.points(part)
        return float(by[:, 0].mean()), float(by[:, 1].mean())

    def shown_at_rest(self) -> list[str]:
        """Drawn parts that are seen."""
        seen = self.puppet.pose(self.motion.neutral).opacity
        return [
            part.name
            for part, share in zip(self.rig.avatar.part, seen, strict=True)
            if share > 0 and part.name in self.rig.art
        ]

    def assert_at_rest_as_drawn(self) -> None:
        for part in self.shown_at_rest():
            art = self.rig.art[part]
            assert isinstance(art, tuple)
            np.testing.assert_allclose(self.points(part), art[0].points, atol=0.2, err_msg=part)

    def felt(self, part: str, feeling: str, *, about: str) -> F64:
        """(N, 2) outline of a part under a feeling, as seen from the middle of the part `about`."""
        table = feelings_of(self.rig.avatar)[feeling]
        params: dict[str, float] = {}
        for param, amount in {**table.add, **table.set}.items():
            i = self.motion.names.index(param)
            start = 0.0 if param in table.set else self.motion.neutral[i]
            params[param] = float(np.clip(start + amount, self.motion.lo[i], self.motion.hi[i]))
        middle: F64 = self.points(about, **params).mean(0)
        return self.points(part, **params) - middle

    def apart(self, part: str, one: str, other: str, *, about: str) -> float:
        """By how much a part differs between two feelings, at most."""
        gap = self.felt(part, one, about=about) - self.felt(part, other, about=about)
        return float(np.abs(gap).max())


def area(outline: F64) -> float:
    """Of the polygon through the points that lie on a curve of cubics."""
    x, y = outline[::3].T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def assert_same_drawing(now: str, kept: str) -> None:
    """Two SVG texts are the same but for the last digit, which is another machine's right."""
    assert _NUMBER.sub("#", now) == _NUMBER.sub("#", kept)
    a, b = (np.array([float(n) for n in _NUMBER.findall(text)]) for text in (now, kept))
    np.testing.assert_allclose(a, b, atol=0.11)
