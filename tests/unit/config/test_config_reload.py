"""Config files change while live: good ones arrive, bad ones are explained."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vtdrive.config.load import load_config
from vtdrive.config.reload import ConfigWatcher
from vtdrive.config.schema import Config
from vtdrive.errors import UsageError

PATIENCE_S = 20.0
QUIET_S = 1.5
"""Longer than debounce, settling and polling together."""


class Ears:
    """Hears what a watcher says."""

    def __init__(self) -> None:
        self.said: queue.Queue[Config | str] = queue.Queue()
        self.refuse = False

    def config(self, config: Config) -> None:
        if self.refuse:
            raise UsageError("no such output", "name another")
        self.said.put(config)

    def next(self) -> Config | str:
        return self.said.get(timeout=PATIENCE_S)

    def next_width(self) -> int:
        heard = self.next()
        assert isinstance(heard, Config), heard
        return heard.source.width

    def next_error(self) -> str:
        heard = self.next()
        assert isinstance(heard, str), heard
        return heard

    def silent(self) -> bool:
        try:
            self.said.get(timeout=QUIET_S)
        except queue.Empty:
            return True
        return False


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "live.toml"
    path.write_text("[source]\nwidth = 320\n")
    return path


@pytest.fixture
def ears(file: Path) -> Iterator[Ears]:
    ears = Ears()
    with ConfigWatcher([file], ears.config, ears.said.put):
        yield ears


def width(value: int) -> str:
    return f"[source]\nwidth = {value}\n"


def test_a_changed_file_arrives(file: Path, ears: Ears) -> None:
    file.write_text(width(640))
    assert ears.next_width() == 640
    file.write_text(width(800))
    assert ears.next_width() == 800
    assert ears.silent()


def test_a_bad_file_is_explained_and_a_mended_one_arrives(file: Path, ears: Ears) -> None:
    file.write_text("[source]\nwidht = 1\n")
    said = ears.next_error()
    assert f"{file}:2: [source] widht: unknown key" in said
    file.write_text("[source\n")
    assert f"{file}:1: not TOML" in ears.next_error()
    file.write_text(width(320))  # as it was before: said all the same, since an error came between
    assert ears.next_width() == 320


def test_a_file_replaced_by_rename_arrives_each_time(file: Path, ears: Ears) -> None:
    for value in (640, 800, 1024):
        fresh = file.with_name("live.toml.tmp")
        fresh.write_text(width(value))
        fresh.replace(file)
        assert ears.next_width() == value


def test_a_file_that_goes_and_returns(file: Path, ears: Ears) -> None:
    file.unlink()
    assert "there is no such file" in ears.next_error()
    file.write_text(width(720))
    assert ears.next_width() == 720


def test_a_file_emptied_and_then_written_is_read_once(file: Path, ears: Ears) -> None:
    with file.open("w") as out:  # emptied here ...
        out.flush()
        time.sleep(0.3)
        out.write(width(640))  # ... and written a moment later, as some editors do
    assert ears.next_width() == 640
    assert ears.silent()


def test_other_files_and_touches_are_no_news(file: Path, ears: Ears) -> None:
    file.with_name("other.toml").write_text("nonsense = 1")
    file.touch()
    file.write_text(file.read_text())
    assert ears.silent()


def test_a_config_that_the_engine_refuses_is_an_error(file: Path, ears: Ears) -> None:
    ears.refuse = True
    file.write_text(width(640))
    assert "no such output\n  → name another" in ears.next_error()
    ears.refuse = False
    file.write_text(width(800))
    assert ears.next_width() == 800


def test_a_fault_of_ours_is_told_and_the_watch_goes_on(file: Path) -> None:
    ears = Ears()

    def use(config: Config) -> None:
        if config.source.width == 640:
            raise KeyError("a bug")
        ears.config(config)

    with ConfigWatcher([file], use, ears.said.put):
        file.write_text(width(640))
        assert "KeyError('a bug')" in ears.next_error()
        file.write_text(width(800))
        assert ears.next_width() == 800


def test_any_of_several_files_in_several_folders(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    files = [tmp_path / "a.toml", tmp_path / "sub" / "b.toml"]
    for path in files:
        path.write_text("")
    ears = Ears()
    with ConfigWatcher(files, ears.config, ears.said.put):
        files[1].write_text(width(640))
        assert ears.next_width() == 640
        files[0].write_text("[source]\nwidth = 320\nheight = 240\n")
        heard = ears.next()
        assert isinstance(heard, Config)
        assert (heard.source.width, heard.source.height) == (640, 240)


def test_a_change_between_making_and_starting_is_not_lost(file: Path) -> None:
    ears = Ears()
    watcher = ConfigWatcher([file], ears.config, ears.said.put)
    file.write_text(width(640))
    with watcher:
        assert ears.next_width() == 640


def test_a_link_to_a_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "real.toml"
    real.write_text(width(320))
    link = tmp_path / "link.toml"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("links are not allowed here")
    ears = Ears()
    with ConfigWatcher([link], ears.config, ears.said.put):
        real.write_text(width(640))
        assert ears.next_width() == 640


def test_closing_is_quick_and_leaves_no_thread(file: Path) -> None:
    ears = Ears()
    watcher = ConfigWatcher([file], ears.config, ears.said.put)
    watcher.start()
    watcher.start()  # once is enough
    assert [t.name for t in threading.enumerate()].count("config") == 1
    time.sleep(0.3)  # let it reach its wait
    began = time.perf_counter()
    watcher.close()
    assert time.perf_counter() - began < 1.0
    assert "config" not in [t.name for t in threading.enumerate()]
    watcher.close()
    file.write_text(width(640))
    assert ears.silent()


def test_closing_from_its_own_callback_does_not_hang(file: Path) -> None:
    closed = threading.Event()

    def on_config(config: Config) -> None:
        watcher.close()
        closed.set()

    watcher = ConfigWatcher([file], on_config, lambda said: None)
    with watcher:
        file.write_text(width(640))
        assert closed.wait(PATIENCE_S)


def test_without_files_no_thread_starts() -> None:
    ears = Ears()
    with ConfigWatcher([], ears.config, ears.said.put):
        assert "config" not in [t.name for t in threading.enumerate()]


def test_the_caller_chooses_how_files_are_loaded(file: Path) -> None:
    ears = Ears()
    with ConfigWatcher(
        [file],
        ears.config,
        ears.said.put,
        load=lambda paths: load_config(paths, overrides={"source": {"width": 100}}),
    ):
        file.write_text(width(640))
        assert ears.next_width() == 100


def test_a_folder_that_cannot_be_watched_is_said(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: object, **options: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("watchfiles.watch", refuse)
    ears = Ears()
    with ConfigWatcher([file], ears.config, ears.said.put):
        assert "changes need a restart" in ears.next_error()
