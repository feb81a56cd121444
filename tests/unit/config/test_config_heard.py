"""Two parts of one run that would hear one port are told apart before the run."""

from __future__ import annotations

import pytest

from vtdrive.config.load import load_config
from vtdrive.config.urls import parse_input_url, parse_sink_url
from vtdrive.errors import ConfigError


def load(*urls: str) -> None:
    inputs = [parse_input_url(u).model_dump() for u in urls if "-in:" in u]
    sinks = [parse_sink_url(u).model_dump() for u in urls if "-in:" not in u]
    load_config([], overrides={"inputs": inputs, "sinks": sinks})


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        (
            ("openseeface-in://", "openseeface-in://0.0.0.0"),
            r"inputs\]\] port: port 11573 .* input",
        ),
        (("vmc-in://localhost:9", "openseeface-in://127.0.0.1:9"), "port 9 is already heard"),
        (("vmc-in://[::]:21412", "vtsphone://"), r"sinks\]\] port: port 21412 .* by the input of"),
        (("ifacialmocap-in://10.0.0.8", "ifacialmocap-in://10.0.0.9"), "port 49983"),
        (
            ("vtsphone-in://10.0.0.8?listen_port=9", "vtsphone-in://10.0.0.9?listen_port=9"),
            "listen_port: port 9 is",
        ),
    ],
)
def test_a_port_that_two_would_hear_is_refused(urls: tuple[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(*urls)


@pytest.mark.parametrize(
    "urls",
    [
        ("vmc-in://", "openseeface-in://", "vtsphone://", "vtsphone-in://10.0.0.8"),
        ("vtsphone-in://10.0.0.8", "vtsphone-in://10.0.0.9"),
        ("ifacialmocap-in://10.0.0.8", "ifacialmocap-in://10.0.0.9:49984"),
        ("vmc-in://127.0.0.1:9", "openseeface-in://10.0.0.2:9"),
        ("vmc-in://127.0.0.1:50506", "vtsphone://127.0.0.1:50506?push=true"),
    ],
)
def test_ports_of_their_own_are_fine(urls: tuple[str, ...]) -> None:
    load(*urls)
