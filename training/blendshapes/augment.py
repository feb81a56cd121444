"""Pairs → many training samples: turned, morphed, one-sided and winking faces with labels.

    python training/blendshapes/augment.py FACES.npz VIDEO.npz face_landmarker.task OUT.npz

Everything happens in the frontal frame of `normalise`; `render` then turns a face and looks at it
through a near lens. What each kind is for:

real      the pairs as measured
turned    a real pair seen from another side: robustness to head pose
morphed   a still face that makes the movement of some video frame, at some strength, now and then
          on one side only: many people who blink, talk and smile
winking   one lid of one frame, the other of another: the teacher smears a wink over both eyes
          (so does any student of real pictures), here each side has the label of its own frame

Beside the teacher's `labels` stand `echoes`: what the teacher's network says of *our* points, with
no word from its own. They lack the correction that the labels hold, and all of their noise.
`clips` says which video clips a sample knows about (-1: none) and `face` which still face, so that
a clip or a person can be left out without a trace.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from network import TeacherNetwork
from points import RIGID, mean_layout

from vtdrive.trackers.shapes import Layout, normalise
from vtdrive.vocab import SHAPES

__all__ = ["Samples", "main", "render", "to_shapes"]

F = npt.NDArray[np.float32]
KINDS = ("real face", "real video", "turned face", "turned video", "morphed", "winking", "blinking")
SIDED = ("eyeBlink", "eyeLook", "eyeSquint", "eyeWide", "browDown", "browOuterUp", "cheekSquint")
"""Shapes of the upper face that one half of it decides alone."""


def to_shapes(labels: F, names: npt.NDArray[np.str_]) -> F:
    """(N, 52) in the teacher's order → `SHAPES` order; 0 where the teacher has no such shape."""
    order = {str(name): at for at, name in enumerate(names)}
    out = np.zeros((len(labels), len(SHAPES)), np.float32)
    for at, name in enumerate(SHAPES):
        if name in order:
            out[:, at] = labels[:, order[name]]
    return out


def _rotations(yaw: F, pitch: F, roll: F) -> F:
    """(N,) radians each → (N, 3, 3) that turn row vectors."""

    def about(axis: int, angle: F) -> F:
        out = np.zeros((len(angle), 3, 3), np.float32)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        out[:, axis, axis] = 1
        out[:, a, a] = out[:, b, b] = np.cos(angle)
        out[:, a, b], out[:, b, a] = np.sin(angle), -np.sin(angle)
        return out

    return about(1, yaw) @ about(0, pitch) @ about(2, roll)


@dataclass(slots=True)
class View:
    """How a batch of frontal faces is looked at; the same for both trackers' points."""

    turn: F
    distance: F
    stretch: F

    @staticmethod
    def draw(count: int, rng: np.random.Generator) -> View:
        """Mostly near the front, up to about ±45° of yaw; 25 cm to 1.5 m from the lens."""
        yaw = np.clip(rng.normal(0, 0.3, count), -0.8, 0.8)
        pitch = np.clip(rng.normal(0, 0.2, count), -0.55, 0.55)
        roll = rng.uniform(-0.5, 0.5, count)
        turn = _rotations(*(np.asarray(a, np.float32) for a in (yaw, pitch, roll)))
        distance = np.exp(rng.uniform(np.log(4), np.log(20), count)).astype(np.float32)
        stretch = np.exp(rng.normal(0, 0.03, (count, 1, 3))).astype(np.float32)
        return View(turn, distance, stretch)


def render(front: F, view: View) -> F:
    """(N, 478, 3) frontal faces → as pixels-like x, y, z seen through `view`."""
    seen = (front * view.stretch) @ view.turn
    near = view.distance[:, None, None] / (view.distance[:, None, None] + seen[..., 2:])
    return np.concatenate([seen[..., :2] * near, seen[..., 2:]], axis=-1)


