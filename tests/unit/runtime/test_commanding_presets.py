"""Presets: one after the other, and none that is faulty."""

from __future__ import annotations

from pathlib import Path

import pytest
from commanded_run import running

from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.errors import UsageError
from vtdrive.runtime.presets import Presets


def test_presets_follow_each_other_and_a_bad_one_changes_nothing(
    config: Config, tmp_path: Path
) -> None:
    for name, text in (
        ("calm", "[head]\ngain = 0.5"), ("Party", "[head]\ngain = 2.0"), ("bad", "[haed]"),
    ):  # fmt: skip
        (tmp_path / f"{name}.toml").write_text(text)
    paths = [tmp_path / f"{name}.toml" for name in ("calm", "Party", "bad")]
    with running(config, tmp_path, *paths) as run:
        run.frames(5)
        gains = []
        for text in ("next", "next", "previous", "party", "none"):
            said = run.do(f"preset {text}")
            run.frames(1)
            gains.append(run.session.config.head.gain)
            assert said.endswith("is in force")
        assert gains == [0.5, 2.0, 0.5, 2.0, 1.0]
        run.do("preset Party")
        with pytest.raises(UsageError, match="haed"):
            run.do("preset next")
        with pytest.raises(UsageError, match="did you mean 'calm'"):
            run.do("preset clam")
        run.frames(1)
        assert run.session.config.head.gain == 2.0
        assert run.commander.state()["preset"] == "Party"
    with running(config, tmp_path) as run, pytest.raises(UsageError, match="there are no presets"):
        run.do("preset next")


def test_a_faulty_preset_is_found_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text("[head]\ngain = 2.0")
    (tmp_path / "bad.toml").write_text("[head]\n\ngian = 2.0")
    paths = [tmp_path / "good.toml", tmp_path / "bad.toml"]
    presets = Presets(paths, load=load_config, use=lambda _: None)
    with pytest.raises(UsageError, match=r"bad.toml:3: .*did you mean 'gain'"):
        presets.check()


def test_previous_of_none_is_the_last_and_the_round_closes(config: Config) -> None:
    used: list[str] = []
    presets = Presets(
        [Path("a.toml"), Path("b.toml")],
        load=lambda layer: used.append(layer[0].stem) or config,  # type: ignore[func-returns-value]
        use=lambda _: None,
    )
    for which in ("previous", "next", "next", "previous"):
        presets.choose(which)
    assert used == ["b", "a", "b", "a"]


def test_a_preset_that_cannot_be_used_is_not_in_force(config: Config) -> None:
    def refuse(_: Config) -> None:
        raise UsageError("no", "")

    presets = Presets([Path("a.toml")], load=lambda _: config, use=refuse)
    with pytest.raises(UsageError):
        presets.choose("a")
    assert (presets.name, presets.layer) == ("", ())
