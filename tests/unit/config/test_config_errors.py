"""A fault in a config is one line: file, line, key, what is allowed, what was probably meant."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from vtdrive.assets import data_dir
from vtdrive.config.documents import MAX_BYTES
from vtdrive.config.load import load_config
from vtdrive.config.names import CORRECTION_INPUTS
from vtdrive.config.nearest import nearest
from vtdrive.config.problems import MOST_SHOWN, place
from vtdrive.core.correct import CORRECTION_SIGNALS
from vtdrive.core.driver import Driver
from vtdrive.core.signals import SIGNALS
from vtdrive.errors import ConfigError


def complaints(folder: Path, text: str | bytes, name: str = "my.toml") -> list[str]:
    """The lines of the error that this file causes, without the folder."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load_config([path], known_signals=SIGNALS)
    assert caught.value.exit_code == 2
    return caught.value.what.replace(f"{folder}{os.sep}", "").split("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[filters.head]\nmincutoff = 1",
            "my.toml:2: [filters.head] mincutoff: unknown key"
            " (allowed: min_cutoff_hz, beta, d_cutoff_hz; did you mean 'min_cutoff_hz'?)",
        ),
        (
            "filters.jaw.betta = 1",
            "my.toml:1: [filters.jaw] betta: unknown key"
            " (allowed: min_cutoff_hz, beta, d_cutoff_hz; did you mean 'beta'?)",
        ),
        (
            "[filters]\nmin_cutoff_hz = 2",
            "my.toml:2: [filters] min_cutoff_hz: unknown key (allowed: head, root, gaze,"
            " gaze_deadzone_deg, lids, *, slow; did you mean 'head.min_cutoff_hz'?)",
        ),
        ("\nport = 1", "my.toml:2: port: unknown key (*did you mean '[[sinks]] port'?)"),
        ("hold_ms = 1", "my.toml:1: hold_ms: unknown key (*did you mean '[loss] hold_ms'?)"),
        ("dwell_ms = 1", "*did you mean '[emotion.timing.NAME] dwell_ms'?)"),
        ("[filter.head]\nbeta = 1", "my.toml:1: filter: unknown table (*did you mean 'filters'?)"),
        (
            "[source]\nfps = 999",
            "my.toml:2: [source] fps: 999 is out of range (allowed: 0 to 240)",
        ),
        (
            "[source]\nvertical_fov_deg = 5",
            "my.toml:2: [source] vertical_fov_deg: 5 is out of range (allowed: above 5, up to 170)",
        ),
        (
            "[outputs.X]\nfloor = 1.0",
            "my.toml:2: [outputs.X] floor: 1.0 is out of range (allowed: from 0, below 1)",
        ),
        (
            "[head]\nyaw_deg = 0",
            "my.toml:2: [head] yaw_deg: 0 is out of range (allowed: above 0)",
        ),
        (
            "[source]\npixel_format = 'mjpg'",
            "my.toml:2: [source] pixel_format: 'mjpg' is not allowed"
            " (allowed: auto, MJPG, YUYV; did you mean 'MJPG'?)",
        ),
        (
            "[source]\nwidth = '640'",
            "my.toml:2: [source] width: wants a whole number, 16 to 7680; got the text '640':"
            " write it without quotes",
        ),
        (
            "[source]\nwidth = 5.5",
            "my.toml:2: [source] width: wants a whole number, 16 to 7680; got 5.5",
        ),
        ("[source]\nloop = 1", "my.toml:2: [source] loop: wants true or false; got 1"),
        ("[source]\nfps = true", "my.toml:2: [source] fps: wants a number, 0 to 240; got true"),
        ("[source]\nuri = 0", 'my.toml:2: [source] uri: wants text; got 0: put it in "quotes"'),
        ("[source]\nuri = 07:32:00", "my.toml:2: [source] uri: a date means nothing here; *"),
        ("[source]\nfps = nan", "my.toml:2: [source] fps: nan is no usable number"),
        ("[idle]\nseed = 0xffffffffffffffffff", "my.toml:2: [idle] seed: is too large a number"),
        (
            "[filters]\njaw = 3",
            "my.toml:2: [filters] jaw: is a table: write [filters.jaw] on a line of its own,"
            " and its keys below",
        ),
        (
            "[[filters]]\nx = 1",
            "my.toml:1: filters: is one table: write [filters] with single brackets",
        ),
        (
            "[sinks]\nkind = 'vmc'",
            "my.toml:1: [[sinks]]: may be many: write [[sinks]] with double brackets",
        ),
        ("sinks = 3", "my.toml:1: [[sinks]]: wants a list of tables; got 3"),
        (
            "[source.uri]\nx = 1",
            "my.toml:1: [source] uri: wants text; got a table",
        ),
        (
            "[[sinks]]\nkind = 'jsonl'\n\n[[sinks]]\n# here\nkind = 'vcm'",
            "my.toml:4: [[sinks]]: kind 'vcm' is not allowed"
            " (allowed: vmc, osc, vts, *, jsonl, mcap; did you mean 'vmc'?)",
        ),
        (
            "[[sinks]]\nport = 1",
            "my.toml:1: [[sinks]]: every [[sinks]] needs a kind (allowed: vmc, osc, vts, *)",
        ),
        (
            "[[sinks]]\nkind = 'vmc'\nprot = 2",
            "my.toml:3: [[sinks]] prot: unknown key (*did you mean 'port'?)",
        ),
        ("[[sinks]]\nkind = 'mcap'", "my.toml:1: [[sinks]] path: is missing and has no default"),
        (
            "sinks = [\n  { kind = 'vmc' },\n  { kind = 'osc',\n port = 0 },\n]".replace(
                ",\n port", ", port"
            ),
            "my.toml:3: [[sinks]] port: 0 is out of range (allowed: 1 to 65535)",
        ),
        (
            "[idle]\nblink_every_s = [1]",
            "my.toml:2: [idle] blink_every_s: wants [number, number]; got a list of 1",
        ),
        (
            "[idle]\nblink_every_s = [1,\n2,\n'x']",
            "my.toml:2: [idle] blink_every_s: wants [number, number]; got a list of 3",
        ),
        (
            "[idle]\nblink_every_s = [1,\n'x']",
            "my.toml:3: [idle] blink_every_s #2: wants a number; got the text 'x':"
            " write it without quotes",
        ),
        (
            "[outputs.X]\ngates = [{}, {}, {},\n {}, {}]",
            "my.toml:2: [outputs.X] gates: may hold at most 4; got a list of 5",
        ),
        (
            "[outputs.X]\ngates = [\n{ bias = 1 },\n{ sum = { jawOpen = 'x' } },\n]",
            "my.toml:4: [outputs.X] gates #2.sum.jawOpen: wants a number; got the text 'x':"
            " write it without quotes",
        ),
        (
            "[outputs.X]\nsum = '''\njawOpen = 1\n'''",
            "my.toml:2: [outputs.X] sum: wants a table; got the text 'jawOpen = 1\\n'",
        ),
        (
            "[outputs.X]\nbias = 1\nrange = [1, 1]\ngain = 2",
            "my.toml:3: [outputs.X] range: range needs two different ends",
        ),
        (
            "[emotion.timing.happiness]\ncap = 0.5\nexit = 0.9",
            "my.toml:3: [emotion.timing.happiness] exit: exit must be below enter",
        ),
        (
            "[emotion.timing.joy]\nenter = 0.1",
            "my.toml:1: [emotion.timing] joy: 'joy' is no emotion that can be shown (allowed: *;"
            " did you mean 'happiness'?)",
        ),
        (
            "[overlay.sad]\nmouthFrownLeft = 1",
            "my.toml:1: [overlay] sad: 'sad' is no emotion * did you mean 'sadness'?)",
        ),
        (
            "[overlay]\nfear = { eyeWide = 1, mouthFrow = 1 }",
            "my.toml:2: [overlay.fear] mouthFrow: 'mouthFrow' is no shape"
            " (did you mean 'mouthFrown'?)",
        ),
        ("[shapes.jawopen]", "*[shapes] jawopen: 'jawopen' is no shape (did you mean 'jawOpen'?)"),
        ("[bones]\nnames = ['Head',\n'head']", "my.toml:3: [bones] names #2: 'head' is no bone *"),
        (
            "[outputs.X]\nsum = { jawopen = 1 }",
            "my.toml:2: [outputs.X] sum.jawopen: 'jawopen' is no signal that [outputs] can read"
            " (did you mean 'jawOpen'?)",
        ),
        (
            "[outputs.X]\nmin = [{ bias = 1 },\n{ sum = { 'emotion.joy' = 1 } }]",
            "my.toml:3: [outputs.X] min #2.sum.emotion.joy: 'emotion.joy' is no signal that"
            " [outputs] can read (did you mean 'emotion.happiness'?)",
        ),
        (
            "[shapes.jawOpen]\nsum = { 'out.aa' = 1 }",
            "my.toml:2: [shapes.jawOpen] sum.out.aa: 'out.aa' is no signal *",
        ),
        (
            "[outputs.X]\nsum = { 'out.Y' = 1 }\n[outputs.Y]\nmax = [{ sum = { 'out.X' = 1 } }]",
            "my.toml:2: [outputs.X] sum: needs its own result: X → Y → X",
        ),
        (
            "[shapes.jawOpen]\nsum = { 'emotion.fear' = 1 }",
            "my.toml:2: [shapes.jawOpen] sum.emotion.fear: 'emotion.fear' is no signal that"
            " [shapes] can read (*",
        ),
        (
            "[shapes.jawOpen]\nsum = { 'out.eyeBlinkLeft' = 1 }",
            "my.toml:2: [shapes.jawOpen] sum.out.eyeBlinkLeft: 'out.eyeBlinkLeft' is no signal *",
        ),
        (
            "[shapes.mouthSmile]\nsum = { 'out.mouthFrown' = 1 }\n"
            "[shapes.mouthFrown]\nsum = { 'out.cheekSquint' = 1 }",
            "my.toml:2: [shapes.mouthSmile] sum: needs its own result: mouthSmileLeft →"
            " mouthFrownLeft → cheekSquintLeft → mouthSmileLeft",
        ),
        (
            "[outputs.mouthSmileLeft]\nsum = { 'out.mouthSmile' = 1 }",
            "my.toml:2: [outputs.mouthSmileLeft] sum: needs its own result:"
            " mouthSmileLeft → mouthSmileLeft",
        ),
        (
            "[[sinks]]\nkind='vmc'\n[[sinks]]\nkind='osc'\nhost='localhost'\nport=39539",
            "my.toml:6: [[sinks]] port: localhost:39539 is already served by the sink of"
            " my.toml:1; give one app another port, there and here",
        ),
    ],
)
def test_the_sentence(tmp_path: Path, text: str, expected: str) -> None:
    (said,) = complaints(tmp_path, text)
    assert re.fullmatch(re.escape(expected).replace(r"\*", ".*"), said), said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nb = \n", "my.toml:2: not TOML: invalid value at column 5 in `b =`; text needs"),
        ('x = 1\npath = "C:\\Users"', "my.toml:2: not TOML: *write paths in 'single quotes'"),
        ("[a]\n[a]\n", "my.toml:2: not TOML: *already set further up"),
        ("a = 1\na = 2\n", "my.toml:2: not TOML: *already set further up"),
        ('a = """x\n\n', "my.toml:1: not TOML: unterminated string at the end of the file"),
        ("a = [1,\n", "my.toml:1: not TOML: *at the end of the file"),
        (b'a = "\xe9"', "my.toml:1: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (b"\n# fine\n# caf\xe9", "my.toml:3: byte 0xe9 is not UTF-8"),
        ("a = 1".encode("utf-16"), "my.toml: is UTF-16; save it as UTF-8"),
        (b"\x00\x01\x02", "my.toml:1: not TOML: "),
        (b"#" * (MAX_BYTES + 1), "my.toml: is larger than 1 MB"),
        ("a = " + "[" * 5000, "my.toml: is nested too deeply"),
        (f"{'a.' * 200}a = 1", "my.toml: is nested too deeply"),
        (f"a = {'9' * 5000}", "my.toml: holds an impossible value: "),
        ("a = 2024-02-31", "my.toml"),
    ],
)
def test_an_unreadable_file(tmp_path: Path, text: str | bytes, expected: str) -> None:
    (said,) = complaints(tmp_path, text)
    head, _, tail = expected.partition("*")
    assert said.startswith(head), said
    assert tail in said


