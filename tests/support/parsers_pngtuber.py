"""PNGtubers of other programs, for the tests that throw ugly bytes at parsers."""

from __future__ import annotations

from collections.abc import Callable

__all__ = [
    "import_refusals", "imports", "mini_files", "picture", "pictures", "plus_files", "remix_files",
    "veado_files",
]  # fmt: skip


def imports(kind: str) -> Callable[[bytes], object]:
    """A file of another program's PNGtuber, as far as it goes without decoding pictures."""

    def feed(data: bytes) -> object:
        import tomllib

        from vtdrive.render.importing.mini import read_mini
        from vtdrive.render.importing.plus import read_save
        from vtdrive.render.importing.remix import read_remix
        from vtdrive.render.importing.veado import read_veado
        from vtdrive.render.importing.written import avatar_toml

        read = {"plus": read_save, "veado": read_veado, "mini": read_mini, "remix": read_remix}
        made = read[kind](data, "somebody")
        tomllib.loads(avatar_toml(made.avatar))
        for path, picture in made.pictures.items():
            assert ".." not in path
            assert path.startswith("pictures/")
            x, y, width, height = picture.cut or (0, 0, 1, 1)
            assert 0 <= x < x + width <= picture.art.width
            assert 0 <= y < y + height <= picture.art.height
        return made

    return feed


def import_refusals() -> tuple[type[Exception], ...]:
    from vtdrive.render.importing.art import Unreadable

    return (Unreadable,)


def plus_files() -> list[bytes]:
    from pngtubers import disc, plus, plus_sprite

    small = disc(width=10, height=10)
    return [
        plus(
            [
                plus_sprite(1, small, drag=4, rotDrag=1, clipped=True, frames=2),
                plus_sprite(2, small, parentId=1, showTalk=2, pos="Vector2(1, -2)"),
            ]
        )
    ]


def veado_files() -> list[bytes]:
    from pngtubers import disc, veado

    small = disc(width=10, height=10)
    states = {"happy": [small, small, None, None], "Idle": [small, None, small, None]}
    return [veado(states), veado(states, new=False, codec=b"PNG.")]


def mini_files() -> list[bytes]:
    from pngtubers import disc, mini, png

    small = png(disc(width=10, height=10))
    return [mini({"idle.png": small, "talk.png": small, "a.yaml": b"x"})]


def remix_files() -> list[bytes]:
    from pngtubers import GodotObject, disc, remix, remix_sprite

    sprite = remix_sprite(2, disc(width=10, height=10), should_talk=True, position=(2.0, 3.0))
    key = [{"hot_key": GodotObject("InputEventKey")}]
    return [remix([remix_sprite(1, None), {**sprite, "parent_id": 1.0}], input_array=key)]


def picture(data: bytes) -> object:
    from vtdrive.render.importing.art import art_of

    return art_of(data)


def pictures() -> list[bytes]:
    from pngtubers import disc, gif, png

    webp = b"RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0/\x0f\xc0\x03\0" + bytes(12)
    return [png(disc(width=10, height=10)), gif(), webp]
