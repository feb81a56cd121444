"""The password of OBS: where it is found, and what is said when it is wrong."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest
from fake_obs import FakeObs
from obs_playing import LAUGH, Film, Play, up
from obs_playing import hurried as hurried
from obs_playing import play as play
from pydantic import SecretStr

from vtdrive.config.schema import Config
from vtdrive.config.sinks import ObsSink
from vtdrive.runtime.build import run_facts
from vtdrive.sinks import obs_password


@pytest.mark.parametrize("place", ["config", "environment", "keyring"])
def test_the_password_is_found(
    place: str, play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keys: dict[str, Any] = {}
    if place == "config":
        keys["password"] = SecretStr("sesame")
    elif place == "environment":
        monkeypatch.setenv("VTDRIVE_OBS_PASSWORD", "sesame")
    else:
        monkeypatch.setattr(obs_password, "_asked", lambda service: ("sesame", ""))
    with FakeObs(password="sesame") as fake:
        sink = play(fake, LAUGH, **keys)
        film = up(fake, sink)
        film.show("happiness")
        fake.until(lambda: fake.on_air == "Laughing")
        assert "sesame" not in caplog.text
        assert "sesame" not in repr(vars(sink))


@pytest.mark.parametrize(
    ("keys", "variable", "what", "remedy"),
    [
        ({"password": SecretStr("no")}, "", "refused the password from the config", "`password`"),
        ({}, "no", "refused the password from VTDRIVE_OBS_PASSWORD", "correct VTDRIVE_OBS_"),
        ({}, "", "OBS wants a password: no password is set", "keyring set vtdrive-obs password"),
    ],
)
def test_a_wrong_password_is_told_and_not_tried_again(
    keys: dict[str, Any], variable: str, what: str, remedy: str, play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if variable:
        monkeypatch.setenv("VTDRIVE_OBS_PASSWORD", variable)
    with FakeObs(password="sesame") as fake:
        sink = play(fake, LAUGH, **keys)
        fake.until(lambda: what in sink.stats.last_error)
        assert remedy in sink.stats.remedy
        assert "Show Connect Info" in sink.stats.remedy
        time.sleep(0.2)
        assert fake.connections == 1
        assert sink.stats.connected is False
        Film(sink).show("happiness", frames=3)
        assert fake.asked == []


def test_a_keyring_is_read_under_its_service_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ring(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            if service == "broken":
                raise keyring.errors.KeyringLocked("secret words")
            if service == "none":
                raise keyring.errors.NoKeyringError
            return "sesame" if (service, username) == ("vtdrive-obs", "password") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

    monkeypatch.undo()
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call]
    try:
        found = asyncio.run(obs_password.find_password(ObsSink()))
        assert (found.text, found.place) == ("sesame", "the keyring")
        assert "sesame" not in repr(found)
        other = asyncio.run(obs_password.find_password(ObsSink(keyring_service="other")))
        assert other.text == ""
        assert "keyring set other password" in other.remedy
        broken = asyncio.run(obs_password.find_password(ObsSink(keyring_service="broken")))
        assert broken.place == "no password is set (the keyring cannot be read: KeyringLocked)"
        assert broken.remedy.startswith("set VTDRIVE_OBS_PASSWORD to it; OBS shows it at")
        none = asyncio.run(obs_password.find_password(ObsSink(keyring_service="none")))
        assert none.place == "no password is set (this system has no keyring)"
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(service: str) -> tuple[str, str]:
        time.sleep(0.3)
        return "late", ""

    monkeypatch.setattr(obs_password, "_KEYRING_S", 0.05)
    monkeypatch.setattr(obs_password, "_asked", slow)
    found = asyncio.run(obs_password.find_password(ObsSink()))
    assert found.place == "no password is set (the keyring does not answer)"
    time.sleep(0.4)  # its thread must not outlive the test


def test_a_password_stays_out_of_recordings_which_still_load() -> None:
    config = Config(sinks=[ObsSink(password=SecretStr("sesame"), host="studio")])
    written = run_facts(config, None).config_json
    assert "sesame" not in written
    again = Config.model_validate(json.loads(written)).sinks
    assert again == [ObsSink(host="studio")]