def test_a_missing_file_a_folder_and_a_near_name(tmp_path: Path) -> None:
    (tmp_path / "vseeface.toml").write_text("")
    asked = [
        tmp_path / "vsefface.toml",
        tmp_path,
        tmp_path / "no" / "x.toml",
        Path("a\0b.toml"),
        tmp_path / "vnyan.toml",
    ]
    with pytest.raises(ConfigError) as caught:
        load_config(asked)
    said = caught.value.what
    near = tmp_path / "vseeface.toml"
    assert f"{asked[0]}: there is no such file (did you mean '{near}'?)" in said
    assert f"{tmp_path}: is a folder" in said
    assert "vnyan.toml: there is no such file (did you mean the preset? write vnyan, with" in said
    assert f"(nor is there a folder {tmp_path / 'no'})" in said
    assert "cannot be read" in said


def test_a_bare_name_is_the_bundled_preset_unless_there_is_such_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = load_config([data_dir("configs") / "vnyan.toml"])
    for name in ("vnyan", "vnyan.toml", "VNyan"):
        assert load_config([Path(name)]) == whole
    (tmp_path / "vnyan.toml").write_text("[source]\nfps = 30\n")
    assert load_config([Path("vnyan.toml")]).source.fps == 30
    assert load_config([Path("vnyan")]) == whole
    (tmp_path / "vnyan").mkdir()
    assert load_config([Path("vnyan")]) == whole


