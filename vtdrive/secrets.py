"""Passwords: from config, environment or the system's keyring. Never logged, never recorded.

Config fields that hold one are `pydantic.SecretStr`, which shows and writes itself as asterisks.
"""

from __future__ import annotations

import os

from pydantic import SecretStr

from vtdrive.errors import SinkError

__all__ = ["secret"]


def secret(given: SecretStr, *, env: str, service: str, account: str) -> str | None:
    """The first there is: `given`, the environment variable `env`, the keyring's `service`.

    Blocks while the system asks the user to unlock the keyring. None where none of them has one or
    this machine has no keyring; an empty `env` or `service` is not looked up. Raises SinkError
    where there is a keyring that cannot be read.
    """
    found = given.get_secret_value() or (os.environ.get(env, "") if env else "")
    if found or not service:
        return found or None
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    try:
        return keyring.get_password(service, account) or None
    except NoKeyringError:
        return None
    except KeyringError as fault:
        instead = f"set the environment variable {env}" if env else "write it into the config"
        raise SinkError(
            f"the system's keyring cannot be read: {fault}", f"unlock it, or {instead}"
        ) from fault
