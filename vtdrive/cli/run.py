"""`vtdrive run` and `vtdrive record`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from vtdrive.config.schema import Config

__all__ = ["record", "run", "shown_somewhere"]

Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        "-s",
        help="Camera number or name, video, image, folder, http:// or rtsp:// stream, or none."
        " \\[default: camera 0]",
    ),
]
Sinks = Annotated[
    list[str] | None,
    typer.Option(
        "--sink",
        help="Where to send, e.g. vmc://127.0.0.1:39539; may repeat. All: vtdrive sinks list",
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--in", help="Tracking from elsewhere, e.g. vmc-in://127.0.0.1:39540; may repeat."
    ),
]
Controls = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        help="Take commands: osc://127.0.0.1:9010, http://127.0.0.1:9011 or midi:NAME; may repeat.",
    ),
]
Configs = Annotated[
    list[Path] | None,
    typer.Option("--config", "-c", help="Config file or preset; may repeat, later ones override."),
]
MaxSeconds = Annotated[
    float | None, typer.Option(min=0, max=1e9, help="End this long after the first frame.")
]
Avatar = Annotated[
    str | None,
    typer.Option(
        "--avatar",
        help="Draw this avatar (vtdrive avatar list): into a window, or where the options say.",
    ),
]
VirtualCam = Annotated[
    bool,
    typer.Option("--virtualcam", help="Show the drawn avatar as a webcam, for OBS or Discord."),
]
Fast = Annotated[bool, typer.Option("--fast", help="Play a file as fast as it can be tracked.")]
Fps = Annotated[float | None, typer.Option(min=1, max=240, help="Play a file at this pace.")]
Loop = Annotated[bool, typer.Option("--loop", help="Play a file again and again.")]
AutoNeutral = Annotated[
    bool,
    typer.Option(
        "--auto-neutral/--no-auto-neutral",
        help="Take the first 2 s of a steady, frontal face as neutral.",
    ),
]
Emotion = Annotated[bool, typer.Option("--emotion/--no-emotion", help="Classify expressions.")]
User = Annotated[str, typer.Option(help="Whose saved neutral to use.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No live display.")]
Force = Annotated[
    bool, typer.Option("--force", help="Send even if another vtdrive sends to the same target.")
]


def overrides(
    source: str | None = None,
    sinks: list[str] | None = None,
    inputs: list[str] | None = None,
    control: list[str] | None = None,
    *,
    fast: bool = False,
    fps: float | None = None,
    loop: bool = False,
    auto_neutral: bool = True,
    emotion: bool = True,
    avatar: str | None = None,
    virtualcam: bool = False,
) -> dict[str, Any]:
    """What the command line lays over the config files; only what was said."""
    from vtdrive.config.control_urls import control_overrides
    from vtdrive.config.urls import parse_input_url, parse_sink_url

    chosen: dict[str, Any] = {"source": {}}
    if source is not None:
        chosen["source"]["uri"] = source
    if fps is not None:
        chosen["source"]["fps"] = fps
    chosen["source"] |= {key: True for key, on in (("fast", fast), ("loop", loop)) if on}
    urls = [*(sinks or []), *(["virtualcam:"] if virtualcam else [])]
    if urls:
        chosen["sinks"] = [parse_sink_url(url).model_dump() for url in urls]
    if avatar is not None:
        chosen["avatar"] = {"name": avatar}
    if inputs:
        chosen["inputs"] = [parse_input_url(url).model_dump() for url in inputs]
    if control:
        chosen["control"] = control_overrides(control)
    if not auto_neutral:
        chosen["neutral"] = {"auto": False}
    if not emotion:
        chosen["emotion"] = {"enabled": False}
    return chosen


def run(
    source: Source = None,
    sink: Sinks = None,
    inputs: Inputs = None,
    config: Configs = None,
    control: Controls = None,
    avatar: Avatar = None,
    virtualcam: VirtualCam = False,
    max_seconds: MaxSeconds = None,
    fast: Fast = False,
    fps: Fps = None,
    loop: Loop = False,
    auto_neutral: AutoNeutral = True,
    emotion: Emotion = True,
    user: User = "default",
    quiet: Quiet = False,
    force: Force = False,
) -> None:
    """Drive an avatar: camera (or file) in, VMC and other outputs out.

    Without any --sink and config it sends VMC to 127.0.0.1:39539, where VSeeFace and Warudo listen.
    No avatar app? vtdrive run --avatar mimi --virtualcam is a webcam with a drawn avatar.
    """
    _drive(
        overrides(
            source,
            sink,
            inputs,
            control,
            fast=fast,
            fps=fps,
            loop=loop,
            auto_neutral=auto_neutral,
            emotion=emotion,
            avatar=avatar,
            virtualcam=virtualcam,
        ),
        config or [],
        max_seconds=max_seconds,
        user=user,
        quiet=quiet,
        force=force,
        default_sink=True,
    )


def record(
    file: Annotated[Path, typer.Argument(help="The recording to write (.mcap).")],
    source: Source = None,
    sink: Sinks = None,
    inputs: Inputs = None,
    config: Configs = None,
    control: Controls = None,
    avatar: Avatar = None,
    virtualcam: VirtualCam = False,
    max_seconds: MaxSeconds = None,
    fast: Fast = False,
    fps: Fps = None,
    loop: Loop = False,
    auto_neutral: AutoNeutral = True,
    emotion: Emotion = True,
    user: User = "default",
    quiet: Quiet = False,
    force: Force = False,
) -> None:
    """Record every stage of a run, for `vtdrive replay`. Measurements only, never pictures."""
    from datetime import datetime

    from vtdrive.errors import SinkError, UsageError

    now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    file = Path(str(file).replace("{time}", now))
    if file.exists():
        raise UsageError(
            f"{file} exists already, and a recording is never overwritten",
            "choose another name, or remove it",
        )
    chosen = overrides(
        source,
        sink,
        inputs,
        control,
        fast=fast,
        fps=fps,
        loop=loop,
        auto_neutral=auto_neutral,
        emotion=emotion,
        avatar=avatar,
        virtualcam=virtualcam,
    )
    chosen["sinks"] = [*chosen.get("sinks", []), {"kind": "mcap", "path": str(file)}]
    try:
        faults = _drive(
            chosen,
            config or [],
            max_seconds=max_seconds,
            user=user,
            quiet=quiet,
            force=force,
            default_sink=False,
        )
    finally:
        nothing = _removed_if_empty(file)
    if nothing:
        raise SinkError("nothing was recorded: the run ended before its first frame")
    if f"mcap {file}" in faults or not file.exists():
        raise SinkError(f"{file} is not complete: {faults.get(f'mcap {file}', 'not written')}")
    typer.echo(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB): vtdrive replay {file}")


def shown_somewhere(config: Config) -> Config:
    """With a window for the avatar, where no sink shows it; raises UsageError without a screen."""
    from vtdrive.config.sinks import PICTURE_KINDS, WindowSink
    from vtdrive.errors import UsageError
    from vtdrive.render.screen import has_screen

    if any(sink.kind in PICTURE_KINDS for sink in config.sinks):
        return config
    if not has_screen():
        raise UsageError(
            "--avatar alone shows it in a window, and there is no screen here",
            "add --virtualcam, --sink page:// or --sink file:out.mp4",
        )
    return config.model_copy(update={"sinks": [*config.sinks, WindowSink()]})


def _title(config: Config) -> str:
    """Where the tracking comes from."""
    from vtdrive.sources.uri import is_no_camera, shown

    source = config.source.uri
    camera = [] if is_no_camera(source) else [shown(source)]
    return " + ".join([*camera, *(table.kind for table in config.inputs)])


def _removed_if_empty(file: Path) -> bool:
    """Whether a recording held no frame; it is removed then, so that its name stays free."""
    from vtdrive.errors import VtdriveError
    from vtdrive.track_sources.recording import Recording

    if not file.is_file():
        return False
    recording = Recording(file)
    try:
        recording.open()
    except VtdriveError:
        recording.close()
        file.unlink()
        return True
    recording.close()
    return False


def _drive(
    chosen: dict[str, Any],
    files: list[Path],
    *,
    max_seconds: float | None,
    user: str,
    quiet: bool,
    force: bool,
    default_sink: bool,
) -> dict[str, str]:
    """Run; what each sink last had to say against it."""
    from vtdrive.cli.perform import chosen_view, perform
    from vtdrive.config.load import load_config
    from vtdrive.config.sinks import VmcSink
    from vtdrive.core.signals import SIGNALS
    from vtdrive.runtime.users import UserStore
    from vtdrive.sources.uri import is_no_camera, kind_of

    config = load_config(files, overrides=chosen, known_signals=SIGNALS)
    if "avatar" in chosen:
        config = shown_somewhere(config)
    if default_sink and not config.sinks:
        config = config.model_copy(update={"sinks": [VmcSink()]})
    to_stdout = any(getattr(sink, "path", "") == "-" for sink in config.sinks)
    session, _ = perform(
        config,
        view=chosen_view(quiet=quiet or to_stdout),
        title=_title(config),
        # A film's face is not the user's: only a camera's neutral is kept.
        user=UserStore(user) if kind_of(config.source.uri) == "camera" else None,
        files=files,
        chosen=chosen,
        max_seconds=max_seconds,
        force=force,
    )
    stats = session.stats
    seen = f"{stats.frames} frames, {stats.faces} with a face, {stats.dropped} skipped"
    if is_no_camera(config.source.uri):
        seen = f"{stats.ticks} ticks, {stats.live_ticks} with a face"
    typer.echo(f"{seen}, {session.outlets.packets} packets", err=True)
    for outlet in session.outlets.all:
        sent = outlet.sink.stats
        wrong = f"; {outlet.trouble}" if outlet.trouble else ""
        typer.echo(
            f"  {outlet.sink.name}: {sent.frames} frames, {sent.bytes_sent / 1024:.0f} kB{wrong}",
            err=True,
        )
    return {o.sink.name: o.sink.stats.last_error for o in session.outlets.all if not o.healthy}
