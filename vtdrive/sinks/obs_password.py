"""Where the password of OBS comes from: the config, the environment, the system's keyring."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass
from typing import Final

from vtdrive.config.sinks import ObsSink

__all__ = ["KEYRING_USER", "Password", "find_password"]

KEYRING_USER: Final = "password"
_KEYRING_S: Final = 60.0
"""A locked keyring asks its owner, who must find and fill in a window."""
_WHERE: Final = "OBS shows it at Tools, WebSocket Server Settings, Show Connect Info"


@dataclass(frozen=True, slots=True, repr=False)
class Password:
    """A password, empty where none was found, and what to tell the user about where it is kept."""

    text: str
    place: str
    """Where it was found, or why not."""
    remedy: str


async def find_password(config: ObsSink) -> Password:
    """The password for `config`; waits for a keyring that has to be unlocked, at most a minute."""
    written = config.password.get_secret_value()
    if written:
        return Password(written, "the config", f"correct `password` in the config; {_WHERE}")
    variable = config.password_env
    from_environment = os.environ.get(variable, "") if variable else ""
    if from_environment:
        return Password(from_environment, variable, f"correct {variable}; {_WHERE}")
    service = config.keyring_service
    store = f"keyring set {service} {KEYRING_USER}"
    if not service:
        return Password("", "no password is set", f"set {variable} to it; {_WHERE}")
    found, trouble = await _from_keyring(service)
    if found:
        return Password(found, "the keyring", f"run: {store}; {_WHERE}")
    if trouble:
        way = f"set {variable} to it" if variable else "name an environment variable, password_env"
        return Password("", f"no password is set ({trouble})", f"{way}; {_WHERE}")
    other = f", or set {variable}" if variable else ""
    return Password("", "no password is set", f"run: {store}{other}; {_WHERE}")


async def _from_keyring(service: str) -> tuple[str, str]:
    """Password and trouble. In a thread of its own, since a locked keyring may never answer."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, str]] = loop.create_future()

    def hand_over(found: tuple[str, str]) -> None:
        if not answer.done():
            answer.set_result(found)

    def ask() -> None:
        found = _asked(service)
        try:
            loop.call_soon_threadsafe(hand_over, found)
        except RuntimeError:  # the run is over
            return

    threading.Thread(target=ask, name="vtdrive-keyring", daemon=True).start()
    try:
        return await asyncio.wait_for(answer, _KEYRING_S)
    except TimeoutError:
        return "", "the keyring does not answer"


def _asked(service: str) -> tuple[str, str]:
    import keyring
    from keyring.errors import NoKeyringError

    try:
        return keyring.get_password(service, KEYRING_USER) or "", ""
    except NoKeyringError:
        return "", "this system has no keyring"
    except Exception as fault:  # backends raise what their systems do
        return "", f"the keyring cannot be read: {type(fault).__name__}"
