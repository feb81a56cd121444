"""Whole pictures of one figure, one for each state of mouth, eyes and feeling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vtdrive.render.importing.art import Budget, Picture, Unreadable
from vtdrive.render.importing.imported import Imported, Table, imported
from vtdrive.render.importing.moves import (
    FIGURE,
    MOUTH_OPEN,
    eyes,
    figure,
    hop_with_words,
    in_turn,
    mouth,
)
from vtdrive.render.importing.names import Said
from vtdrive.vocab import EMOTIONS

__all__ = ["Shot", "figure_of_states"]

STAND_INS: Final = {"disgust": "anger", "fear": "surprise", "contempt": "neutral"}
"""Whose pictures an expression without its own shows."""
_FELT: Final = 0.4
"""Half of what an expression reaches at most."""
_WIDEST: Final = 0.8
"""From here on the last of several open mouths is shown, or before."""

_Key = tuple[bool, bool]
"""Mouth open, eyes shut."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture and what it shows."""

    source: str
    """How the user knows it."""
    said: Said
    picture: Picture


def figure_of_states(name: str, shots: Sequence[Shot], notes: list[str], *, about: str) -> Imported:
    """The avatar. Pictures of different sizes are refused (Unreadable), as is having none."""
    if not shots:
        # What else lies there may be what was meant.
        there = f" ({'; '.join(notes[:3])})" if notes else ""
        raise Unreadable(
            f"no picture in it says what it shows{there}",
            "name them like idle.png, talk.png, blink.png, happy.png: docs/how-to/pngtuber.md",
        )
    width, height = _one_size(shots)
    sets: dict[str, dict[_Key, list[Shot]]] = {}
    for shot in sorted(shots, key=lambda shot: (shot.said.frame, shot.source)):
        said = shot.said
        of_feeling = sets.setdefault(said.feeling, {})
        of_feeling.setdefault((said.mouth_open, said.eyes_shut), []).append(shot)
    if "neutral" not in sets:
        first = next(feeling for feeling in EMOTIONS if feeling in sets)
        sets["neutral"] = sets.pop(first)
        notes.append(f"there is no neutral picture: that of {first} is always shown")
    if not any(key[1] for of in sets.values() for key in of):
        notes.append("there is no picture of shut eyes: it does not blink")
    mute = [feeling for feeling, of in sets.items() if not any(key[0] for key in of)]
    if mute:
        of = ", ".join(mute) if len(mute) < len(sets) else "any expression"
        notes.append(f"there is no picture of an open mouth for {of}: it hops as you speak")

    tables = figure(width=float(width), height=float(height), pictures=1)
    files = _Files()
    order = _feelings(sets, notes)
    for part, stand_ins in (
        ({"name": "talking"}, [of for of in sets if of not in mute]),
        ({"name": "mute", "deform": [hop_with_words(float(height))]}, mute),
    ):
        sprites: list[Table] = []
        for i, (feeling, stand_in) in enumerate(order):
            if stand_in in stand_ins:
                # The other part shows what is asked before.
                before = [each for each, of in order[:i] if of not in stand_ins]
                when: Table = {f"e_{each}": [-9.0, _FELT] for each in before}
                when |= {} if feeling == "neutral" else {f"e_{feeling}": [_FELT, 9.0]}
                sprites += _sprites(sets[stand_in], when, files, notes)
        if sprites:
            place = {"at": [0.0, 0.0], "size": [float(width), float(height)]}
            tables["part"].append({**part, "parent": FIGURE, **place, "sprite": sprites})
    return imported(name, tables, files.pictures, notes, about=about)


def _one_size(shots: Sequence[Shot]) -> tuple[int, int]:
    sizes: dict[tuple[int, int], list[str]] = {}
    for shot in shots:
        sizes.setdefault(shot.picture.size, []).append(shot.source)
    if len(sizes) > 1:
        (most, _), *others = sorted(sizes.items(), key=lambda item: -len(item[1]))
        odd = "; ".join(f"{w} × {h}: {', '.join(of[:3])}" for (w, h), of in others[:4])
        raise Unreadable(
            f"its pictures have different sizes (most {most[0]} × {most[1]}, but {odd})",
            "export them all with the same canvas, so that they lie over each other",
        )
    return next(iter(sizes))


def _feelings(sets: dict[str, dict[_Key, list[Shot]]], notes: list[str]) -> list[tuple[str, str]]:
    """(expression, whose pictures) in the order of asking; neutral, which always fits, is last."""
    found = []
    lent: dict[str, list[str]] = {}
    for feeling in (*(each for each in EMOTIONS if each != "neutral"), "neutral"):
        shown = feeling if feeling in sets else STAND_INS.get(feeling, "neutral")
        shown = shown if shown in sets else "neutral"
        if shown == feeling or shown != "neutral":
            found.append((feeling, shown))
        if shown != feeling and len(sets) > 1:
            lent.setdefault(shown, []).append(feeling)
    notes += [f"no picture of {', '.join(of)}: {shown} is shown" for shown, of in lent.items()]
    return found


class _Files:
    """Which file each shot becomes; a shot that is shown twice is written once."""

    def __init__(self) -> None:
        self.pictures: dict[str, Picture] = {}
        self._of: dict[int, str] = {}
        self._budget = Budget()

    def path(self, shot: Shot, key: _Key, number: int) -> str:
        """The path of `shot` within the avatar's folder."""
        found = self._of.get(id(shot))
        if found is None:
            words = [shot.said.feeling, "open" if key[0] else "shut", "blink" if key[1] else ""]
            words.append(str(number) if number else "")
            found = f"pictures/{'-'.join(word for word in words if word)}.png"
            self._budget.spend(*shot.picture.size)
            self.pictures[found] = shot.picture
            self._of[id(shot)] = found
        return found


def _sprites(
    of: dict[_Key, list[Shot]], felt: Table, files: _Files, notes: list[str]
) -> list[Table]:
    """The sprites of one expression, in the order in which they are asked."""
    found: list[Table] = []
    for key in ((True, True), (True, False), (False, True), (False, False)):
        shots = of.get(key)
        last = key == (False, False)
        if shots is None and last:
            # Whatever there is: an expression must show something.
            key, shots = next(iter(of.items()))
            shots = shots[:1]
        if shots is None:
            continue
        for shot, when in _turns(shots, key, notes):
            state = {} if last else _state(key)
            path = files.path(shot, key, shots.index(shot))
            fits = {**felt, **state, **when}
            found.append({"art": path, "when": fits} if fits else {"art": path})
    return found


def _state(key: _Key) -> Table:
    mouth_open, eyes_shut = key
    when = mouth(is_open=True) if mouth_open else {}
    return {**when, **eyes(are_shut=True)[0]} if eyes_shut else when


def _turns(shots: list[Shot], key: _Key, notes: list[str]) -> list[tuple[Shot, Table]]:
    """When each of several pictures of one state has its turn."""
    if len(shots) == 1:
        return [(shots[0], {})]
    mouth_open, eyes_shut = key
    if eyes_shut:
        # Lids pass the ones between within two frames of the picture.
        middle = shots[len(shots) // 2]
        notes += [f"{s.source}: of several blinks one is shown" for s in shots if s is not middle]
        return [(middle, {})]
    if mouth_open:
        step = (_WIDEST - MOUTH_OPEN) / len(shots)
        edges = [round(MOUTH_OPEN + i * step, 3) for i in range(len(shots))]
        return [
            (shot, {"mouth_open": [edge, 9.0]})
            for shot, edge in reversed(list(zip(shots, edges, strict=True)))
        ]
    return list(zip(shots, in_turn(len(shots)), strict=True))
