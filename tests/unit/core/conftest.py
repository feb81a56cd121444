"""Drivers for the tests of the core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vtdrive.config.schema import Config
from vtdrive.core.driver import Driver
from vtdrive.types import Profile

MakeDriver = Callable[..., Driver]


@pytest.fixture(scope="session")
def make_driver(config: Config) -> MakeDriver:
    """`make_driver(Profile(), ..., loss={"hold_ms": 0})`: the default config with some changes."""

    def make(*profiles: Profile, **tables: dict[str, Any]) -> Driver:
        changed = {
            name: getattr(config, name).model_copy(update=keys) for name, keys in tables.items()
        }
        return Driver(config.model_copy(update=changed), profiles or (Profile(),))

    return make
