"""Nothing is reported to anybody: ONNX Runtime's telemetry stays off."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vtdrive
from vtdrive.assets import data_dir
from vtdrive.errors import ModelError
from vtdrive.inference import open_session

SCRIPT = """
import os, sys, threading
from pathlib import Path
from vtdrive.trackers.shapes import ShapeNet
net = ShapeNet(); net.open()
files = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
         if os.path.exists(f"/proc/self/fd/{n}")]
print([f for f in files if "onnxruntime" in f and ".so" not in f])
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_no_telemetry_store_is_opened_or_written(tmp_path: Path) -> None:
    """It shows as a database and a device id in the user's cache folder."""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_", "CI"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=keep | home,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_nothing_imports_onnxruntime_but_the_one_door() -> None:
    root = Path(vtdrive.__file__).parent
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        hidden = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Import) and id(node) not in hidden:
                names = {alias.name.split(".")[0] for alias in node.names}
                assert "onnxruntime" not in names or path.name == "inference.py", path


def test_bytes_that_are_no_network_are_named() -> None:
    with pytest.raises(ModelError, match=r"mine\.onnx cannot be loaded"):
        open_session(b"not a network", name="mine.onnx")


def test_a_session_runs_on_one_thread() -> None:
    model = data_dir("models") / "blendshapes.onnx"
    options = open_session(model.read_bytes(), name=model.name).get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
