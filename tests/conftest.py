"""What every test shares: the default config, and the folder of data beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from vtdrive.config.load import load_config
from vtdrive.config.schema import Config

# No deadline: the machine may be busy with something else. Derandomised, so that a red run is red
# again; a search for new failures is `--hypothesis-seed=random --hypothesis-profile=search`.
settings.register_profile(
    "vtdrive",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile("vtdrive")


@pytest.fixture(scope="session")
def config() -> Config:
    """The config of a run without any file: schema defaults and the bundled mapping."""
    return load_config([])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The data folder beside the checkout; tests that want it skip where it is absent."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared/data beside the checkout")
    return folder
