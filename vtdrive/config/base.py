"""The base of every config table, and the number types they share."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

__all__ = ["TABLE_LISTS", "Hz", "Ms", "Secret", "Share", "Table", "Unit"]

TABLE_LISTS: Final = ("sinks", "inputs")
"""Lists of tables, `[[sinks]]`: those of all files add up, and `kind` tells what each holds."""


class Table(BaseModel):
    """A config table: frozen, unknown keys refused, attribute docstrings become comments."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


Ms = Annotated[float, Field(ge=0, le=600_000)]
"""A duration in milliseconds."""
Hz = Annotated[float, Field(gt=0, le=1000)]
"""A rate or cut-off frequency in hertz."""
Share = Annotated[float, Field(ge=0, le=1)]
"""A share from 0 (not at all) to 1 (completely)."""
Unit = Annotated[float, Field(ge=0, le=1)]
"""A level in [0, 1]."""


def _not_hidden(secret: SecretStr) -> SecretStr:
    # Asterisks out of `config show` must not become the password that everyone can guess.
    if secret.get_secret_value() and secret.get_secret_value() == str(secret):
        raise ValueError("it was hidden where this was copied from: write it anew")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_not_hidden)]
"""A password or token; shown and written as asterisks."""
