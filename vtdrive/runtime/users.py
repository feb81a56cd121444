"""What is remembered for each user between runs: their neutral pose. One small file each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import platformdirs

from vtdrive.core.calibrate import NeutralPose
from vtdrive.errors import UsageError

__all__ = ["UserStore"]

_NAME: Final = re.compile(r"[\w.-]{1,64}")


class UserStore:
    """The file of one user."""

    def __init__(self, user: str = "default", *, folder: Path | None = None) -> None:
        if not _NAME.fullmatch(user) or user.startswith("."):
            raise UsageError(
                f"the user name {user!r} cannot be a file name",
                "use letters, digits, dots, hyphens and underscores",
            )
        base = folder or platformdirs.user_config_path("vtdrive") / "users"
        self.path = base / f"{user}.json"

    def load(self) -> NeutralPose | None:
        """The saved neutral; None when there is none, or none that makes sense."""
        try:
            return NeutralPose.from_dict(json.loads(self.path.read_text("utf-8"))["neutral"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @property
    def damaged(self) -> bool:
        """Whether there is a file, but none that `load` can make sense of."""
        return self.path.exists() and self.load() is None

    def save(self, neutral: NeutralPose) -> None:
        """Replace the file in one step; raises OSError where the folder cannot be written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({"neutral": neutral.to_dict()}, indent=1), "utf-8")
        new.replace(self.path)
