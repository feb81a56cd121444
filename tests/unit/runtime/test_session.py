"""The session with scripted parts: what is owed to each of them, whatever happens."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from runtime_parts import (
    Heard,
    KeepingSink,
    ScriptedClassifier,
    ScriptedFeed,
    ScriptedTracker,
    breaking,
)

from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.core.driver import REST, TAKE_NEUTRAL
from vtdrive.errors import ModelError, TrackerError
from vtdrive.runtime.session import Session
from vtdrive.sources.base import Obtained
from vtdrive.testing import make_face
from vtdrive.types import Emotion, Face, Status, VideoFrame, frozen
from vtdrive.vocab import EMOTION_INDEX

SURE_HAPPY = [0.02, 0.92, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]


def session(
    config: Config,
    feed: ScriptedFeed,
    *,
    tracker: ScriptedTracker | None = None,
    classifier: ScriptedClassifier | None = None,
    sinks: list[KeepingSink] | None = None,
    heard: Heard | None = None,
) -> Session:
    return Session(
        config,
        feed=feed,
        tracker=tracker or ScriptedTracker(),
        classifier=classifier,
        sinks=sinks if sinks is not None else [KeepingSink()],
        listener=heard or Heard(),
    )


def test_every_frame_is_sent_in_order_and_rest_comes_last(config: Config) -> None:
    sink, feed, tracker = KeepingSink(), ScriptedFeed([True] * 30), ScriptedTracker()
    session(config, feed, tracker=tracker, sinks=[sink]).run(threading.Event())
    assert [f.track.seq for f in sink.frames[:-1] if f.track] == list(range(30))
    last = sink.frames[-1]
    assert last.status is Status.LOST
    assert not any(pose.params.any() for pose in last.poses.values())
    assert (feed.closed, tracker.closed, sink.closed) == (1, 1, 1)


def test_emotion_runs_at_its_rate_of_media_time(config: Config) -> None:
    classifier, sink = ScriptedClassifier(SURE_HAPPY), KeepingSink()
    session(config, ScriptedFeed([True] * 90), classifier=classifier, sinks=[sink]).run(
        threading.Event()
    )
    assert classifier.calls == pytest.approx(30, abs=1)
    assert classifier.closed == 1
    felt = sink.frames[-2].state.emotion
    assert felt.shown == EMOTION_INDEX["happiness"]
    assert felt.weights[EMOTION_INDEX["happiness"]] > 0.6


def test_a_broken_tracker_ends_the_run_and_still_sends_rest(config: Config) -> None:
    sink, feed = KeepingSink(), ScriptedFeed([True] * 30)
    tracker = ScriptedTracker(breaking)
    with pytest.raises(TrackerError, match="broke"):
        session(config, feed, tracker=tracker, sinks=[sink]).run(threading.Event())
    assert sink.frames[-1].status is Status.LOST
    assert (feed.closed, tracker.closed, sink.closed) == (1, 1, 1)


def test_a_missing_model_is_told_before_the_source_opens(config: Config) -> None:
    class Missing(ScriptedClassifier):
        def open(self) -> None:
            raise ModelError("model x is missing", "reinstall")

    heard = Heard()
    with pytest.raises(ModelError):
        session(config, ScriptedFeed([True]), classifier=Missing(SURE_HAPPY), heard=heard).run(
            threading.Event()
        )
    assert not any(event.startswith("open") for event in heard.events)


def test_nan_from_the_classifier_is_told_once_and_tracking_goes_on(config: Config) -> None:
    class Nan(ScriptedClassifier):
        def classify(self, frame: VideoFrame, face: Face) -> Emotion:
            self.calls += 1
            return Emotion(frame.t_ns, frozen(np.full(8, np.nan)))

    heard, sink = Heard(), KeepingSink()
    session(
        config,
        ScriptedFeed([True] * 60),
        classifier=Nan(SURE_HAPPY),
        sinks=[sink],
        heard=heard,
    ).run(threading.Event())
    assert sum("not numbers" in event for event in heard.events) == 1
    assert len(sink.frames) == 61
    assert all(np.isfinite(f.state.emotion.probs).all() for f in sink.frames)


def test_no_face_ever_is_said(config: Config) -> None:
    heard = Heard()
    stats = session(
        config,
        ScriptedFeed([True] * 10),
        tracker=ScriptedTracker(lambda seq: None),
        heard=heard,
    ).run(threading.Event())
    assert (stats.frames, stats.faces) == (10, 0)
    assert any("no face was seen" in event for event in heard.events)


def test_waits_without_frames_still_tick(config: Config) -> None:
    sink = KeepingSink()
    feed = ScriptedFeed([True] * 5 + [False] * 5, lockstep=False)
    session(config, feed, sinks=[sink]).run(threading.Event())
    assert len(sink.frames) == 11


def test_the_neutral_is_taken_once_told_and_taken_again_on_command(config: Config) -> None:
    heard, sink = Heard(), KeepingSink()
    run = session(config, ScriptedFeed([True] * 180), sinks=[sink], heard=heard)
    seen = 0

    class Asking(ScriptedTracker):
        def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
            nonlocal seen
            seen += 1
            if seen == 90:
                run.command(TAKE_NEUTRAL)
            return super().track(frame)

    run._tracker = Asking(lambda seq: make_face(pitch_deg=10))
    run.run(threading.Event())
    assert len(heard.neutrals) == 2
    assert [f.commands for f in sink.frames if f.commands] == [(TAKE_NEUTRAL,), (REST,)]


def test_a_reloaded_config_takes_over_between_frames(config: Config) -> None:
    sink = KeepingSink()
    run = session(config, ScriptedFeed([True] * 60), sinks=[sink])
    other = load_config([], overrides={"outputs": {"extra": {"sum": {"jawOpen": 1.0}}}})

    class Reloading(ScriptedTracker):
        def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
            if frame.seq == 30:
                run.reload(other)
            return super().track(frame)

    run._tracker = Reloading()
    run.run(threading.Event())
    assert [("extra" in schema.names) for schema in sink.schemas] == [False, True]
    assert len(sink.frames) == 61


def test_stop_ends_a_run_between_two_frames(config: Config) -> None:
    stop, sink = threading.Event(), KeepingSink()

    class Stopping(ScriptedTracker):
        def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
            if frame.seq == 7:
                stop.set()
            return super().track(frame)

    session(config, ScriptedFeed([True] * 60), tracker=Stopping(), sinks=[sink]).run(stop)
    assert len(sink.frames) == 9


def test_no_thread_is_left(config: Config) -> None:
    before = {t.ident for t in threading.enumerate()}
    session(
        config,
        ScriptedFeed([True] * 10, lockstep=False),
        classifier=ScriptedClassifier(SURE_HAPPY),
        sinks=[KeepingSink(), KeepingSink(slow=True), KeepingSink(slow=True, every_frame=True)],
    ).run(threading.Event())
    assert {t.ident for t in threading.enumerate()} <= before


class Waiting(ScriptedFeed):
    """A camera that does not answer."""

    def open(self, stop: threading.Event) -> Obtained | None:
        assert stop.wait(30)
        return None


def test_stop_ends_a_run_whose_source_does_not_answer(config: Config) -> None:
    stop, sink, heard = threading.Event(), KeepingSink(), Heard()
    feed, tracker = Waiting([True] * 5, lockstep=False), ScriptedTracker()
    threading.Timer(0.1, stop.set).start()
    stats = session(config, feed, tracker=tracker, sinks=[sink], heard=heard).run(stop)
    assert (stats.frames, sink.frames) == (0, [])
    assert (feed.closed, tracker.closed, sink.closed) == (1, 1, 1)
    assert heard.events == []


def test_stop_while_models_load_opens_no_source(config: Config) -> None:
    stop, opened = threading.Event(), []

    class Loading(ScriptedTracker):
        def open(self) -> None:
            stop.set()

    class Watched(ScriptedFeed):
        def open(self, stop: threading.Event) -> Obtained | None:
            opened.append(True)
            return super().open(stop)

    session(config, Watched([True]), tracker=Loading()).run(stop)
    assert opened == []


def test_what_a_classifier_does_otherwise_than_asked_is_told_once(config: Config) -> None:
    class Noting(ScriptedClassifier):
        def open(self) -> None:
            self.notes = ("on the CPU",)

        def classify(self, frame: VideoFrame, face: Face) -> Emotion:
            if self.calls == 2:
                self.notes += ("blind",)
            return super().classify(frame, face)

    heard, classifier = Heard(), Noting(SURE_HAPPY)
    session(config, ScriptedFeed([True] * 60), classifier=classifier, heard=heard).run(
        threading.Event()
    )
    assert classifier.calls > 4
    assert [event for event in heard.events if event in ("on the CPU", "blind")] == [
        "on the CPU",
        "blind",
    ]


@pytest.mark.parametrize("lockstep", [True, False])
def test_a_classifier_that_breaks_in_any_way_leaves_tracking_alone(
    config: Config, lockstep: bool
) -> None:
    class Broken(ScriptedClassifier):
        def classify(self, frame: VideoFrame, face: Face) -> Emotion:
            raise IndexError("a bug")

    heard, sink = Heard(), KeepingSink()
    classifier, feed = Broken(SURE_HAPPY), ScriptedFeed([True] * 60, lockstep=lockstep)
    run = session(config, feed, classifier=classifier, sinks=[sink], heard=heard)
    assert run.run(threading.Event()).frames == 60
    assert len(sink.frames) == 61
    assert classifier.closed == 1
    if lockstep:
        assert sum("emotion is off: the classifier broke" in said for said in heard.events) == 1


def test_of_two_reloads_between_frames_the_later_one_counts(config: Config) -> None:
    heard, sink = Heard(), KeepingSink()
    run = session(config, ScriptedFeed([True] * 20), sinks=[sink], heard=heard)
    one, two = (
        load_config([], overrides={"outputs": {name: {"sum": {"jawOpen": 1.0}}}})
        for name in ("one", "two")
    )

    class Reloading(ScriptedTracker):
        def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
            if frame.seq == 10:
                run.reload(one)
                run.reload(two)
            return super().track(frame)

    run._tracker = Reloading()
    run.run(threading.Event())
    assert run.config is two
    assert [[n for n in s.names if n in ("one", "two")] for s in sink.schemas] == [[], ["two"]]


def test_what_waits_for_the_next_start_is_told_once_and_not_when_taken_back(
    config: Config,
) -> None:
    heard = Heard()
    run = session(config, ScriptedFeed([True] * 20), heard=heard)
    moved = load_config([], overrides={"source": {"uri": "1"}})
    again = load_config([], overrides={"source": {"uri": "1"}, "idle": {"breath_s": 9.0}})
    reloads = {5: moved, 8: again, 11: config}

    class Reloading(ScriptedTracker):
        def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
            if frame.seq in reloads:
                run.reload(reloads[frame.seq])
            return super().track(frame)

    run._tracker = Reloading()
    run.run(threading.Event())
    told = [event for event in heard.events if "next start" in event]
    assert told == ["takes effect at the next start: source"]


@pytest.mark.parametrize("has", [True, False], ids=["with", "without"])
def test_emotion_is_switched_while_live_where_there_is_a_classifier(
    config: Config, has: bool
) -> None:
    heard, sink = Heard(), KeepingSink()
    classifier = ScriptedClassifier(SURE_HAPPY) if has else None
    off = load_config([], overrides={"emotion": {"enabled": False}})
    first, *later = (config, off, config) if has else (off, config, off)
    run = session(
        first, ScriptedFeed([True] * 180), classifier=classifier, sinks=[sink], heard=heard
    )
    reloads, calls = dict(zip((60, 120), later, strict=True)), []

    class Reloading(ScriptedTracker):
        def track(self, frame: VideoFrame):  # type: ignore[no-untyped-def]
            if frame.seq in reloads:
                run.reload(reloads[frame.seq])
            calls.append(classifier.calls if classifier else 0)
            return super().track(frame)

    run._tracker = Reloading()
    run.run(threading.Event())
    happy = [float(f.state.emotion.weights[EMOTION_INDEX["happiness"]]) for f in sink.frames]
    told = [event for event in heard.events if "next start" in event]
    if has:
        assert calls[62] == calls[118], "nothing is computed that nobody will see"
        assert calls[179] > calls[120]
        assert (happy[59] > 0.5, happy[119], happy[179] > 0.5) == (True, 0.0, True)
        assert told == []
    else:
        assert told == ["takes effect at the next start: emotion.enabled"]


def test_a_slow_source_is_not_taken_for_a_lost_one(config: Config) -> None:
    """The waits grow with the source's period: at 5 fps no tick without a frame in between."""
    waits: list[float] = []

    class Slow(ScriptedFeed):
        def take(self, timeout_s: float) -> VideoFrame | None:
            waits.append(timeout_s)
            frame = super().take(timeout_s)
            return None if frame is None else VideoFrame(frame.seq, 6 * frame.t_ns, frame.image)

    session(config, Slow([True] * 30, lockstep=False)).run(threading.Event())
    assert waits[0] == 0.1
    assert waits[-1] == pytest.approx(0.5, abs=0.03)
