"""The format seen from outside: JSON Schema for editors."""

from __future__ import annotations

import json

from vtdrive.config.export import untitled
from vtdrive.render.format.avatar import Avatar

__all__ = ["avatar_schema"]


def avatar_schema() -> str:
    """JSON Schema (2020-12) of avatar.toml, with every description, unit and range."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vtdrive avatar",
        **untitled(Avatar.model_json_schema()),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
