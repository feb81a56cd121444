"""A place on a stage that is left, and leaves nothing, after each test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage_parts import PARTS, ProbeTable
from stage_seats import LOOK, Take, painters

from vtdrive.config.avatar import AvatarConfig
from vtdrive.render.stage import handle
from vtdrive.render.stage.handle import Seat, take_seat
from vtdrive.sink_stats import SinkStats


@pytest.fixture
def take(tmp_path: Path) -> Iterator[Take]:
    seats: list[Seat] = []

    def taken(name: str, look: AvatarConfig = LOOK, **wishes: object) -> Seat:
        table = ProbeTable.model_validate({"path": str(tmp_path / name), "label": name, **wishes})
        seat = take_seat(table, look, SinkStats(), makers=PARTS)
        seats.append(seat)
        return seat

    yield taken
    for seat in seats:
        seat.leave()
    assert not painters()
    assert not [t for t in threading.enumerate() if t.name == "vtdrive-stage"]
    assert not handle._stages
