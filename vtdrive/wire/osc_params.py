"""Plain OSC: one message with one float per parameter, at an address made from a pattern."""

from __future__ import annotations

import numpy as np

from vtdrive.types import Pose, RigSchema
from vtdrive.wire.names import osc_part
from vtdrive.wire.packets import Draft, Live, Template

__all__ = ["OscTemplate", "check_pattern"]


def check_pattern(pattern: str) -> str:
    """`pattern` if it can be filled in; raises ValueError saying what an address must look like."""
    if not pattern.startswith("/"):
        raise ValueError(f"the address {pattern!r} must start with /")
    if "{name}" not in pattern:
        raise ValueError(f"the address {pattern!r} lacks {{name}}: all would share one address")
    plain = pattern.replace("{name}", "")
    if osc_part(plain) != plain:
        raise ValueError(f"the address {pattern!r} holds a space or one of # * , ? [ ] {{ }}")
    return pattern


class OscTemplate:
    """Encodes a pose's parameters, `{name}` in `address` being each parameter's own name.

    What OSC reserves in a name (spaces, `#*,?[]{}`) becomes `_`. Raises ValueError when the pattern
    is unusable or two parameters would share an address.
    """

    def __init__(self, schema: RigSchema, *, address: str) -> None:
        check_pattern(address)
        addresses: dict[str, str] = {}
        for name in schema.names:
            where = address.replace("{name}", osc_part(name))
            if where in addresses:
                raise ValueError(
                    f"the outputs {addresses[where]!r} and {name!r} would share {where}"
                )
            addresses[where] = name
        rest = np.array([param.neutral for param in schema.params], np.float32)
        drafts = [Draft(where, (Live(i),)) for i, where in enumerate(addresses)]
        self._values = rest.copy()
        self._template = Template(drafts, rest, bundled=True)

    @property
    def replaced(self) -> int:
        """How many values were not finite and went out as their rest value."""
        return self._template.replaced

    def fill(self, pose: Pose) -> tuple[memoryview, ...]:
        """The frame as datagrams, valid until the next call."""
        np.add(pose.params, np.float32(0.0), out=self._values)
        return self._template.fill(self._values)
