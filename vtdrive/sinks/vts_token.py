"""VTube Studio's tokens, kept for the user who runs vtdrive and for nobody else."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

from vtdrive.wire.vts import DEVELOPER, PLUGIN
from vtdrive.wire.vts_replies import token_in

__all__ = ["TokenStore"]

_PRIVATE: Final = 0o600


class TokenStore:
    """One small file for each VTube Studio, known by its address.

    Files are readable by their owner alone (mode 600). Windows has no such modes: there the folder
    lies in the user's profile, which other users cannot read.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or platformdirs.user_config_path("vtdrive") / "vtubestudio"

    def path(self, *, host: str, port: int) -> Path:
        """The file for that address."""
        place = f"{host.lower()}:{port}"
        readable = re.sub(r"[^a-z0-9.]+", "-", place).strip("-.")[:60]
        return self.folder / f"{readable}-{hashlib.sha256(place.encode()).hexdigest()[:8]}.json"

    def load(self, *, host: str, port: int) -> str | None:
        """The token; None where there is none, or none that is of use."""
        path = self.path(host=host, port=port)
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                path.chmod(_PRIVATE)
            tree = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        ours = isinstance(tree, dict) and (tree.get("plugin"), tree.get("developer"))
        return token_in(tree) if ours == (PLUGIN, DEVELOPER) else None

    def save(self, token: str, *, host: str, port: int) -> None:
        """Replace the file in one step; raises OSError where the folder cannot be written."""
        path = self.path(host=host, port=port)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tree = {"plugin": PLUGIN, "developer": DEVELOPER, "authenticationToken": token}
        # mkstemp makes it private before a byte is in it.
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".token-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(tree, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def forget(self, *, host: str, port: int) -> None:
        """Remove the file, if it is there and may be removed."""
        with contextlib.suppress(OSError):
            self.path(host=host, port=port).unlink()
