"""An avatar at a glance: its expressions, turns, lids, gaze and vowels, as small as on a stream.

    python -m benchmarks.contact_sheet NAME [--out FILE]

Faces go through the avatar's own motion until it has settled, and through the drawer that a run
uses, so the sheet shows what viewers get. Not mirrored: "left" is the picture's left. Written to
docs/images/avatar-NAME.webp unless told.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.drawer import Drawer
from vtdrive.render.library import avatar_folder
from vtdrive.render.motion import Motion
from vtdrive.render.rig import load_rig
from vtdrive.spaces import quat_from_euler
from vtdrive.testing import shape_vector, ticks
from vtdrive.types import F32, U8, EmotionState, FaceState, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

TILE: Final = 150
LABEL: Final = 14
COLUMNS: Final = 9
SETTLES_S: Final = 2.6
FPS: Final = 30
FULL: Final = 0.8
"""The weight of a strong expression; `[emotion]` lets no more through."""
QUALITY: Final = 75
ROOT: Final = Path(__file__).parent.parent

DARK: Final = (28, 26, 38)
LIGHT: Final = (238, 238, 234)
GREEN: Final = (0, 255, 0)
PLAIN: Final = (116, 122, 142)


class Shot(NamedTuple):
    """One tile."""

    label: str
    state: FaceState
    back: U8


def face(
    *,
    shapes: Mapping[str, float] | None = None,
    emotion: str = "",
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0),
    gaze: tuple[float, float] = (0.0, 0.0),
    talks: bool = False,
) -> FaceState:
    """A face; `turn` is (to the picture's right, up, tilted to the picture's right) in degrees,
    `gaze` (right, up)."""
    weights = np.zeros(len(EMOTIONS), np.float32)
    shown = EMOTION_INDEX[emotion] if emotion else 0
    weights[shown] = FULL if shown else 0.0
    yaw, pitch, roll = (math.radians(a) for a in turn)
    look = [math.radians(a) for a in gaze]
    return FaceState(
        status=Status.LIVE,
        head_xyzw=frozen(quat_from_euler(yaw=yaw, pitch=pitch, roll=-roll)),
        head_m=frozen(np.zeros(3)),
        gaze_rad=frozen([look, look]),
        shapes=frozen(shape_vector(shapes or {})),
        emotion=EmotionState(frozen(weights), frozen(weights), shown, shown),
        speaking=float(talks),
        breath=0.0,
    )


def flat(colour: Sequence[int]) -> U8:
    return np.full((TILE, TILE, 3), colour, np.uint8)


def game(seed: int) -> U8:
    """A made-up platform game: busy, dark and colourful."""
    rng = np.random.default_rng(seed)
    out = np.zeros((TILE, TILE, 3), np.uint8)
    for y in range(0, TILE, 15):
        out[y : y + 15] = (38 + y // 5, 30 + y // 4, 84 + y // 3)
    for x in range(-20, TILE, 34):
        top = int(rng.integers(40, 95))
        cv2.rectangle(out, (x, top), (x + 26, TILE), (44, 38, 74), -1)
        for wy in range(top + 6, TILE - 30, 12):
            lit = (232, 190, 92) if rng.random() < 0.5 else (58, 52, 96)
            cv2.rectangle(out, (x + 5, wy), (x + 10, wy + 5), lit, -1)
            cv2.rectangle(out, (x + 16, wy), (x + 21, wy + 5), (58, 52, 96), -1)
    for _ in range(5):
        x, y = (int(v) for v in rng.integers(0, TILE, 2))
        cv2.rectangle(out, (x, y), (x + 40, y + 9), (66, 152, 84), -1)
        cv2.rectangle(out, (x, y + 9), (x + 40, y + 16), (122, 78, 52), -1)
        cv2.circle(out, (x + 20, y - 8), 5, (248, 206, 70), -1, cv2.LINE_AA)
    cv2.rectangle(out, (0, TILE - 18), (TILE, TILE), (96, 62, 46), -1)
    cv2.rectangle(out, (0, TILE - 22), (TILE, TILE - 18), (74, 168, 92), -1)
    cv2.rectangle(out, (6, 6), (6 + int(rng.integers(20, 60)), 12), (222, 66, 74), -1)
    return out


def rows() -> Iterator[list[Shot]]:
    """What is shown, row by row."""
    backs = (flat(DARK), flat(LIGHT), flat(GREEN))
    for row in range(4):
        talks = row % 2 == 1
        open_ = {"jawOpen": 0.6} if talks else {}
        yield [
            Shot(
                f"{name}{', talks' if talks else ''}",
                face(emotion=name, shapes=open_, talks=talks),
                backs[row] if row < 3 else game(i),
            )
            for i, name in enumerate(EMOTIONS)
        ]
    plain = flat(PLAIN)
    yield [
        Shot(f"turn {x:+d}, {y:+d}", face(turn=(x, y, 0)), plain)
        for y in (20, 0, -20)
        for x in (-25, 0, 25)
    ]
    smile = {"mouthSmile": 0.9, "cheekSquint": 0.3}
    yield [
        Shot("blink 1", face(shapes={"eyeBlink": 1.0}), plain),
        Shot("blink .5", face(shapes={"eyeBlink": 0.5}), plain),
        Shot("left wink", face(shapes={"eyeBlinkRight": 1.0}), plain),
        Shot("smile", face(shapes=smile), plain),
        Shot("smile, blink 1", face(shapes=smile | {"eyeBlink": 1.0}), plain),
        *(
            Shot(f"gaze {label}", face(gaze=way), plain)
            for label, way in (
                ("left", (-25, 0)), ("right", (25, 0)), ("up", (0, 20)), ("down", (0, -20)),
            )
        ),
    ]  # fmt: skip
    yield [
        *(Shot(label, face(shapes=shapes, talks=True), plain) for label, shapes in VOWELS.items()),
        Shot("frown", face(shapes={"mouthFrown": 0.9, "browDown": 0.5}), plain),
        Shot("grin", face(shapes={"mouthSmile": 1.0, "jawOpen": 0.7}), plain),
        Shot("tilt -25", face(turn=(0, 0, -25)), plain),
        Shot("tilt +25", face(turn=(0, 0, 25)), plain),
    ]


VOWELS: Final = {
    "A": {"jawOpen": 0.7},
    "I": {"jawOpen": 0.15, "mouthStretch": 0.7, "mouthSmile": 0.3},
    "U": {"jawOpen": 0.2, "mouthPucker": 0.9, "mouthFunnel": 0.3},
    "E": {"jawOpen": 0.4, "mouthStretch": 0.6},
    "O": {"jawOpen": 0.5, "mouthFunnel": 0.8, "mouthPucker": 0.3},
}


class Photographer:
    """Takes the shots of one avatar."""

    def __init__(self, name: str) -> None:
        self._avatar = load_rig(avatar_folder(name)).avatar
        self._drawer = Drawer(AvatarConfig(name=name, mirror=False), size=(TILE, TILE))

    def __enter__(self) -> Photographer:
        self._drawer.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._drawer.close()

    def settled(self, state: FaceState) -> F32:
        """The parameters after the face has been held for a while."""
        motion = Motion(self._avatar)
        times = ticks(SETTLES_S, fps=FPS)
        for t_ns in times[:FPS]:
            motion.step(face(), t_ns)
        for t_ns in times[FPS:]:
            params = motion.step(state, t_ns)
        return params

    def tile(self, shot: Shot) -> U8:
        """(TILE + LABEL, TILE, 3) RGB."""
        rgba = self._drawer.paint(self.settled(shot.state)).astype(np.float32)
        seen = rgba[..., :3] + shot.back * (1.0 - rgba[..., 3:] / 255.0)
        picture = np.clip(seen + 0.5, 0, 255).astype(np.uint8)
        label = np.full((LABEL, TILE, 3), 250, np.uint8)
        cv2.putText(
            label, shot.label, (4, LABEL - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (60, 40, 60), 1,
            cv2.LINE_AA,
        )  # fmt: skip
        return np.concatenate([picture, label])


def sheet(name: str) -> U8:
    """The whole sheet of an avatar, RGB."""
    gap = np.full((TILE + LABEL, TILE, 3), 250, np.uint8)
    with Photographer(name) as photographer:
        lines = [[photographer.tile(shot) for shot in row] for row in rows()]
    return np.concatenate(
        [np.concatenate(line + [gap] * (COLUMNS - len(line)), axis=1) for line in lines]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("name", help="an avatar's name or folder")
    parser.add_argument("--out", type=Path, help="instead of docs/images/avatar-NAME.webp")
    wanted = parser.parse_args()
    out = wanted.out or ROOT / "docs" / "images" / f"avatar-{Path(wanted.name).name}.webp"
    bgr = cv2.cvtColor(sheet(wanted.name), cv2.COLOR_RGB2BGR)
    out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(out), bgr, (cv2.IMWRITE_WEBP_QUALITY, QUALITY)):
        raise SystemExit(f"{out} could not be written")
    print(f"{out}: {out.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
