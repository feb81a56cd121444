"""From a config to the parts of a run: feed, tracker, classifier, sinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import SecretStr

from vtdrive.classifiers.base import Classifier
from vtdrive.clock import SYSTEM_CLOCK, Clock
from vtdrive.config.base import Table
from vtdrive.config.control import Control
from vtdrive.config.schema import Config, SourceConfig
from vtdrive.core.calibrate import NeutralPose
from vtdrive.errors import UsageError
from vtdrive.listening import is_everywhere, is_loopback
from vtdrive.runtime.feed import Feed, InputFeed, LiveFeed, LockstepFeed
from vtdrive.runtime.inputs import make_inlets
from vtdrive.runtime.session import Listener, Session
from vtdrive.sinks.base import Sink
from vtdrive.sinks.make import make_sink, tap_sent
from vtdrive.sinks.mcap import RunFacts
from vtdrive.sources.resilient import Resilient
from vtdrive.sources.resolve import open_source
from vtdrive.sources.uri import is_no_camera, shown
from vtdrive.trackers.make import make_tracker
from vtdrive.types import Incoming
from vtdrive.wire.recording import inputs_text

__all__ = [
    "check_inputs",
    "make_classifier",
    "make_feed",
    "make_session",
    "make_sinks",
    "run_facts",
]

AnyTable = TypeVar("AnyTable", bound=Table)


def make_feed(
    config: SourceConfig, tell: Callable[[str], None], clock: Clock = SYSTEM_CLOCK
) -> Feed:
    """The frames of a source: in lockstep with `fast`, else the newest one."""
    first = open_source(config, clock=clock, tell=tell)
    if config.fast:
        return LockstepFeed(first, clock)
    made = [first]
    return LiveFeed(
        Resilient(
            lambda: made.pop() if made else open_source(config, clock=clock, tell=tell),
            stall_s=config.stall_s,
            retry_max_s=config.retry_max_s,
            clock=clock,
            on_event=lambda event: tell(event.sentence),
        )
    )


def make_classifier(config: Config) -> Classifier | None:
    """The emotion classifier, or None where emotion is off."""
    if not config.emotion.enabled:
        return None
    from vtdrive.classifiers import make

    return make.make_classifier(config.emotion)


def run_facts(
    config: Config,
    neutral: NeutralPose | None,
    *,
    rests: Sequence[Mapping[str, Any]] = (),
    lasts: Sequence[Incoming | None] = (),
) -> RunFacts:
    """What a recording must say so that a replay starts where the run did; `rests` are the neutrals
    of live inputs (`Mixer.rests`) and `lasts` their measurements (`Mixer.lasts`) where it begins in
    the middle of one."""
    import json

    extra = {} if neutral is None else {"neutral": json.dumps(neutral.to_dict())}
    if rests:
        extra["input_neutrals"] = json.dumps(rests)
    if lasts:
        extra["input_lasts"] = inputs_text(lasts)
    # Recordings are shared: a camera's password must not go with them.
    source = config.source.model_copy(update={"uri": shown(config.source.uri)})
    sinks = [_without_secrets(sink) for sink in config.sinks]
    # A replay takes no commands, and the folders in this table name the user.
    told = config.model_copy(update={"source": source, "sinks": sinks, "control": Control()})
    return RunFacts(config_json=told.model_dump_json(), extra=extra, inputs=bool(config.inputs))


def _without_secrets(sink: AnyTable) -> AnyTable:
    """Emptied rather than hidden, so that the config in a recording loads."""
    kept = [name for name, value in sink if isinstance(value, SecretStr)]
    return sink.model_copy(update={name: SecretStr("") for name in kept})


def make_sinks(config: Config, neutral: NeutralPose | None) -> list[Sink]:
    """The sinks of a config, recorders tapped to the others."""
    facts = run_facts(config, neutral)
    sinks = [make_sink(sink, facts, look=config.avatar) for sink in config.sinks]
    tap_sent(sinks)
    return sinks


def make_session(
    config: Config,
    *,
    listener: Listener,
    neutral: NeutralPose | None = None,
    sinks: Sequence[Sink] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Session:
    """Everything for one run, nothing opened yet.

    Raises UsageError where source and inputs do not go together.
    """
    check_inputs(config)
    inlets = make_inlets(config.inputs, listener.on_event, clock)
    blind = is_no_camera(config.source.uri)
    fov_deg = config.source.vertical_fov_deg
    return Session(
        config,
        feed=(
            InputFeed(inlets.news) if blind else make_feed(config.source, listener.on_event, clock)
        ),
        tracker=None if blind else make_tracker(config.tracker, vertical_fov_deg=fov_deg),
        classifier=None if blind else make_classifier(config),
        sinks=make_sinks(config, neutral) if sinks is None else sinks,
        listener=listener,
        neutral=neutral,
        inlets=inlets,
        clock=clock,
    )


def check_inputs(config: Config) -> None:
    """Raises UsageError where nothing would come, where one input is named twice, or where a run
    would hear itself."""
    if is_no_camera(config.source.uri) and not config.inputs:
        raise UsageError(
            "without a camera (source none) there is nothing to drive the avatar",
            "name where tracking comes from: --in vmc-in://127.0.0.1:39540",
        )
    if config.source.fast and config.inputs:
        raise UsageError(
            "live inputs come as time passes, which --fast does not wait for",
            "leave out --fast, or the inputs",
        )
    sent = [_place(sink) for sink in config.sinks]
    seen = set[tuple[str, str, int]]()
    for table in config.inputs:
        place = kind, host, port = _place(table)
        if port and place in seen:
            raise UsageError(
                f"{kind} {host}:{port} is named twice among the inputs",
                "name it once: `channels` says what it drives",
            )
        seen.add(place)
        if port and any(
            (kind.removesuffix("-in"), port) == (other, to_port) and _reaches(to, heard=host)
            for other, to, to_port in sent
        ):
            raise UsageError(
                f"{kind} {host}:{port} would hear what vtdrive itself sends there",
                f"give one of the two another port: {kind}://{host}:{port + 1}",
            )


def _reaches(host: str, *, heard: str) -> bool:
    """Whether what is sent to `host` comes to a listener of this machine that is bound to `heard`;
    False where only its networks could tell."""
    if host.lower() == heard.lower():
        return True
    here = is_loopback(host) or is_everywhere(host)
    return here and (is_loopback(heard) or is_everywhere(heard))


def _place(table: Table) -> tuple[str, str, int]:
    return (
        str(getattr(table, "kind", "")),
        str(getattr(table, "host", "")),
        int(getattr(table, "port", 0)),
    )