def test_a_fault_belongs_to_the_file_that_wrote_it(tmp_path: Path) -> None:
    good = "[source]\nfps = 30\n\n[[sinks]]\nkind = 'vmc'\n"
    (tmp_path / "a.toml").write_text(good)
    (tmp_path / "b.toml").write_text("# b\n[source]\nfps = -1\n[[sinks]]\nkind = 'osc'\nport = 0\n")
    with pytest.raises(ConfigError) as caught:
        load_config([tmp_path / "a.toml", tmp_path / "b.toml"], overrides={"source": {"width": 1}})
    b = tmp_path / "b.toml"
    assert sorted(caught.value.what.split("\n")) == sorted(
        [
            f"{b}:3: [source] fps: -1 is out of range (allowed: 0 to 240)",
            f"{b}:6: [[sinks]] port: 0 is out of range (allowed: 1 to 65535)",
            "command line: [source] width: 1 is out of range (allowed: 16 to 7680)",
        ]
    )


def test_a_table_fault_between_files_belongs_to_the_later_words(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[emotion.timing.fear]\nenter = 0.3\nexit = 0.2\n")
    (tmp_path / "b.toml").write_text("\n\n\n[emotion.timing.fear]\nexit = 0.4\n")
    with pytest.raises(ConfigError) as caught:
        load_config([tmp_path / "a.toml", tmp_path / "b.toml"])
    assert caught.value.what == (
        f"{tmp_path / 'b.toml'}:5: [emotion.timing.fear] exit: exit must be below enter"
    )


def test_all_faults_come_at_once_in_order_and_not_too_many(tmp_path: Path) -> None:
    said = complaints(tmp_path, "\n".join(f"wrong{i} = {i}" for i in range(MOST_SHOWN + 5)))
    assert said[-1] == "… and 5 more"
    assert [line.split(":")[1] for line in said[:-1]] == [str(i + 1) for i in range(MOST_SHOWN)]


def test_a_file_of_nonsense_does_not_take_long(tmp_path: Path) -> None:
    began = time.process_time()
    said = complaints(tmp_path, "\n".join(f"wrong{i} = {i}" for i in range(30_000)))
    assert time.process_time() - began < 20  # wording takes 2 ms a fault: all would take 60 s
    assert said[-1] == f"… and {30_000 - MOST_SHOWN} more"


def test_sides_and_results_are_signals_too(tmp_path: Path) -> None:
    path = tmp_path / "ok.toml"
    path.write_text(
        "[shapes.noseSneer]\nsum = { mouthSmile = 1, 'out.jawOpen' = 1, 'out.mouthSmile' = 1 }\n"
        "[outputs.X]\nsum = { mouthSmile = 1, 'out.aa' = 1, 'head.yaw_deg' = 0.1, speaking = 1 }\n"
        "[overlay.contempt]\n'strong.mouthSmile' = 0.1\n"
    )
    Driver(load_config([path], known_signals=SIGNALS))


def test_sides_that_read_each_other_crosswise_are_no_circle(tmp_path: Path) -> None:
    path = tmp_path / "ok.toml"
    path.write_text(
        "[shapes.mouthFrownLeft]\nsum = { 'out.mouthDimple' = 1 }\n"
        "[shapes.mouthDimpleLeft]\nsum = { mouthDimpleLeft = 1 }\n"
        "[shapes.mouthDimpleRight]\nsum = { 'out.mouthFrown' = 1 }\n"
        "[shapes.mouthFrownRight]\nsum = { mouthFrown = 1 }\n"
    )
    Driver(load_config([path], known_signals=SIGNALS))


def test_results_may_be_read_by_many(tmp_path: Path) -> None:
    path = tmp_path / "ok.toml"
    path.write_text(
        "[outputs.A]\nsum = { 'out.B' = 1, 'out.C' = 1 }\n[outputs.B]\nsum = { 'out.D' = 1 }\n"
        "[outputs.C]\nsum = { 'out.D' = 1 }\n[outputs.D]\nsum = { jawOpen = 1 }\n"
    )
    Driver(load_config([path], known_signals=SIGNALS))


def test_corrections_read_what_the_engine_gives_them() -> None:
    assert frozenset(CORRECTION_SIGNALS) == CORRECTION_INPUTS


def test_signals_go_unchecked_where_nobody_knows_them(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text("[outputs.X]\nsum = { 'plugin.signal' = 1 }\n")
    assert load_config([path]).outputs["X"].sum == {"plugin.signal": 1.0}


@pytest.mark.parametrize(
    ("name", "choices", "expected"),
    [
        ("mincutoff", ["beta", "min_cutoff_hz"], "min_cutoff_hz"),
        ("MJPG", ["mjpg", "yuyv"], "mjpg"),
        ("hold", ["holdings", "hold_ms"], "hold_ms"),
        ("zzz", ["beta"], None),
        ("", ["beta"], None),
    ],
)
def test_nearest(name: str, choices: list[str], expected: str | None) -> None:
    assert nearest(name, choices) == expected


def test_place_of_nothing_and_of_lists() -> None:
    assert place(()) == ""
    assert place(("a",)) == "a"
    assert place(("t", "names", 0)) == "[t] names #1"
    assert place(("t", "u", "sum", "x")) == "[t.u] sum.x"
