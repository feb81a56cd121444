"""One run from start to end: targets held, signals heard, config watched, the session driven."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from vtdrive.cli.show import Show, View
from vtdrive.cli.signals import ended_by_signals
from vtdrive.config.load import load_config
from vtdrive.config.reload import ConfigWatcher
from vtdrive.config.schema import Config
from vtdrive.control.make import listeners
from vtdrive.core.calibrate import NeutralPose
from vtdrive.core.signals import SIGNALS
from vtdrive.runtime.build import make_session, make_sinks
from vtdrive.runtime.commanding import Commander
from vtdrive.runtime.presets import Presets
from vtdrive.runtime.session import Session
from vtdrive.runtime.users import UserStore
from vtdrive.runtime.worker import Worker
from vtdrive.sinks.base import Sink
from vtdrive.sinks.lockfile import acquire

__all__ = ["chosen_view", "perform"]


def chosen_view(*, quiet: bool, lines: bool = False) -> View:
    """The dashboard where there is a terminal for it."""
    if quiet:
        return "quiet"
    # None where a program without a console was started, or standard output was closed.
    there = sys.stdout is not None and sys.stdout.isatty()
    return "live" if there and not lines else "lines"


def perform(
    config: Config,
    *,
    view: View,
    title: str,
    user: UserStore | None,
    files: Sequence[Path] = (),
    chosen: Mapping[str, Any] | None = None,
    max_seconds: float | None = None,
    force: bool = False,
    extra: Sequence[Sink] = (),
) -> tuple[Session, Show]:
    """Drive until the source ends or the user does; raises what broke the run.

    `extra` sinks are served beside those of the config.
    `files` are watched and laid under `chosen` (what the command line said) when they change.
    `user` None neither reads nor saves a neutral.
    """

    def save(neutral: NeutralPose) -> None:
        if user is None:
            return
        try:
            user.save(neutral)
        except OSError as fault:
            show.on_event(f"the neutral could not be saved ({fault}); it holds for this run")

    neutral = user.load() if user is not None else None
    show = Show(view, title=title, on_neutral=save, neutral=neutral)
    if user is not None and user.damaged:
        show.on_event(f"the saved neutral in {user.path} makes no sense: a new one is needed (n)")
    sinks = [*make_sinks(config, neutral), *extra] if extra else None
    session = make_session(config, listener=show, neutral=neutral, sinks=sinks)
    presets = Presets(
        [Path(path) for path in config.control.presets],
        load=lambda layer: _loaded([*files, *layer], chosen),
        use=lambda preset: session.reload(_kept(preset, session.config)),
    )
    presets.check()
    folder = Path(config.control.recordings)
    commander = Commander(session, presets, recordings=folder, tell=show.on_event)
    stop, over = threading.Event(), threading.Event()
    faults: list[BaseException] = []

    def drive(_: threading.Event) -> None:
        try:
            session.run(stop, max_seconds)
        finally:
            over.set()

    with ExitStack() as stack:
        for target in dict.fromkeys(o.sink.target for o in session.outlets.all):
            stack.enter_context(acquire(target, force=force))
        stack.enter_context(ended_by_signals(stop))
        if files:
            stack.enter_context(_watcher(files, chosen, session, presets, show))
        stack.enter_context(commander)
        stack.enter_context(listeners(config.control, commander.do, commander.state, show.on_event))
        run = stack.enter_context(
            Worker("track", drive, on_failure=faults.append, wake=stop.set, join_s=10.0)
        )
        show.follow(session, stop, over)
        run.join()
    if faults:
        raise faults[0]
    return session, show


def _loaded(files: Sequence[Path], chosen: Mapping[str, Any] | None) -> Config:
    return load_config(files, overrides=chosen, known_signals=SIGNALS)


def _kept(preset: Config, running: Config) -> Config:
    """A preset is about how the avatar is driven: where from and where to stays as it is."""
    stays = ("source", "tracker", "inputs", "sinks", "control")
    return preset.model_copy(update={name: getattr(running, name) for name in stays})


def _watcher(
    files: Sequence[Path],
    chosen: Mapping[str, Any] | None,
    session: Session,
    presets: Presets,
    show: Show,
) -> ConfigWatcher:
    def use(config: Config) -> None:
        if presets.layer:
            config = _kept(config, session.config)
        elif not config.sinks:
            config = config.model_copy(update={"sinks": session.config.sinks})
        session.reload(config)
        show.on_event("config reloaded")

    def refuse(sentence: str) -> None:
        show.on_event(f"config not reloaded, the old one stays:\n{sentence}")

    return ConfigWatcher(
        [*files, *presets.paths],
        use,
        refuse,
        load=lambda _: _loaded([*files, *presets.layer], chosen),
    )
