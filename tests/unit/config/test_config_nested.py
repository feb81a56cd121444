"""Tables and lists of tables inside a sink: mistakes are found, values shown, keys explained."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from vtdrive.config.export import effective_toml, json_schema
from vtdrive.config.load import load_config, load_with_origins
from vtdrive.config.problems import place
from vtdrive.config.reference import markdown
from vtdrive.config.sinks import ObsSink
from vtdrive.config.urls import parse_sink_url
from vtdrive.core.signals import SIGNALS
from vtdrive.errors import ConfigError, UsageError

TOP = '[[sinks]]\nkind = "obs"\n\n[[sinks.rules]]\n'
"""Four lines, so that a rule's first key stands in line 5."""


def complaints(folder: Path, text: str) -> list[str]:
    path = folder / "my.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config([path], known_signals=SIGNALS)
    return caught.value.what.replace(f"{folder}{os.sep}", "").split("\n")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            'when = { emotion = "happiness" }\nscnee = "A"',
            "my.toml:6: [[sinks.rules]] scnee: unknown key (allowed: scene, show, hide, in_scene,"
            " filters, text, hotkey, keys, record, save_replay, chapter, when, otherwise;"
            " did you mean 'scene'?)",
        ),
        (
            'scene = "A"\nhold_ms = 5\nwhen = { face = "lost" }',
            "my.toml:6: [[sinks.rules]] hold_ms: unknown key (* did you mean 'when.hold_ms'?)",
        ),
        (
            'scene = "A"\n[sinks.rules.when]\nface = "lost"\nhold = 5',
            "my.toml:8: [[sinks.rules]] when.hold: unknown key (* did you mean 'hold_ms'?)",
        ),
        (
            'scene = "A"\nwhen = { emotion = "happy" }',
            "my.toml:6: [[sinks.rules]] when.emotion: 'happy' is not allowed (allowed: neutral,"
            " happiness, surprise, sadness, anger, disgust, fear, contempt;"
            " did you mean 'happiness'?)",
        ),
        (
            'scene = "A"\nwhen = { signal = "mouthSmyle", above = 0.5 }',
            "my.toml:6: [[sinks.rules]] when.signal: 'mouthSmyle' is no signal"
            " (did you mean 'mouthSmile'?)",
        ),
        (
            'scene = "A"\nwhen = { signal = "emotion.joy", above = 0.5 }',
            "* 'emotion.joy' is no signal (did you mean 'emotion.happiness'?)",
        ),
        (
            'scene = "A"\nwhen = { signal = "jawOpen", above = "0.5" }',
            "my.toml:6: [[sinks.rules]] when.above: wants a number; got the text '0.5':"
            " write it without quotes",
        ),
        (
            'scene = "A"\nwhen = { signal = "jawOpen" }',
            "my.toml:6: [[sinks.rules]] when.signal: signal needs above or below, one of them",
        ),
        ('scene = "A"', "my.toml:4: [[sinks.rules]] when: is missing and has no default"),
        (
            'when = { face = "lost" }',
            "my.toml:5: *a rule needs something to do: scene, show, hide, filters, text …",
        ),
        (
            'scene = "A"\nwhen = { face = "lost" }\nfilters = [{ source = "Cam" }]',
            "my.toml:7: [[sinks.rules.filters]] name: is missing and has no default",
        ),
        (
            'scene = "A"\nwhen = { face = "lost" }\ntext = { Mood = 3 }',
            'my.toml:7: [[sinks.rules]] text.Mood: wants text; got 3: put it in "quotes"',
        ),
        (
            'when = { face = "lost" }\ntext = { Mood = "{emotoin}" }',
            "my.toml:6: [[sinks.rules]] text*: {emotoin} means nothing"
            " (allowed: {emotion}, {percent})",
        ),
        (
            'when = { face = "lost" }\nkeys = "hyper+A"',
            "my.toml:6: [[sinks.rules]] keys: 'hyper' is no modifier"
            " (allowed: ctrl, shift, alt, cmd)",
        ),
        (
            'when = { face = "lost" }\nfilters = [{ source = "Camera", name = "Glow" }]',
            "my.toml:6: [[sinks.rules.filters]] source: a filter needs enabled = true,"
            " enabled = false, or settings",
        ),
        (
            'scene = "A"\n[[sinks.rules.when]]\nface = "lost"',
            "my.toml:6: [[sinks.rules]] when: is one table: write [sinks.rules.when] with single"
            " brackets",
        ),
    ],
)
def test_a_mistake_in_a_rule(tmp_path: Path, rule: str, expected: str) -> None:
    start, _, end = expected.partition("*")
    said = complaints(tmp_path, TOP + rule)
    assert len(said) == 1
    assert said[0].startswith(start.strip()), said[0]
    assert said[0].endswith(end.strip()), said[0]


