"""The reference page says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from vtdrive.config.sinks import VrchatSink
from vtdrive.vocab import EMOTIONS
from vtdrive.wire.unified import EMOTION_NAMES, V2
from vtdrive.wire.vrchat_avatar import DEFAULT_V2

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "vrchat.md").read_text("utf-8")


def test_every_option_is_told_with_its_default() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (.*?) \|", PAGE.split("## ")[0], re.MULTILINE)
    told: dict[str, str] = {}
    for names, defaults in rows:
        values = re.findall(r"`([^`]*)`", defaults) or [""]
        told |= dict(zip(re.findall(r"`([^`]*)`", names), values, strict=True))
    fields = {n: f.default for n, f in VrchatSink.model_fields.items()}
    shown = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in fields.items()
        if name not in ("kind", "host", "port")
    }
    assert told == {name: {"0.0": "0"}.get(value, value) for name, value in shown.items()}


def test_the_usual_set_is_told() -> None:
    (listed,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert tuple(listed.split()) == DEFAULT_V2
    assert set(DEFAULT_V2) <= V2.keys()


def test_the_emotions_are_told_in_order() -> None:
    index = ", ".join(f"{i} {name}" for i, name in enumerate(EMOTIONS))
    assert index in PAGE
    assert " ".join(f"`vtdrive/{name}`" for name in EMOTION_NAMES) in PAGE


def test_names_on_the_page_exist() -> None:
    for name in re.findall(r"`Head/\w+`", PAGE):
        assert name.strip("`") in V2
    (derived,) = re.findall(r"derives from them: (.*?) with their sides", PAGE, re.DOTALL)
    for name in re.findall(r"`(\w+)`", derived):
        assert name in V2 or f"{name}Left" in V2, name  # some have sides only
