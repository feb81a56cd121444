"""The resting bones of the user's avatar, from its .vrm file."""

from __future__ import annotations

from pathlib import Path

from vtdrive.errors import SinkUnusable
from vtdrive.wire.gltf_humanoid import GLB_HEAD_BYTES, Joint, UnreadableModel, humanoid, json_bytes

__all__ = ["read_vrm"]


def read_vrm(path: Path, *, label: str) -> dict[str, Joint]:
    """The bones of a .vrm file; only its JSON is read, whose length is bounded.

    Raises SinkUnusable, naming `label` and the file.
    """
    where = f"{label}: the model {path}"
    try:
        # Opening a pipe or a device would wait for it.
        if not path.is_file():
            raise SinkUnusable(f"{where} is no file", "give the path of your avatar's .vrm file")
        with path.open("rb") as file:
            size = json_bytes(file.read(GLB_HEAD_BYTES))
            text = file.read(size)
        if len(text) < size:
            raise UnreadableModel("it is cut off")
        return humanoid(text)
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise SinkUnusable(f"{where}: {reason}", "make it a file that you may read") from fault
    except ValueError as fault:  # UnreadableModel; a path with a NUL in it
        raise SinkUnusable(
            f"{where}: {fault}", "give the .vrm file that your app shows, or leave `vrm` out"
        ) from fault