def test_single_brackets_for_rules_are_explained(tmp_path: Path) -> None:
    text = '[[sinks]]\nkind = "obs"\n[sinks.rules]\nscene = "A"'
    assert complaints(tmp_path, text) == [
        "my.toml:3: [[sinks]] rules: may be many: write [[sinks.rules]] with double brackets"
    ]


def test_a_key_of_a_rule_at_a_wrong_place_is_led_home(tmp_path: Path) -> None:
    (said,) = complaints(tmp_path, "cooldown_ms = 5\n")
    assert "[emotion] cooldown_ms" in said or "[[sinks.rules]] when.cooldown_ms" in said
    (said,) = complaints(tmp_path, "save_replay = true\n")
    assert "did you mean '[[sinks.rules]] save_replay'?" in said


def test_a_fault_in_the_second_files_rule_has_that_files_line(tmp_path: Path) -> None:
    good = TOP + 'scene = "A"\nwhen = { face = "lost" }\n'
    bad = '[[sinks]]\nkind = "vmc"\n[[sinks]]\nkind = "obs"\nport = 5000\n' + (
        '[[sinks.rules]]\nscene = "A"\nwhen = { face = "lost" }\n'
        '[[sinks.rules]]\nscene = "B"\nwhen = { face = "gone" }\n'
    )
    (tmp_path / "a.toml").write_text(good)
    (tmp_path / "b.toml").write_text(bad)
    with pytest.raises(ConfigError) as caught:
        load_config([tmp_path / "a.toml", tmp_path / "b.toml"])
    assert caught.value.what.startswith(f"{tmp_path / 'b.toml'}:11: [[sinks.rules]] when.face: ")


def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    (said,) = complaints(tmp_path, '[[sinks]]\nkind = "obs"\npassword = 1234567\n')
    assert said == 'my.toml:3: [[sinks]] password: wants text: put it in "quotes"'
    path = tmp_path / "my.toml"
    path.write_text('[[sinks]]\nkind = "obs"\npassword = "hunter2"\n')
    loaded = load_with_origins([path])
    shown = effective_toml(loaded, origins=True)
    for text in (shown, repr(loaded.config), str(loaded.config), loaded.config.model_dump_json()):
        assert "hunter2" not in text
    sink = loaded.config.sinks[0]
    assert isinstance(sink, ObsSink)
    assert sink.password.get_secret_value() == "hunter2"
    path.write_text(shown)
    with pytest.raises(ConfigError, match="was hidden where this was copied from"):
        load_config([path])


@pytest.mark.parametrize(
    ("kind", "key"), [("obs", "password"), ("mqtt", "password"), ("ws", "token")]
)
def test_asterisks_become_no_password(tmp_path: Path, kind: str, key: str) -> None:
    (said,) = complaints(tmp_path, f'[[sinks]]\nkind = "{kind}"\n{key} = "**********"\n')
    assert said.startswith(f"my.toml:3: [[sinks]] {key}: it was hidden where this was copied from")


def test_a_password_of_nobody_is_told(tmp_path: Path) -> None:
    (said,) = complaints(tmp_path, '[[sinks]]\nkind = "mqtt"\npassword = "hunter2"\n')
    assert said.startswith("my.toml:3: [[sinks]] password: password means nothing without user")


