"""An avatar loaded: its tables, its drawings and its pictures, all checked against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vtdrive.config.documents import Document
from vtdrive.config.nearest import nearest
from vtdrive.config.problems import Origin, Problem
from vtdrive.config.wording import not_allowed
from vtdrive.render.drawing import Drawing, DrawingError, Shape, read_drawing
from vtdrive.render.format.avatar import Avatar, Part
from vtdrive.render.format.read import avatar_error, fault_at, read_avatar
from vtdrive.render.picture_files import PictureError, RasterArt, read_picture
from vtdrive.render.rig_checks import check_rig
from vtdrive.render.tree import circle_in

__all__ = ["Art", "Rig", "load_rig"]

PICTURES: Final = frozenset({".png", ".webp", ".jpg", ".jpeg", ".bmp"})

Art = tuple[Shape, ...] | RasterArt
"""What a part shows: outlines, or a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """All that a painter needs. Frozen; painters may share it."""

    folder: Path
    avatar: Avatar
    art: dict[str, Art]
    """Part name -> its own art; a part without any is missing."""
    drawings: dict[str, Art]
    """What morphs and sprites name -> that art."""
    files: tuple[Path, ...]
    """What it was read from, for a watcher."""


def load_rig(folder: Path) -> Rig:
    """The avatar in `folder`. Raises ConfigError: a line with file and line for every fault."""
    avatar, document = read_avatar(folder)
    loader = _Loader(folder, avatar, document)
    rig = loader.rig()
    problems = loader.problems or list(check_rig(avatar, rig.art, rig.drawings, document))
    if problems:
        raise avatar_error(problems)
    return rig


class _Loader:
    def __init__(self, folder: Path, avatar: Avatar, document: Document) -> None:
        self.folder, self.avatar, self.document = folder, avatar, document
        self.problems: list[Problem] = []
        self.files = [(folder / "avatar.toml").resolve()]
        self._drawings: dict[Path, Drawing | None] = {}
        self._pictures: dict[Path, RasterArt | None] = {}

    def rig(self) -> Rig:
        art: dict[str, Art] = {}
        named: dict[str, Art] = {}
        self._check_tree()
        for i, part in enumerate(self.avatar.part):
            found = self._own(i, part)
            if found is not None:
                art[part.name] = found
            for path, name in _named(i, part):
                found = self._art(name, path, part)
                if found is not None:
                    named[name] = found
        return Rig(self.folder, self.avatar, art, named, tuple(self.files))

    def _check_tree(self) -> None:
        names: dict[str, int] = {}
        for i, part in enumerate(self.avatar.part):
            if part.name in names:
                self._fault(("part", i, "name"), f"{part.name!r} is there twice")
            names[part.name] = i
        parents = {part.name: part.parent for part in self.avatar.part}
        for i, part in enumerate(self.avatar.part):
            for key, other in (("parent", part.parent), ("clip", part.clip)):
                if other and other not in names:
                    self._fault(("part", i, key), "the part " + not_allowed(other, names))
            if part.clip == part.name:
                self._fault(("part", i, "clip"), "a part cannot be clipped by itself")
        clips = {part.name: part.clip for part in self.avatar.part if part.clip != part.name}
        for key, upwards, said in (
            ("parent", parents, "parts are each other's parents"),
            ("clip", clips, "parts are clipped by each other"),
        ):
            if circle := circle_in(upwards):
                at = names[circle[0]]
                self._fault(("part", at, key), f"{said}: {' → '.join(circle)}")

    def _own(self, i: int, part: Part) -> Art | None:
        if part.art == "" or part.sprite:
            return None
        if part.art is not None:
            return self._art(part.art, ("part", i, "art"), part)
        drawing = self._main()
        if drawing is not None and part.name in drawing.groups:
            return drawing.groups[part.name]
        return None

    def _main(self) -> Drawing | None:
        if not self.avatar.drawing:
            return None
        return self._drawing(self.avatar.drawing, ("drawing",))

    def _art(self, name: str, path: tuple[str | int, ...], part: Part) -> Art | None:
        suffix = Path(name).suffix.lower()
        if suffix in PICTURES:
            return self._picture(name, path, part)
        if suffix == ".svg":
            whole = self._drawing(name, path)
            if whole is None:
                return None
            return whole.whole
        drawing = self._main()
        if drawing is None:
            if not self.avatar.drawing:
                self._fault(path, f"{name!r} is no picture, and there is no `drawing` to hold it")
            return None
        if name not in drawing.groups:
            near = nearest(name, drawing.names)
            hint = f"; did you mean {near!r}?" if near else ""
            self._fault(path, f"{self.avatar.drawing} has no group {name!r}{hint}")
            return None
        return drawing.groups[name]

    def _inside(self, name: str, path: tuple[str | int, ...]) -> Path | None:
        """The file `name` of the avatar's folder; None, and a fault, where it leads out of it."""
        try:
            file = (self.folder / name).resolve()
            there = file.is_file()
        except (OSError, ValueError, RuntimeError):  # too long, or a link to itself
            self._fault(path, f"{name[:60]!r} is no path of a file")
            return None
        if self.folder.resolve() not in file.parents:
            self._fault(path, f"{name} lies outside the avatar's folder")
            return None
        if not there:
            others = _beside(file)
            near = nearest(file.name, others)
            hint = f" (did you mean {near!r}?)" if near else ""
            self._fault(path, f"there is no file {name}{hint}")
            return None
        if file not in self.files:
            self.files.append(file)
        return file

    def _drawing(self, name: str, path: tuple[str | int, ...]) -> Drawing | None:
        file = self._inside(name, path)
        if file is None:
            return None
        if file not in self._drawings:
            try:
                self._drawings[file] = read_drawing(file)
            except DrawingError as fault:
                origin = Origin(str(self.folder / name), fault.line)
                self.problems.append(Problem(origin, (), fault.reason))
                self._drawings[file] = None
        return self._drawings[file]

    def _picture(self, name: str, path: tuple[str | int, ...], part: Part) -> RasterArt | None:
        file = self._inside(name, path)
        if file is None:
            return None
        if file not in self._pictures:
            try:
                self._pictures[file] = read_picture(file)
            except PictureError as fault:
                self._fault(path, f"{name}: {fault}")
                self._pictures[file] = None
        found = self._pictures[file]
        return None if found is None else found.placed(part.at, part.size)

    def _fault(self, path: tuple[str | int, ...], said: str) -> None:
        self.problems.append(fault_at(self.document, path, said))


def _beside(file: Path) -> list[str]:
    """Names of files of the same kind in the folder where `file` should be."""
    try:
        return [other.name for other in file.parent.iterdir() if other.suffix == file.suffix]
    except OSError:
        return []


def _named(i: int, part: Part) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every other art that a part names, and where."""
    for j, morph in enumerate(part.morph):
        for row in morph.art:
            for name in [row] if isinstance(row, str) else row:
                yield ("part", i, "morph", j, "art"), name
    for j, sprite in enumerate(part.sprite):
        yield ("part", i, "sprite", j, "art"), sprite.art
