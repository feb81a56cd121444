"""What is happening, as text: bars for the face, the emotions, and how long each stage takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from vtdrive.runtime.outlets import Outlet
from vtdrive.runtime.stats import RunStats
from vtdrive.spaces import euler_from_quat
from vtdrive.types import AvatarFrame, Status
from vtdrive.vocab import EMOTIONS, SHAPE_INDEX

__all__ = ["dashboard", "status_line"]

_WIDTH: Final = 18
_COLOUR: Final = {Status.LIVE: "green", Status.HELD: "yellow", Status.LOST: "red"}
_FULL_DEG: Final = 30.0
_TAKING: Final = "taking your neutral: sit as usual, look at the camera and hold still"
_KEYS: Final = "n: new neutral   f: freeze   p: panic   e: emotion on/off   q: quit"
_STAGES: Final = {
    "wait": "camera → taken",
    "track": "tracking + shapes",
    "step": "driver",
    "send": "sending",
    "capture_to_wire": "camera → wire",
    "emotion": "emotion (own thread)",
}


def _bar(value: float, colour: str) -> Text:
    """0..1 from the left."""
    filled = round(max(0.0, min(1.0, value)) * _WIDTH)
    return Text("█" * filled, colour) + Text("·" * (_WIDTH - filled), "bright_black")


def _dial(value: float, colour: str) -> Text:
    """-1..1 from the middle; + is drawn to the right."""
    half = _WIDTH // 2
    n = round(max(-1.0, min(1.0, value)) * half)
    cells = ["·"] * _WIDTH
    for i in range(min(half, half + n), max(half, half + n)):
        cells[i] = "█"
    out = Text()
    for i, cell in enumerate(cells):
        out.append(cell if i != half or cell == "█" else "│", colour if cell == "█" else "dim")
    return out


def _rows(pairs: Sequence[tuple[str, Text, str]]) -> Table:
    grid = Table.grid(padding=(0, 1))
    for name, bar, note in pairs:
        grid.add_row(Text(name, "bold"), bar, Text(note, "dim"))
    return grid


def _face(frame: AvatarFrame) -> Table:
    s, state = frame.state.shapes, frame.state
    yaw, pitch, roll = (math.degrees(v) for v in euler_from_quat(state.head_xyzw))
    gaze_yaw, gaze_pitch = (math.degrees(float(v)) for v in state.gaze_rad.mean(axis=0))

    def shape(name: str) -> float:
        return float(s[SHAPE_INDEX[name]])

    def both(stem: str) -> float:
        return (shape(f"{stem}Left") + shape(f"{stem}Right")) / 2

    return _rows(
        [
            ("head yaw", _dial(yaw / _FULL_DEG, "cyan"), f"{yaw:+.0f}°"),
            ("head pitch", _dial(pitch / _FULL_DEG, "cyan"), f"{pitch:+.0f}°"),
            ("head roll", _dial(roll / _FULL_DEG, "cyan"), f"{roll:+.0f}°"),
            ("gaze", _dial(gaze_yaw / _FULL_DEG, "blue"), f"{gaze_yaw:+.0f}° {gaze_pitch:+.0f}°"),
            ("eye left", _bar(1 - shape("eyeBlinkLeft"), "blue"), "open"),
            ("eye right", _bar(1 - shape("eyeBlinkRight"), "blue"), "open"),
            ("brows up", _bar(max(shape("browInnerUp"), both("browOuterUp")), "magenta"), ""),
            ("brows down", _bar(both("browDown"), "magenta"), ""),
            ("jaw", _bar(shape("jawOpen"), "green"), "speaking" if state.speaking else ""),
            ("smile", _bar(both("mouthSmile"), "green"), ""),
            ("frown", _bar(both("mouthFrown"), "green"), ""),
        ]
    )


def _emotions(frame: AvatarFrame) -> Table:
    felt = frame.state.emotion
    rows = []
    for i, name in enumerate(EMOTIONS):
        weight = float(felt.weights[i])
        shown = i == felt.shown
        note = f"shown {weight:.2f}" if shown and i else "← shown" if shown else ""
        rows.append((name, _bar(float(felt.probs[i]), "yellow" if shown else "white"), note))
    return _rows(rows)


def _latency(percentiles: Mapping[str, Mapping[str, float]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text("ms", "dim"), Text("p50", "dim"), Text("p99", "dim"))
    for stage, title in _STAGES.items():
        if stage in percentiles:
            row = percentiles[stage]
            style = "bold" if stage == "capture_to_wire" else ""
            grid.add_row(
                Text(title, style), Text(f"{row['p50']:6.2f}", style), Text(f"{row['p99']:6.2f}")
            )
    return grid


def dashboard(
    frame: AvatarFrame,
    stats: RunStats,
    sinks: RenderableType,
    events: Sequence[str],
    *,
    title: str,
    emotion_hz: float,
    taking: float | None,
    forced: str = "",
) -> RenderableType:
    """The whole picture for a terminal of 80 columns or more.

    `taking` is how much of a neutral is measured, None where none is being taken. `forced` is what
    the avatar shows by command.
    """
    top = Table.grid(expand=True)
    top.add_column(ratio=1)
    top.add_column(ratio=1)
    top.add_row(
        Panel(_face(frame), title="face", border_style="dim"),
        Panel(_emotions(frame), title="expression", border_style="dim"),
    )
    rates = (
        f"{stats.fps():.0f} fps   emotion {stats.emotion_hz():.0f} of {emotion_hz:.0f} Hz   "
        f"CPU {100 * stats.cpu_share():.0f} % of a core   {stats.dropped} frames skipped"
    )
    low = Group(Text(rates), _latency(stats.percentiles(last=240)), sinks)
    news = Text("\n".join(events[-4:]), "dim")
    if taking is not None:
        news = Text(f"{_TAKING} ({100 * taking:.0f} %)\n", "yellow") + news
    status = Text(f" {frame.status.name} ", f"bold white on {_COLOUR[frame.status]}")
    head = Text.assemble(status, "  ", (title, "bold"))
    if forced:
        head.append_text(Text.assemble("  ", (f" {forced} ", "bold black on yellow")))
    foot = Text(_KEYS, "dim")
    return Group(head, top, Panel(low, title="pace", border_style="dim"), news, foot)


def status_line(frame: AvatarFrame, stats: RunStats, outlets: Sequence[Outlet]) -> str:
    """One line, where there is no terminal to draw on."""
    felt, s = frame.state.emotion, frame.state.shapes
    yaw, pitch, _ = (math.degrees(v) for v in euler_from_quat(frame.state.head_xyzw))
    paces = stats.percentiles(last=240)
    # Without a camera it is a live input's time on this machine.
    wire = f"{paces['capture_to_wire']['p50']:.1f} ms" if "capture_to_wire" in paces else "–"
    packets = sum(o.sink.stats.packets for o in outlets if not o.sink.slow)
    return (
        f"{frame.status.name:4} head {yaw:+3.0f}° {pitch:+3.0f}°"
        f"  eyes {1 - s[SHAPE_INDEX['eyeBlinkLeft']]:.1f} {1 - s[SHAPE_INDEX['eyeBlinkRight']]:.1f}"
        f"  jaw {s[SHAPE_INDEX['jawOpen']]:.1f}  {EMOTIONS[felt.leading]:9} {felt.probs.max():.2f}"
        f"  {stats.fps():3.0f} fps  camera→wire {wire}  {packets} packets"
    )
