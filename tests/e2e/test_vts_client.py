"""The fake VTube Studio that our client is tested against, tested by a client of others."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_vts import FakeVts
from fake_vts_world import FakeHotkey, FakeModel

HERE = Path(__file__).parent / "node"


def client(vts: FakeVts, *words: str) -> dict[str, Any]:
    """What npm's vtubestudio made of `vts`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    for package in ("vtubestudio", "ws"):
        if not (HERE / "node_modules" / package).is_dir():
            pytest.skip(
                f"npm's {package} is not installed: npm install --prefix tests/e2e/node"
                " --omit=optional --no-package-lock"
            )
    done = subprocess.run(
        [node, "vts_client.js", str(vts.port), *words],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.stdout, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert "fault" not in seen, seen["fault"]
    return seen


def test_a_third_partys_client_understands_the_fake() -> None:
    model = FakeModel(
        "Akari",
        [FakeHotkey("Smile", "id-smile", file="smile.exp3.json")],
        ["smile.exp3.json", "sad.exp3.json"],
    )
    with FakeVts(model=model) as vts:
        vts.cooldown_s = 60.0
        vts.others["MouthOpen"] = "Other"
        vts.world.customs["Theirs"] = {"name": "Theirs", "addedBy": "Other"}
        seen = client(vts)
        assert seen["state"]["active"]
        assert seen["state"]["currentSessionAuthenticated"]
        assert seen["statistics"]["uptime"] >= 0
        assert seen["created"] == {"parameterName": "JawOpen"}
        customs = {row["name"]: row["addedBy"] for row in seen["inputs"]["customParameters"]}
        assert customs == {"Theirs": "Other", "JawOpen": "Somebody Else"}
        assert len(seen["inputs"]["defaultParameters"]) == len(vts.world.defaults)
        assert vts.injections[0].values == {"JawOpen": (0.5, 0.25), "MouthX": (-1.0, 1.0)}
        assert vts.injections[0].found
        assert seen["hotkeys"]["availableHotkeys"][0]["hotkeyID"] == "id-smile"
        assert seen["triggered"] == {"hotkeyID": "id-smile"}
        states = {row["file"]: row["active"] for row in seen["expressions"]["expressions"]}
        assert states == {"smile.exp3.json": True, "sad.exp3.json": False}
        assert vts.active == {"smile.exp3.json", "sad.exp3.json"}
        assert [event["hotkeyName"] for event in seen["events"]] == ["Smile"]
        assert seen["errors"] == [450, 451, 452, 453, 454, 455, 350, 354, 352, 202, 203, 651]
        assert vts.popups == 1
        vts._pressed_s.clear()
        assert client(vts, seen["token"])["state"]["currentSessionAuthenticated"]
        assert vts.popups == 1


def test_the_whole_program_drives_it_and_lets_go(home: dict[str, str], tmp_path: Path) -> None:
    with FakeVts() as vts:
        url, words = f"vts://127.0.0.1:{vts.port}", "--max-seconds 4 --quiet --no-film"
        done = subprocess.run(
            [sys.executable, "-m", "vtdrive", "demo", "--sink", url, *words.split()],
            capture_output=True,
            text=True,
            env=home,
            timeout=90,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert vts.errors == []
        assert len(vts.injections) > 60
        assert any(one.found for one in vts.injections)
        last = vts.injections[-1]
        assert not last.found
        assert {weight for _, weight in last.values.values()} == {0.0}
        lids = [one.values["EyeOpenLeft"][0] for one in vts.injections]
        assert max(lids) - min(lids) > 0.03
        (token,) = vts.world.tokens
        (kept,) = (tmp_path / "config" / "vtdrive" / "vtubestudio").iterdir()
        assert token in kept.read_text("utf-8")
        if os.name == "posix":
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert token not in done.stdout + done.stderr