@dataclass(slots=True)
class Samples:
    """Grows kind by kind; everything is normalised at once on saving."""

    layout: Layout
    points: list[F] = field(default_factory=list)
    labels: list[F] = field(default_factory=list)
    echoes: list[F] = field(default_factory=list)
    clips: list[npt.NDArray[np.int16]] = field(default_factory=list)
    faces: list[npt.NDArray[np.int32]] = field(default_factory=list)
    kinds: list[npt.NDArray[np.int8]] = field(default_factory=list)

    def add(
        self, kind: str, mesh: F, *, labels: F, echoes: F, clips: object, faces: object
    ) -> None:
        """`mesh` (N, 478, 3), `labels` (N, 52) in SHAPES order; `clips`, `faces` broadcast to N."""
        count = len(mesh)
        self.points.append(normalise(mesh, self.layout))
        self.labels.append(np.clip(labels, 0, 1))
        self.echoes.append(np.clip(echoes, 0, 1))
        self.clips.append(np.broadcast_to(np.asarray(clips, np.int16), (count,)))
        self.faces.append(np.broadcast_to(np.asarray(faces, np.int32), (count,)))
        self.kinds.append(np.full(count, KINDS.index(kind), np.int8))
        print(f"{kind}: {count}", flush=True)

    def save(self, out: Path) -> None:
        np.savez(
            out,
            points=np.concatenate(self.points),
            labels=np.concatenate(self.labels),
            echoes=np.concatenate(self.echoes),
            clips=np.concatenate(self.clips),
            faces=np.concatenate(self.faces),
            kinds=np.concatenate(self.kinds),
            kind_names=np.array(KINDS),
            layout_points=self.layout.points,
            layout_rigid=self.layout.rigid,
            layout_template=self.layout.template,
        )


@dataclass(slots=True)
class Sources:
    """Both kinds of pairs, in pixels and frontal, and what the video frames move."""

    mesh: F
    teacher: F
    front: F
    teacher_front: F
    face_labels: F
    video: F
    video_front: F
    video_labels: F
    clip: npt.NDArray[np.int16]
    movement: F
    """(V, 478, 3) each video frame less its clip's median face."""

    @staticmethod
    def load(faces: Path, video: Path, layout: Layout | None) -> tuple[Sources, Layout]:
        stills, frames = np.load(faces), np.load(video)
        mesh, seen = stills["landmarks_px"], frames["landmarks_px"]
        layout = layout or mean_layout(np.concatenate([mesh, seen[::4]]))
        whole = Layout(np.arange(478), RIGID, layout.template)
        front, video_front = (normalise(a, whole)[..., 2:] for a in (mesh, seen))
        movement = video_front.copy()
        for clip in np.unique(frames["clip"]):
            rows = frames["clip"] == clip
            movement[rows] -= np.median(video_front[rows], axis=0)
        return Sources(
            mesh,
            stills["teacher_px"],
            front,
            normalise(stills["teacher_px"], whole)[..., 2:],
            to_shapes(stills["blendshapes"], stills["names"]),
            seen,
            video_front,
            to_shapes(frames["blendshapes"], frames["names"]),
            frames["clip"],
            movement,
        ), layout


def _half(front: F, side: npt.NDArray[np.int64], band: float) -> F:
    """(N, 478, 1) near 1 on the subject's `side` (+1 left, which is picture right) of the face."""
    return 1 / (1 + np.exp(-front[..., :1] * side[:, None, None] / band))


def _upper(front: F) -> F:
    """(N, 478, 1) 1 for brows and lids, fading out over the cheeks."""
    return np.clip((0.62 - front[..., 1:2]) / 0.2, 0, 1)


def _sided(side: int) -> list[int]:
    end = "Left" if side > 0 else "Right"
    return [i for i, n in enumerate(SHAPES) if n.startswith(SIDED) and n.endswith(end)]


