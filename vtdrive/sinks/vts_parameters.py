"""The parameters that VTube Studio shall have: those it has, and those that vtdrive creates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vtdrive.config.sinks import VtsSink
from vtdrive.sinks.vts_link import RefusedError, VtsLink
from vtdrive.wire.vts import PLUGIN, create_parameter, list_parameters
from vtdrive.wire.vts_errors import (
    ACCESS_DENIED,
    ALL_PARAMETERS_FULL,
    API_OFF,
    NEEDS_AUTHENTICATION,
    OWN_PARAMETERS_FULL,
    explained,
)
from vtdrive.wire.vts_params import ARKIT, CUSTOM, DEFAULT_INPUTS, EMOTION_INPUTS
from vtdrive.wire.vts_replies import InputList, inputs_in

__all__ = ["FATAL", "listed", "make_missing", "wanted"]

FATAL: Final = frozenset({API_OFF, NEEDS_AUTHENTICATION, ACCESS_DENIED})
"""Errors after which the session is of no more use."""
_MOST_OWN: Final = 100


def wanted(config: VtsSink) -> Iterator[str]:
    """What `config` wants to drive, in the order of the request."""
    if config.inputs:
        yield from DEFAULT_INPUTS
    if config.customs == "arkit":
        yield from (name for name in ARKIT if name not in DEFAULT_INPUTS)
    if config.emotions:
        yield from EMOTION_INPUTS


async def listed(link: VtsLink) -> InputList:
    """What VTube Studio has now; raises SinkError."""
    return inputs_in((await link.call(list_parameters())).data)


async def make_missing(config: VtsSink, link: VtsLink) -> tuple[frozenset[str], str]:
    """Create what is wanted and not there: what there is then, and a sentence on what failed.

    Raises SinkError where the session is of no more use.
    """
    there = await listed(link)
    failed: dict[int, list[str]] = {}
    created: set[str] = set()
    ours = sum(plugin == PLUGIN for plugin in there.customs.values())
    for name in wanted(config):
        if name in there.names or name not in CUSTOM:
            continue
        fault = OWN_PARAMETERS_FULL if ours + len(created) >= _MOST_OWN else None
        fault = fault or await _create(link, name)
        if fault is None:
            created.add(name)
            continue
        failed.setdefault(fault, []).append(name)
        if fault in (OWN_PARAMETERS_FULL, ALL_PARAMETERS_FULL):
            break
    note = "; ".join(
        f"{explained(number, about=', '.join(names))[0]}: {explained(number)[1]}"
        for number, names in failed.items()
    )
    return there.names | created, note


async def _create(link: VtsLink, name: str) -> int | None:
    """Create one parameter; the error's number where VTube Studio refuses."""
    custom = CUSTOM[name]
    call = create_parameter(
        name, explanation=custom.explanation, low=0.0, high=1.0, rest=custom.rest
    )
    try:
        await link.call(call)
    except RefusedError as fault:
        if fault.error_id in FATAL:
            raise
        return fault.error_id
    return None
