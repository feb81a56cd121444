"""Where passwords come from, and that they do not show."""

from __future__ import annotations

import keyring
import pytest
from keyring.errors import KeyringLocked, NoKeyringError
from pydantic import SecretStr

from vtdrive.errors import SinkError
from vtdrive.secrets import secret

EMPTY = SecretStr("")


class Held:
    def __init__(self) -> None:
        self.passwords = {("lamp", "me"): "from keyring"}
        self.fault: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.fault is not None:
            raise self.fault
        return self.passwords.get((service, username))


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    backend = Held()
    monkeypatch.setattr(keyring, "get_password", backend.get_password)
    monkeypatch.delenv("LAMP", raising=False)
    return backend


def ask(given: SecretStr = EMPTY, service: str = "lamp", account: str = "me") -> str | None:
    return secret(given, env="LAMP", service=service, account=account)


def test_the_config_wins_then_the_environment_then_the_keyring(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask() == "from keyring"
    monkeypatch.setenv("LAMP", "from env")
    assert ask() == "from env"
    assert ask(SecretStr("given")) == "given"


def test_nobody_has_one(held: Held) -> None:
    assert ask(account="you") is None
    assert ask(service="") is None
    held.fault = NoKeyringError("none recommended")
    assert ask() is None


def test_a_locked_keyring_is_a_sentence(held: Held) -> None:
    held.fault = KeyringLocked("it is locked")
    with pytest.raises(SinkError, match="cannot be read: it is locked") as caught:
        ask()
    assert "LAMP" in caught.value.remedy
