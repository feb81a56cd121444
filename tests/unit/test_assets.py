"""`vtdrive.assets`: models come with a card that fits them, or with a sentence why not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vtdrive import assets
from vtdrive.assets import SHIPPED, data_dir, list_cards, load_card, model_files, verified
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL
from vtdrive.classifiers.shape_emotion import SHAPES_MODEL
from vtdrive.cli.models import models
from vtdrive.errors import ModelError
from vtdrive.runtime import checkup
from vtdrive.trackers.shapes import MODEL


def written(folder: Path, *, name: str = "m", data: bytes = b"weights", card: str = "") -> Path:
    model = folder / f"{name}.onnx"
    model.write_bytes(data)
    text = card or f'kind = "emotion"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nextra = 3\n'
    model.with_suffix(".toml").write_text(text, encoding="utf-8")
    return model


def test_a_sound_model_is_read(tmp_path: Path) -> None:
    card = load_card(written(tmp_path))
    assert (card.kind, card.facts["extra"]) == ("emotion", 3)
    assert verified(card) == b"weights"


def test_an_altered_model_is_refused_with_both_sums(tmp_path: Path) -> None:
    card = load_card(written(tmp_path))
    card.path.write_bytes(b"other")
    with pytest.raises(ModelError, match=card.sha256[:12]) as caught:
        verified(card)
    assert "restore" in caught.value.remedy


def test_the_sum_may_be_written_in_capitals(tmp_path: Path) -> None:
    total = hashlib.sha256(b"weights").hexdigest().upper()
    card = load_card(written(tmp_path, card=f'kind = "emotion"\nsha256 = " {total}"\n'))
    assert verified(card) == b"weights"


def test_a_missing_model_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing") as caught:
        load_card(tmp_path / "gone.onnx")
    assert str(tmp_path / "gone.onnx") in caught.value.remedy


def test_a_model_without_a_card_is_refused(tmp_path: Path) -> None:
    model = written(tmp_path)
    model.with_suffix(".toml").unlink()
    with pytest.raises(ModelError, match="no card"):
        load_card(model)


@pytest.mark.parametrize("text", ["kind = ", "kind = 3\nsha256 = 'x'\n", "kind = 'emotion'\n"])
def test_a_card_that_is_unsound_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_card(written(tmp_path, card=text))
    assert caught.value.remedy


def test_a_card_that_is_no_text_is_refused(tmp_path: Path) -> None:
    model = written(tmp_path)
    model.with_suffix(".toml").write_bytes(b"\xff\xfe\x00kind")
    with pytest.raises(ModelError, match="not TOML"):
        load_card(model)


def test_a_card_may_begin_with_windows_mark(tmp_path: Path) -> None:
    model = written(tmp_path)
    card = model.with_suffix(".toml")
    card.write_bytes(b"\xef\xbb\xbf" + card.read_bytes())
    assert load_card(model).path == model


def test_a_card_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    model = written(tmp_path)
    model.with_suffix(".toml").unlink()
    model.with_suffix(".toml").mkdir()
    with pytest.raises(ModelError, match=r"the card \S+\.toml cannot be read"):
        load_card(model)


def test_a_model_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    card = load_card(written(tmp_path))
    card.path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        verified(card)


def test_cards_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        written(tmp_path, name=name)
    assert [card.path.stem for card in list_cards(tmp_path)] == ["a", "b"]
    assert list_cards(tmp_path / "nowhere") == []


def test_a_card_whose_model_is_gone_is_noticed(tmp_path: Path) -> None:
    written(tmp_path, name="a").unlink()
    assert [path.name for path in model_files(tmp_path)] == ["a.onnx"]
    with pytest.raises(ModelError, match=r"a\.onnx is missing"):
        list_cards(tmp_path)


@pytest.mark.parametrize("suffixes", [(".onnx",), (".toml",), (".onnx", ".toml")])
def test_a_shipped_model_that_is_gone_is_named(
    suffixes: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in SHIPPED:
        written(tmp_path, name=name)
    monkeypatch.setattr(assets, "data_dir", lambda kind: tmp_path)
    models()
    assert capsys.readouterr().out.count("verified") == len(SHIPPED)
    for suffix in suffixes:
        (tmp_path / f"{SHIPPED[0]}{suffix}").unlink()
    with pytest.raises(ModelError, match=SHIPPED[0]) as caught:
        models()
    assert caught.value.exit_code == 1
    # The others are listed all the same.
    assert capsys.readouterr().out.count("verified") == len(SHIPPED) - 1
    findings = list(checkup._models())
    assert [finding.fatal for finding in findings] == [True, False]
    assert SHIPPED[0] in findings[0].what
    assert findings[0].remedy


def test_the_shipped_names_are_those_that_the_code_loads() -> None:
    assert {MODEL, SHIPPED_MODEL, SHAPES_MODEL} == {f"{name}.onnx" for name in SHIPPED}


def test_every_shipped_model_is_the_one_its_card_describes() -> None:
    for card in list_cards():
        assert len(verified(card)) == card.path.stat().st_size
        assert card.path.parent == data_dir("models")
