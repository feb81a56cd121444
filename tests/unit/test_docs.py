"""What the pages say is so: links lead somewhere, options exist, targets parse, figures hold."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from vtdrive.assets import load_card
from vtdrive.classifiers.emotion_card import EmotionCard
from vtdrive.cli.app import app
from vtdrive.config.inputs import INPUT_KINDS
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.config.sinks import SINK_KINDS
from vtdrive.config.urls import parse_input_url, parse_sink_url
from vtdrive.core.emotion import EmotionContext, EmotionMachine
from vtdrive.core.signals import SIGNALS
from vtdrive.render.format.export import avatar_reference, avatar_schema
from vtdrive.render.format.read import read_avatar
from vtdrive.render.motion.tables import built_in
from vtdrive.types import Emotion, Status, frozen
from vtdrive.vocab import EMOTION_INDEX, EMOTIONS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not any(p.startswith(".") or p == "node_modules" for p in page.relative_to(ROOT).parts)
)
LINK = re.compile(r"\[[^\]]*\]\(\s*([^)\s]+)\s*\)", re.DOTALL)
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
CARD = re.compile(r'^ *kind = "emotion"$', re.MULTILINE)
APPS = (
    "vseeface", "vnyan", "warudo", "vmagicmirror", "snekstudio", "mqtt",
    "phone-apps", "ifacialmocap", "openseeface", "unreal", "opentrack", "vrchat",
    "vtubestudio", "evmc4u", "virtualmotioncapture",
)  # fmt: skip
PAGE_OF = {"vtubestudio": "vtube-studio"}
"""Presets whose page is named otherwise."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(text: str) -> str:
    """Without code, in which brackets and parentheses are no links."""
    return re.sub(r"`[^`\n]*`", "`code`", FENCE.sub("", text))


def anchors(page: Path) -> set[str]:
    """The `#…` of each heading, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Every verb that does something, with its name as a user types it."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, child in command.commands.items():
        yield from leaves(child, (*path, name))


TOP = typer.main.get_command(app)
VERBS = dict(leaves(TOP, ("vtdrive",)))
GROUPS = {verb.split()[1] for verb in VERBS if verb.count(" ") > 1}


def options(command: Any) -> set[str]:
    """Spellings of all options, without --help."""
    found = {
        spelling
        for param in command.params
        if param.param_type_name == "option"
        for spelling in (*param.opts, *param.secondary_opts)
    }
    return found - {"--help", "-h"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target}: no such file"
        assert found.is_relative_to(ROOT), f"{target}: outside of the project"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{target}: no such heading"


def test_every_page_is_reached_from_the_index() -> None:
    todo, seen = [ROOT / "README.md"], set()
    while todo:
        page = todo.pop()
        seen.add(page)
        for target in LINK.findall(prose(page.read_text("utf-8"))):
            found = (page.parent / target.partition("#")[0]).resolve()
            if found.suffix == ".md" and found.is_file() and found not in seen:
                todo.append(found)
    unreached = [name_of(page) for page in PAGES if page not in seen and DOCS in page.parents]
    assert unreached == []


def test_pages_that_messages_name_exist() -> None:
    for source in (ROOT / "vtdrive").rglob("*.py"):
        for named in re.findall(r"docs/[\w/.-]+\.\w+", source.read_text("utf-8")):
            assert (ROOT / named).is_file(), f"{source.name} names {named}"


def sections() -> dict[str, str]:
    """`vtdrive VERB` to what cli.md says below that heading."""
    text = (DOCS / "reference" / "cli.md").read_text("utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {head.strip("`"): body for head, body in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_reference_has_every_verb() -> None:
    told = {head for head in sections() if head.startswith("vtdrive ")}
    assert told == VERBS.keys()


@pytest.mark.parametrize("verb", ["vtdrive", *VERBS])
def test_the_reference_has_every_option(verb: str) -> None:
    rows = [line.split("|")[1] for line in sections()[verb].splitlines() if line.startswith("|")]
    told = {spelling for row in rows for spelling in re.findall(r"`(--?[\w-]+)`", row)}
    assert told == options(VERBS.get(verb, TOP))


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each `vtdrive …` on a page: lines of code, and code within prose."""
    text = page.read_text("utf-8")
    blocks = [
        body for kind, body in FENCE.findall(text) if kind in ("", "sh", "text", "powershell")
    ]
    lines = [line for body in blocks for line in body.splitlines()]
    lines += re.findall(r"`((?:vtdrive|python3 bootstrap\.py) [^`\n]+)`", FENCE.sub("", text))
    for line in lines:
        words = re.split(r"\s{3,}|[…;]| \| ", line.strip())[0].replace("\\", "/")
        match = re.match(
            r"(?:\S*/)?(?:vtdrive|python3 bootstrap\.py|py -3\.11 bootstrap\.py) ", words
        )
        if match:
            yield shlex.split(words[match.end() :], comments=True)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_on_pages_exist(page: Path) -> None:
    for words in commands(page):
        if words[:1] in (["test"], ["VERB"]) or not words or words[0].startswith("-"):
            continue
        depth = 2 if words[0] in GROUPS else 1
        verb = " ".join(("vtdrive", *words[:depth]))
        if "|" in verb or words[depth - 1 :] == []:
            continue
        assert verb in VERBS, " ".join(words)
        for word in words[depth:]:
            if re.match(r"--?[a-z]", word):
                assert word in {*options(VERBS[verb]), "--help", "-h"}, " ".join(words)