class Maker:
    """Fills `Samples` from `Sources`."""

    def __init__(self, src: Sources, samples: Samples, net: TeacherNetwork, names: object) -> None:
        self.src, self.out, self.net, self.names = src, samples, net, names
        self.rng = np.random.default_rng(11)
        self.blink = src.video_labels[:, [SHAPES.index(f"eyeBlink{s}") for s in ("Left", "Right")]]

    def label(self, mesh: F) -> F:
        return to_shapes(self.net(mesh), np.asarray(self.names))

    def real(self) -> None:
        src, out = self.src, self.out
        echoes = self.label(src.mesh)
        faces = np.arange(len(src.mesh))
        out.add("real face", src.mesh, labels=src.face_labels, echoes=echoes, clips=-1, faces=faces)
        self.video_echoes = self.label(src.video)
        out.add(
            "real video",
            src.video,
            labels=src.video_labels,
            echoes=self.video_echoes,
            clips=src.clip,
            faces=-1,
        )

    def turned(self, *, per_face: float, per_frame: int) -> None:
        src, out = self.src, self.out
        at = self.rng.integers(0, len(src.mesh), int(per_face * len(src.mesh)))
        view = View.draw(len(at), self.rng)
        mesh = render(src.front[at], view)
        labels = self.label(render(src.teacher_front[at], view))
        echoes = self.label(mesh)
        out.add("turned face", mesh, labels=labels, echoes=echoes, clips=-1, faces=at)
        # No teacher points exist for video frames: carry over how the label changes with the view.
        at = np.repeat(np.arange(len(src.video)), per_frame)
        mesh = render(src.video_front[at], View.draw(len(at), self.rng))
        echoes = self.label(mesh)
        labels = src.video_labels[at] + echoes - self.video_echoes[at]
        out.add("turned video", mesh, labels=labels, echoes=echoes, clips=src.clip[at], faces=-1)

    def morphed(self, count: int) -> None:
        src, rng = self.src, self.rng
        at = rng.integers(0, len(src.mesh), count)
        donor = rng.choice(len(src.video), count, p=self._busy())
        move = src.movement[donor] * rng.uniform(0.4, 1.5, (count, 1, 1)).astype(np.float32)
        side = rng.choice([-1, 1], count)
        one_sided = rng.random((count, 1, 1)) < 0.3
        move = move * np.where(one_sided, _half(src.front[at], side, 0.15), 1).astype(np.float32)
        view = View.draw(count, rng)
        mesh = render(src.front[at] + move, view)
        labels = self.label(render(src.teacher_front[at] + move, view))
        echoes = self.label(mesh)
        self.out.add("morphed", mesh, labels=labels, echoes=echoes, clips=src.clip[donor], faces=at)

    def _busy(self) -> npt.NDArray[np.float64]:
        """Share of each video frame as a donor: clips alike, big movements more often."""
        size = np.linalg.norm(self.src.movement, axis=-1).mean(1) + 0.01
        for clip in np.unique(self.src.clip):
            size[self.src.clip == clip] /= size[self.src.clip == clip].sum()
        return np.asarray(size / size.sum(), np.float64)

    def winking(self, *, still: int, video: int) -> None:
        """Lids of one frame and of another of the same clip, on stills and on the frame itself."""
        src, rng = self.src, self.rng
        mean = self.blink.mean(1)
        pairs = []
        for clip in np.unique(src.clip):
            rows = np.flatnonzero(src.clip == clip)
            low, high = np.quantile(mean[rows], [0.5, 0.97])
            if high - low > 0.2:
                shut, clear = rows[mean[rows] >= (low + high) / 2], rows[mean[rows] <= low]
                pairs.append((shut, clear))
        print(f"{len(pairs)} clips have blinks", flush=True)

        def draw(count: int) -> tuple[npt.NDArray[np.int64], ...]:
            pick = rng.integers(0, len(pairs), count)
            shut = np.array([rng.choice(pairs[p][0]) for p in pick])
            clear = np.array([rng.choice(pairs[p][1]) for p in pick])
            return shut, clear, rng.choice([-1, 1], count)

        shut, clear, side = draw(still)
        at = rng.integers(0, len(src.mesh), still)
        move = (src.video_front[shut] - src.video_front[clear]) * _upper(src.front[at])
        move *= rng.uniform(0.7, 1.2, (still, 1, 1)).astype(np.float32)
        view = View.draw(still, rng)
        open_labels = self.label(render(src.teacher_front[at], view))
        shut_labels = self.label(render(src.teacher_front[at] + move, view))
        clip = src.clip[shut]
        mesh = render(src.front[at] + move, view)
        open_echoes, shut_echoes = self.label(render(src.front[at], view)), self.label(mesh)
        self.out.add("blinking", mesh, labels=shut_labels, echoes=shut_echoes, clips=clip, faces=at)
        self.out.add(
            "winking",
            render(src.front[at] + move * _half(src.front[at], side, 0.06), view),
            labels=self._mixed(open_labels, shut_labels, side),
            echoes=self._mixed(open_echoes, shut_echoes, side),
            clips=clip,
            faces=at,
        )

        shut, clear, side = draw(video)
        front = src.video_front[clear]
        half = (src.video_front[shut] - front) * _upper(front) * _half(front, side, 0.06)
        self.out.add(
            "winking",
            render(front + half, View.draw(video, rng)),
            labels=self._mixed(src.video_labels[clear], src.video_labels[shut], side),
            echoes=self._mixed(self.video_echoes[clear], self.video_echoes[shut], side),
            clips=src.clip[clear],
            faces=-1,
        )

    @staticmethod
    def _mixed(clear: F, shut: F, side: npt.NDArray[np.int64]) -> F:
        labels = clear.copy()
        for which in (-1, 1):
            rows = np.flatnonzero(side == which)[:, None]
            labels[rows, _sided(which)] = shut[rows, _sided(which)]
        return labels


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("faces", "video", "task", "out"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    src, layout = Sources.load(options.faces, options.video, None)
    samples = Samples(layout)
    names = np.load(options.video)["names"]
    maker = Maker(src, samples, TeacherNetwork(options.task), names)
    maker.real()
    maker.turned(per_face=1.5, per_frame=3)
    maker.morphed(30_000)
    maker.winking(still=12_000, video=12_000)
    samples.save(options.out)


if __name__ == "__main__":
    main()
