"""Where passwords come from, and that they do not show."""

from __future__ import annotations

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked
from pydantic import SecretStr

from vtdrive.errors import SinkError
from vtdrive.secrets import secret

EMPTY = SecretStr("")


class Held(KeyringBackend):
    priority = 1.0

    def __init__(self, passwords: dict[tuple[str, str], str] | None) -> None:
        super().__init__()
        self.passwords = passwords

    def get_password(self, service: str, username: str) -> str | None:
        if self.passwords is None:
            raise KeyringLocked("it is locked")
        return self.passwords.get((service, username))


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    backend = Held({("lamp", "me"): "from keyring"})
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


def test_nobody_has_one(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(account="you") is None
    assert ask(service="") is None
    monkeypatch.setattr(keyring, "get_password", NoKeyring().get_password)
    assert ask() is None


def test_a_locked_keyring_is_a_sentence(held: Held) -> None:
    held.passwords = None
    with pytest.raises(SinkError, match="cannot be read: it is locked") as caught:
        ask()
    assert "LAMP" in caught.value.remedy