@pytest.mark.parametrize(
    "line",
    ['password = "hunter2', "password = hunter2", '"token"=hunter2', 'x = 1 my_token = "hunter2'],
)
def test_broken_toml_shows_no_password(tmp_path: Path, line: str) -> None:
    (said,) = complaints(tmp_path, f"[[sinks]]\n{line}\n")
    assert said.startswith("my.toml:2: not TOML")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://me:hunter2@127.0.0.1",
        "mqtt:me:hunter2@127.0.0.1",
        "mqt://me:hunter2@127.0.0.1",
        "mqtt://me:a@hunter2@127.0.0.1?max_hz=3",
        "mqtt://127.0.0.1?password=hunter2&max_hz=3",
        "ws://?max_hz=3&Token=hunter2",
    ],
)
def test_a_refused_url_shows_no_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_sink_url(url)
    assert "hunter2" not in str(caught.value)
    assert "…" in str(caught.value)


def test_what_is_shown_of_rules_loads_back_with_its_origins(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(
        TOP + 'scene = "A"\nwhen = { emotion = "anger", hold_ms = 300 }\nshow = ["x", "y"]\n'
        'filters = [{ source = "C", name = "F", settings = { opacity = 0.5 } }]\n'
        'text = { "My text" = "{emotion}" }\notherwise = { scene = "B" }\n'
        '\n[[sinks.rules]]\nwhen = { face = "lost" }\nhotkey = "X"\n'
        '\n[[sinks]]\nkind = "vts"\n[sinks.hotkeys]\nanger = "Cross"\n'
    )
    loaded = load_with_origins([path])
    text = effective_toml(loaded, origins=True)
    again = tmp_path / "again.toml"
    again.write_text(text)
    assert load_config([again]) == loaded.config
    lines = text.split("\n")
    assert f"hold_ms = 300.0  # {path}:6" in lines
    assert "cooldown_ms = 0.0  # default" in lines
    assert "[[sinks.rules.filters]]" in lines
    assert f'anger = "Cross"  # {path}:19' in lines
    assert "None" not in text


def test_tables_of_a_sink_stay_out_of_urls() -> None:
    for option in ("rules=x", "password=hunter2"):
        with pytest.raises(UsageError, match="is not allowed") as caught:
            parse_sink_url(f"obs://127.0.0.1?{option}")
        assert "rules" not in caught.value.what.partition("allowed: ")[2]
    assert parse_sink_url("obs://studio:4460?password_env=X") == ObsSink(
        host="studio", port=4460, password_env="X"
    )


def test_the_reference_and_the_schema_have_the_keys_of_rules() -> None:
    text = markdown()
    for heading in ("### `[[sinks.rules]]` with", "### `[sinks.rules.when]` with"):
        assert text.count(f'{heading} `kind = "obs"`') == 1
    assert text.count('## `[[sinks]]` with `kind = "obs"`') == 1
    assert "| `cooldown_ms` | `0.0` | number, ms, 0 to 600000 |" in text
    assert '| `password` | `""` | text |' in text
    schema = json.loads(json_schema())
    rule = schema["$defs"]["ObsRule"]
    assert rule["required"] == ["when"]
    assert "cooldown_ms" in schema["$defs"]["When"]["properties"]
    assert rule["additionalProperties"] is False


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("sinks", 0), "[[sinks]]"),
        (("sinks", 0, "port"), "[[sinks]] port"),
        (("sinks", 0, "names", 2), "[[sinks]] names #3"),
        (("sinks", 1, "rules", 2), "[[sinks]] rules #3"),
        (("sinks", 1, "rules", 2, "when", "face"), "[[sinks.rules]] when.face"),
        (("inputs", 1, "a", 2, "b", 0, "c"), "[[inputs.a.b]] c"),
    ],
)
def test_places(path: tuple[str | int, ...], expected: str) -> None:
    assert place(path) == expected


def test_the_shown_config_is_toml(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(TOP + 'when = { face = "lost" }\nscene = "A"\n')
    tree = tomllib.loads(effective_toml(load_with_origins([path])))
    rule = tree["sinks"][0]["rules"][0]
    assert rule["when"]["face"] == "lost"
    assert rule["text"] == {}
    assert "otherwise" not in rule
