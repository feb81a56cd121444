"""From one face to what each target receives: mirror → map → merge → bones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vtdrive.config.expr import Output
from vtdrive.config.schema import Config
from vtdrive.core.blend import Mask
from vtdrive.core.catch_up import CatchUp
from vtdrive.core.mapping import Program
from vtdrive.core.merge import Merger
from vtdrive.core.mirror import mirrored
from vtdrive.core.resolve import resolver_for
from vtdrive.core.signals import SIGNALS, signal_vector
from vtdrive.core.skeleton import Skeleton
from vtdrive.types import F32, FaceState, Param, Pose, Profile, RigSchema, frozen
from vtdrive.vocab import SHAPE_INDEX, SHAPES

__all__ = ["Poser"]


def _outputs(config: Config) -> dict[str, Output]:
    """Every output: the configured ones, and the 52 as they are where none is configured."""
    plain = {
        name: Output(sum={name: 1.0}, drive="shape")
        for name in SHAPES
        if name not in config.outputs
    }
    return {**config.outputs, **plain}


def _schema(config: Config, outputs: dict[str, Output]) -> RigSchema:
    """The parameters and bones that a config produces."""
    params = tuple(
        Param(
            name,
            min(0.0, out.clamp[0]),
            max(0.0, out.clamp[1]),
            out.neutral,
            "shape" if name in SHAPE_INDEX else out.drive,
        )
        for name, out in outputs.items()
    )
    return RigSchema(params, config.bones.names)


class Poser:
    """Poses of one config for some profiles. Its only state is what `caught_up` has yet to do."""

    def __init__(self, config: Config, profiles: Sequence[Profile]) -> None:
        outputs = _outputs(config)
        self.schema = _schema(config, outputs)
        self._profiles = tuple(profiles)
        self._sides = {(p.mirror, p.overrides) for p in self._profiles}
        self._program = Program(SIGNALS, outputs, lambda name: resolver_for(name, sided=False))
        unmirrored = np.array([not out.mirror for out in outputs.values()])
        self._unmirrored = unmirrored if unmirrored.any() else None
        self._merger = Merger(config.merge, config.overlay, self.schema)
        self._skeleton = Skeleton(config.head, config.bones.names)
        self._catch_up = {profile: CatchUp(self.schema) for profile in self._profiles}

    def adopt(self, other: Poser) -> None:
        """Go on from another's state, for the profiles that both know."""
        for profile, mine in self._catch_up.items():
            if profile in other._catch_up:
                mine.adopt(other._catch_up[profile])

    def poses(self, state: FaceState) -> dict[Profile, Pose]:
        """What each profile shows; profiles that differ only in drive share the mapping."""
        sides = {(m, o): self._side(state, mirror=m, overrides=o) for m, o in self._sides}
        return {p: self._driven(p, *sides[p.mirror, p.overrides]) for p in self._profiles}

    @property
    def catching(self) -> bool:
        """Whether a parameter may still be late since the last return."""
        return any(catch_up.running for catch_up in self._catch_up.values())

    def caught_up(
        self,
        poses: dict[Profile, Pose],
        *,
        return_ms: float | None,
        dt_s: float,
        moved: Mask | None = None,
    ) -> dict[Profile, Pose]:
        """`poses` without jumps; `return_ms` is the length of the blend with a returned face, and
        `moved` (`SIGNALS`) is what that face moves: None for all."""
        returned = None if moved is None else (self._program.reads & moved).any(1)
        for profile, pose in poses.items():
            params = self._catch_up[profile].step(
                pose.params, return_ms=return_ms, dt_s=dt_s, returned=returned
            )
            if params is not pose.params:
                poses[profile] = replace(pose, params=frozen(params))
        return poses

    def _side(self, state: FaceState, *, mirror: bool, overrides: bool) -> tuple[FaceState, Pose]:
        seen = mirrored(state) if mirror else state
        params = self._params(seen)
        if mirror and self._unmirrored is not None:
            params = np.where(self._unmirrored, self._params(state), params)
        self._merger.presets(params, seen, damp=not overrides)
        return seen, Pose(params, self._skeleton.bones(seen), self._skeleton.root(seen))

    def _driven(self, profile: Profile, seen: FaceState, pose: Pose) -> Pose:
        params = pose.params.copy()
        self._merger.shapes(params, seen, overlay=profile.drive == "shapes")
        self._merger.drop(
            params, presets=profile.drive == "shapes", shapes=profile.drive == "presets"
        )
        return replace(pose, params=frozen(params))

    def _params(self, state: FaceState) -> F32:
        weights = self._merger.expression_share(state)
        return self._program(signal_vector(state, weights=weights))