def targets(page: Path) -> list[str]:
    """URLs of sinks and inputs that a reader would type as they stand."""
    kinds = "|".join(re.escape(kind) for kind in (*INPUT_KINDS, *SINK_KINDS))
    found = re.findall(rf"(?<![\w-])((?:{kinds}):[^\s`\"')|]+)", page.read_text("utf-8"))
    return [url for url in found if not re.search(r"[A-Z]{4}|…|\.$", url)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_targets_on_pages_parse(page: Path) -> None:
    for url in targets(page):
        is_input = url.partition(":")[0] in INPUT_KINDS
        parse_input_url(url) if is_input else parse_sink_url(url)


@pytest.mark.parametrize("name", APPS)
def test_an_apps_page_and_its_preset_agree(name: str) -> None:
    preset = load_config([ROOT / "configs" / f"{name}.toml"]).sinks
    page = (DOCS / "how-to" / f"{PAGE_OF.get(name, name)}.md").read_text("utf-8")
    typed = re.findall(r"vtdrive run --source 0(?: --sink \"?([^\s\"]+))?", page)
    assert [parse_sink_url(typed[0] or "vmc://127.0.0.1:39539")] == preset
    assert f"config new --for {name} my.toml" in page


@pytest.mark.parametrize("page", [p for p in PAGES if DOCS in p.parents], ids=name_of)
def test_configs_on_pages_load(tmp_path: Path, page: Path) -> None:
    for kind, body in FENCE.findall(page.read_text("utf-8")):
        if kind == "toml" and "[project." not in body and not CARD.search(body):
            avatar = body.startswith('name = "') and "[[part]]" in body
            path = tmp_path / ("avatar.toml" if avatar else "example.toml")
            path.write_text(body, encoding="utf-8")
            if avatar:
                read_avatar(tmp_path)
            else:
                load_config([path], known_signals=SIGNALS)


def test_the_pages_of_avatars_say_what_the_program_does() -> None:
    known = built_in()
    page = (DOCS / "reference" / "avatar-format.md").read_text("utf-8")
    assert page == avatar_reference(known.params, known.springs)
    assert (DOCS / "reference" / "avatar.schema.json").read_text("utf-8") == avatar_schema()


def test_cards_on_pages_are_sound(tmp_path: Path) -> None:
    bodies = [b for page in PAGES for _, b in FENCE.findall(page.read_text("utf-8"))]
    cards = [body for body in bodies if CARD.search(body)]
    assert cards
    for body in cards:
        (tmp_path / "mine.onnx").touch()
        (tmp_path / "mine.toml").write_text(body, encoding="utf-8")
        EmotionCard.read(load_card(tmp_path / "mine.onnx"))


def performed(config: Config, name: str) -> tuple[float, float, float, float]:
    """When `name` starts, how far it gets, when it ends and is 0: sure for 2 s, then neutral."""

    def sample(t: float) -> Emotion:
        leading, p = (name, 0.7) if 2 <= t < 4 else ("neutral", 0.9)
        probs = np.full(len(EMOTIONS), (1 - p) / 7)
        probs[EMOTION_INDEX[leading]] = p
        return Emotion(t_ns=int(t * 1e9), probs=frozen(probs))

    context = EmotionContext(
        status=Status.LIVE, speaking=False, yaw_rad=0.0, lids_shut=False,
        brow_up=0.0, brow_down=0.0, smile=0.0, sneer_or_squint=0.0,
    )  # fmt: skip
    machine, i = EmotionMachine(config.emotion), EMOTION_INDEX[name]
    at, shown, weights = [], [], []
    newest = sample(0.0)
    for k in range(360):
        t = k / 60
        newest = sample(t) if k % 6 == 0 else newest
        state = machine.step(newest, context, int(t * 1e9))
        at.append(t)
        shown.append(state.shown == i)
        weights.append(float(state.weights[i]))
    start = at[shown.index(True)] - 2
    after = [(t, s, w) for t, s, w in zip(at, shown, weights, strict=True) if t > 4]
    ended = next(t for t, s, _ in after if not s) - 4
    gone = next(t for t, _, w in after if w == 0.0) - 4
    return start, max(weights[:240]), ended, gone


def test_the_table_of_emotion_timing(config: Config) -> None:
    text = (DOCS / "explanation" / "emotion-timing.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| ([\d. |]+) \|$", text, re.MULTILINE))
    assert rows.keys() == set(EMOTIONS[1:])
    for name, told in rows.items():
        now = " | ".join(f"{value:.2f}" for value in performed(config, name))
        assert told == now, f"write: | {name} | {now} |"
