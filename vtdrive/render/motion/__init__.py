"""A face and the time become the parameters that move an avatar. Pure.

params.toml    what drives each parameter, and the springs
feelings.toml  what the eight expressions do to them
"""

from __future__ import annotations

from vtdrive.render.motion.motion import Motion
from vtdrive.render.motion.signals import known_signals
from vtdrive.render.motion.tables import MotionFault, known_params

__all__ = ["Motion", "MotionFault", "known_params", "known_signals"]
