from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from vtdrive.sinks.vts_token import TokenStore

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")


def test_a_token_comes_back_for_its_own_address_only(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "new" / "folder")
    assert store.load(host="PC.local", port=8001) is None
    store.save("abc", host="PC.local", port=8001)
    assert TokenStore(store.folder).load(host="pc.local", port=8001) == "abc"
    assert store.load(host="pc.local", port=8002) is None
    assert store.load(host="127.0.0.1", port=8001) is None
    store.save("def", host="pc.local", port=8001)
    assert store.load(host="pc.local", port=8001) == "def"
    assert len(list(store.folder.iterdir())) == 1
    store.forget(host="pc.local", port=8001)
    store.forget(host="pc.local", port=8001)
    assert store.load(host="pc.local", port=8001) is None


@POSIX
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = TokenStore(tmp_path / "folder")
        store.save("abc", host="h", port=1)
    finally:
        os.umask(old)
    path = store.path(host="h", port=1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    path.chmod(0o644)
    assert store.load(host="h", port=1) == "abc"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@POSIX
def test_the_default_place_is_the_users_config(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert TokenStore().folder == tmp_path / "vtdrive" / "vtubestudio"


@pytest.mark.parametrize("host", ["::1", "../../etc/passwd", "a" * 300, "C:\\x", "", "host\n"])
def test_no_address_leads_out_of_the_folder(tmp_path: Path, host: str) -> None:
    store = TokenStore(tmp_path)
    store.save("abc", host=host, port=8001)
    assert store.path(host=host, port=8001).parent == tmp_path
    assert store.load(host=host, port=8001) == "abc"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '"x"',
        "{}",
        json.dumps({"plugin": "vtdrive", "developer": "vtdrive", "authenticationToken": 7}),
        json.dumps({"plugin": "other", "developer": "vtdrive", "authenticationToken": "abc"}),
        json.dumps({"plugin": "vtdrive", "developer": "vtdrive", "authenticationToken": "a\nb"}),
    ],
)
def test_a_spoilt_file_is_no_token(tmp_path: Path, text: str) -> None:
    store = TokenStore(tmp_path)
    store.path(host="h", port=1).write_text(text, "utf-8")
    assert store.load(host="h", port=1) is None


def test_a_file_of_bytes_is_no_token(tmp_path: Path) -> None:
    store = TokenStore(tmp_path)
    store.path(host="h", port=1).write_bytes(b"\xff\xfe{")
    assert store.load(host="h", port=1) is None


def test_a_failed_save_leaves_the_old_one_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TokenStore(tmp_path)
    store.save("old", host="h", port=1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.save("new", host="h", port=1)
    assert store.load(host="h", port=1) == "old"
    assert len(list(tmp_path.iterdir())) == 1
