"""The engine: one tick in, one avatar frame out. It decides everything and touches nothing.

    solve → guard → neutral → correct → smooth → presence → inputs → idle → emotion → overrides
    → mirror → map → merge

Pure in the sense that matters: no I/O, no clock, no threads. The same ticks give the same frames.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from vtdrive.config.schema import Config
from vtdrive.core.blend import Mask
from vtdrive.core.calibrate import NeutralPose, NeutralTaker, blended
from vtdrive.core.catch_up import CatchUp
from vtdrive.core.commands import (
    TAKE_NEUTRAL,
    CommandError,
    Express,
    Recentre,
    Switch,
    parse_command,
)
from vtdrive.core.correct import Corrector
from vtdrive.core.emotion import EmotionContext, EmotionMachine
from vtdrive.core.idle import IdleMotion, IdlePose
from vtdrive.core.lids import ABOVE_REST
from vtdrive.core.mixing import Mixed, Mixer
from vtdrive.core.overrides import Overrides, at_rest
from vtdrive.core.poser import Poser
from vtdrive.core.presence import Body, Presence
from vtdrive.core.signals import RAW_SIGNALS
from vtdrive.core.smooth import Smoother
from vtdrive.core.solve import Solved, solve, solved_from
from vtdrive.core.speech import SpeechDetector
from vtdrive.spaces import euler_from_quat, quat_mul
from vtdrive.types import (
    F32,
    AvatarFrame,
    Emotion,
    EmotionState,
    FaceState,
    Incoming,
    Param,
    Profile,
    RigSchema,
    Status,
    Track,
    all_finite,
    frozen,
)
from vtdrive.vocab import SHAPE_INDEX

__all__ = ["REST", "TAKE_NEUTRAL", "Driver"]

REST: Final = "rest"
"""Marks the frame of `Driver.rest`, with which every run ends."""

_NEUTRAL_EASE_NS: Final = 400_000_000
_BROKEN_NS: Final = 1_000_000_000
_SPEECH_EASE_S: Final = 0.1
_NO_RAW: Final = frozen(np.zeros(len(RAW_SIGNALS)))
_I: Final = SHAPE_INDEX
_LIDS: Final = RigSchema((Param("left"), Param("right")), ())
_MOUTH: Final = tuple(_I[name] for name in ("jawOpen", "mouthPucker", "mouthFunnel"))
_BLINKS: Final = np.array([_I["eyeBlinkLeft"], _I["eyeBlinkRight"]])


class Driver:
    """Turns ticks into avatar frames. All state of a performance lives here."""

    def __init__(
        self,
        config: Config,
        profiles: Collection[Profile] = (Profile(),),
        *,
        neutral: NeutralPose | None = None,
    ) -> None:
        self.config = config
        self.profiles = tuple(dict.fromkeys(profiles)) or (Profile(),)
        self._poser = Poser(config, self.profiles)
        self.schema = self._poser.schema
        self.nan_count = 0
        """Faces and emotion samples with values that were not numbers. Those of a face are
        replaced by the last good ones; such a sample is not heard."""
        self.neutral = neutral or NeutralPose.typical()
        self.taking = config.neutral.auto
        """Whether a neutral is being taken now."""
        self._asked = False
        """Whether the user asked for it, and so knows to rest their face."""
        self._taker = NeutralTaker(config.neutral)
        self._neutral_from = self.neutral
        self._neutral_ns: int | None = None
        self._corrector = Corrector(config)
        self._smoother = Smoother(config.filters)
        self._presence = Presence(config.loss)
        self.mixer = Mixer(config)
        self._mouth_is_ours = True
        self._idle = IdleMotion(config.idle)
        self._emotion = EmotionMachine(config.emotion)
        self.overrides = Overrides(config.emotion)
        self._speech = SpeechDetector()
        self._speaking = 0.0
        self._lids = CatchUp(_LIDS)
        self._good: Solved | None = None
        self._patched = False
        self._posed_ns: int | None = None
        self._bad_ns: int | None = None
        self._seq = 0
        self._t_ns: int | None = None

    @property
    def t_ns(self) -> int:
        """Of the last tick; 0 before the first."""
        return self._t_ns or 0

    @property
    def taking_progress(self) -> float:
        """0..1 of the neutral being taken."""
        return self._taker.progress

    def adopt(self, other: Driver) -> None:
        """Carry on another driver's performance under this driver's config."""
        self.neutral, self.taking, self.nan_count = other.neutral, other.taking, other.nan_count
        self._neutral_from, self._neutral_ns = other._neutral_from, other._neutral_ns
        self._asked = other._asked
        self._good, self._seq, self._t_ns = other._good, other._seq, other._t_ns
        self._bad_ns, self._speaking = other._bad_ns, other._speaking
        self._posed_ns = other._posed_ns
        self._lids.adopt(other._lids)
        self._taker.adopt(other._taker)
        self._poser.adopt(other._poser)
        self._corrector.adopt(other._corrector)
        self._smoother.adopt(other._smoother)
        self._presence.adopt(other._presence)
        self.mixer.adopt(other.mixer)
        self._mouth_is_ours = other._mouth_is_ours
        self._idle.adopt(other._idle)
        self._emotion.adopt(other._emotion)
        self.overrides.adopt(other.overrides)
        self._speech.adopt(other._speech)

    def step(
        self,
        track: Track | None,
        emotion: Emotion | None,
        t_ns: int,
        commands: Sequence[str] = (),
        *,
        raw: F32 | None = None,
        inputs: Sequence[Incoming | None] = (),
    ) -> AvatarFrame:
        """One tick at `t_ns`, with a new track or (None) because time passed without one.

        `emotion` is the newest classifier sample there is; the same one may come many times, and
        so may the newest of each of `inputs`, which stand in the order of the config.
        `raw` (`RAW_SIGNALS`) stands in for a face whose landmarks were not recorded. Of `commands`
        (`core.commands`) those about the avatar are done; the frame holds what came of them.
        """
        # A tick for lack of frames may have been stamped after the next frame was grabbed.
        t_ns = t_ns if self._t_ns is None else max(t_ns, self._t_ns)
        dt_s = 0.0 if self._t_ns is None else (t_ns - self._t_ns) * 1e-9
        self._t_ns, self._seq = t_ns, self._seq + 1
        done = tuple(self._told(command) for command in commands)
        solved = self._solve(track, raw, t_ns)
        if track is not None and solved is None:
            self._taker.restart()
        body = self._live_body(solved, emotion, t_ns)
        status = self._presence.status(seen=body is not None, t_ns=t_ns)
        shown = self._presence.step(body, t_ns)
        mixed = self.mixer.step(
            inputs, shown, status=status, absence=self._presence.absence, t_ns=t_ns
        )
        idle = self._idle.step(absence=mixed.absence, t_ns=t_ns, lids_absence=mixed.lids_absence)
        speaking = self._speak(status, body, mixed, t_ns, dt_s)
        felt = self._feel(status, shown, mixed.body, speaking, emotion, t_ns)
        felt = self.mixer.felt(felt, t_ns)
        state = self._overridden(self._state(mixed, idle, felt, dt_s))
        poses = self._poser.caught_up(
            self._poser.poses(state),
            return_ms=self._presence.returning_ms,
            dt_s=dt_s,
            moved=self._moved(),
        )
        return AvatarFrame(
            seq=self._seq,
            t_ns=t_ns,
            # A frozen avatar must not be put to sleep by a receiver that hears of a lost face.
            status=state.status,
            poses=MappingProxyType(poses),
            track=track,
            emotion=emotion,
            raw=_NO_RAW if solved is None else frozen(solved.raw),
            state=state,
            commands=done,
            inputs=tuple(inputs),
        )

    def rest(self, t_ns: int) -> AvatarFrame:
        """The frame that leaves an avatar at rest; sent last. Changes no state."""
        calm = EmotionState(frozen(np.eye(8)[0]), frozen(np.zeros(8)), 0, 0)
        state = at_rest(Status.LOST, calm)
        return AvatarFrame(
            seq=self._seq + 1,
            t_ns=t_ns if self._t_ns is None else max(t_ns, self._t_ns),
            status=Status.LOST,
            poses=MappingProxyType(self._poser.poses(state)),
            track=None,
            emotion=None,
            raw=_NO_RAW,
            state=state,
            commands=(REST,),
        )

    def _told(self, text: str) -> str:
        """Do one command; its text for the recording, with what it left open settled."""
        try:
            command = parse_command(text)
        except CommandError:
            return text
        if isinstance(command, Recentre):
            self._taker.restart()
            self.mixer.take_neutral()
            self.taking = self._asked = True
        elif isinstance(command, Express | Switch):
            assert self._t_ns is not None
            return self.overrides.tell(command, self._t_ns)
        return command.text

    def _overridden(self, state: FaceState) -> FaceState:
        assert self._t_ns is not None
        rest = state
        if self.overrides.calming:
            idle = self._idle.step(absence=1.0, t_ns=self._t_ns)
            rest = at_rest(state.status, state.emotion, idle)
            rest = dataclasses.replace(rest, still=self.config.idle.when == "never")
        return self.overrides.step(state, rest, self._t_ns)

    def _solve(self, track: Track | None, raw: F32 | None, t_ns: int) -> Solved | None:
        """The face in our units; what is not a number is replaced by the last good value.

        None without a face, and where there has been no head pose for long.
        """
        if track is None or track.face is None:
            return None
        solved = solve(track.face) if raw is None else solved_from(raw)
        good = all_finite(solved.raw) and all_finite(solved.head_m)
        # A rotation is a number or none as a whole.
        posed = math.isfinite(solved.head_xyzw[3])
        if posed or self._posed_ns is None:
            self._posed_ns = t_ns
        self._patched = not good
        if not good:
            self.nan_count += 1
            # A tracker that is broken for good must not leave an avatar that stares.
            if self._good is None or t_ns - self._posed_ns > _BROKEN_NS:
                return None
            solved = _patched(solved, self._good)
        self._good = solved
        return solved

    def _live_body(self, solved: Solved | None, emotion: Emotion | None, t_ns: int) -> Body | None:
        if solved is None:
            if self._presence.status(seen=False, t_ns=t_ns) is Status.LOST:
                self._smoother.reset()
                self._corrector.reset()
                if self._mouth_is_ours:
                    self._speech.reset()
            return None
        if self.taking and not self._patched:
            self._take(solved, emotion, t_ns)
        body = self._corrector.step(solved, self._effective_neutral(t_ns), t_ns)
        return self._smoother.step(body, t_ns)

    def _take(self, solved: Solved, emotion: Emotion | None, t_ns: int) -> None:
        wanted = self.config.neutral.emotion
        # A mouth that forms words is no resting face, nor need one be that nobody asked to rest.
        resting = wanted == "always" or (wanted == "asked" and self._asked)
        heard = emotion if resting and self._speaking < 0.5 else None
        taken = self._taker.step(solved, t_ns, heard)
        if taken is None:
            return
        if taken.emotion is None:
            taken = dataclasses.replace(taken, emotion=self.neutral.emotion)
        self._neutral_from, self._neutral_ns = self._effective_neutral(t_ns), t_ns
        self.neutral, self.taking, self._asked = taken, False, False

    def _effective_neutral(self, t_ns: int) -> NeutralPose:
        if self._neutral_ns is None:
            return self.neutral
        share = (t_ns - self._neutral_ns) / _NEUTRAL_EASE_NS
        return blended(
            self._neutral_from,
            self.neutral,
            share * share * (3 - 2 * share) if share < 1 else 1.0,
            blink_unknown=self.config.lids.open_at - float(ABOVE_REST),
        )

    def _speak(
        self, status: Status, live: Body | None, mixed: Mixed, t_ns: int, dt_s: float
    ) -> bool:
        """Whether the mouth moves like speech now; eases `_speaking`, except while held."""
        self._mouth_is_ours, now = mixed.mouth_is_ours, False
        if not mixed.mouth_is_ours:
            status, live = mixed.status, mixed.body
        if live is not None:
            jaw, *lips = (float(live.shapes[i]) for i in _MOUTH)
            now = self._speech.step(jaw, t_ns, rounding=max(lips))
        if status is not Status.HELD:
            share = 1.0 - math.exp(-dt_s / _SPEECH_EASE_S)
            self._speaking += share * (float(now) - self._speaking)
            if not now and self._speaking < 1e-3:
                self._speaking = 0.0
        return now

    def _state(self, mixed: Mixed, idle: IdlePose, felt: EmotionState, dt_s: float) -> FaceState:
        shown, shapes = mixed.body, mixed.body.shapes.copy()
        # An idle blink and a returned face together must not snap the lids open or shut.
        lids = np.maximum(shapes[_BLINKS], np.float32(idle.blink))
        moved = self._moved()
        shapes[_BLINKS] = self._lids.step(
            lids,
            return_ms=self._presence.returning_ms,
            dt_s=dt_s,
            returned=None if moved is None else moved[_BLINKS],
        )
        rise = np.array([0, idle.rise_m, 0], np.float32)
        return FaceState(
            status=mixed.status,
            head_xyzw=frozen(quat_mul(shown.head_xyzw, idle.sway_xyzw)),
            head_m=frozen(shown.head_m + rise),
            gaze_rad=frozen(shown.gaze_rad),
            shapes=frozen(shapes),
            emotion=felt,
            speaking=self._speaking,
            breath=idle.breath,
            voice=mixed.voice,
            still=self.config.idle.when == "never",
        )

    def _moved(self) -> Mask | None:
        """What a face that returned to the camera moves, as long as that matters."""
        late = self._lids.running or self._poser.catching
        returning = late or self._presence.returning_ms is not None
        return self.mixer.moved_by_camera() if returning else None

    def _feel(
        self,
        status: Status,
        seen: Body,
        shown: Body,
        speaking: bool,
        emotion: Emotion | None,
        t_ns: int,
    ) -> EmotionState:
        """The expression, of a face that the camera has `seen` and that is `shown`."""
        if emotion is not None and emotion.t_ns != self._bad_ns and not all_finite(emotion.probs):
            self.nan_count, self._bad_ns = self.nan_count + 1, emotion.t_ns
        s: list[float] = shown.shapes.tolist()
        context = EmotionContext(
            status=status,
            speaking=speaking,
            # What the classifier sees is turned away from the camera, not from a phone.
            yaw_rad=euler_from_quat(seen.head_xyzw)[0],
            lids_shut=min(s[_I["eyeBlinkLeft"]], s[_I["eyeBlinkRight"]]) > 0.5,
            brow_up=max(s[_I["browInnerUp"]], _mean(s, "browOuterUp")),
            brow_down=_mean(s, "browDown"),
            smile=_mean(s, "mouthSmile"),
            sneer_or_squint=max(_mean(s, "noseSneer"), _mean(s, "eyeSquint")),
            mouth_stirs=self._speech.stirring,
        )
        known = self.config.neutral.emotion != "never"
        rest = self._effective_neutral(t_ns).emotion if known else None
        return self._emotion.step(emotion, context, t_ns, rest=rest)


def _mean(shapes: Sequence[float], stem: str) -> float:
    return (shapes[_I[f"{stem}Left"]] + shapes[_I[f"{stem}Right"]]) / 2


def _patched(solved: Solved, good: Solved) -> Solved:
    """`solved` with every value that is not a number taken from `good`."""
    raw = np.where(np.isfinite(solved.raw), solved.raw, good.raw)
    head = solved.head_xyzw if np.isfinite(solved.head_xyzw).all() else good.head_xyzw
    place = np.where(np.isfinite(solved.head_m), solved.head_m, good.head_m)
    return Solved(raw.astype(np.float32), head, place.astype(np.float32))
