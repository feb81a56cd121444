"""Providers: used where they are present and start, told of in one sentence where not."""

from __future__ import annotations

import re
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from emotion_networks import network, write
from runtime_parts import Heard, KeepingSink, ScriptedFeed, ScriptedTracker

from vtdrive import inference
from vtdrive.classifiers.fused import FusedEmotion
from vtdrive.classifiers.onnx_emotion import OnnxEmotion
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.config.load import load_config
from vtdrive.config.schema import Config
from vtdrive.errors import ConfigError, ModelError
from vtdrive.inference import PROVIDERS, present_providers, provider_named
from vtdrive.runtime.session import Session

ABSENT = "coreml" if sys.platform != "darwin" else "directml"
CROPS = np.random.default_rng(0).integers(0, 256, (3, 12, 12), np.uint8)


def read(folder: Path, provider: str) -> tuple[Any, tuple[str, ...]]:
    """Logits of three faces, and what the user is told."""
    classifier = OnnxEmotion(write(folder, network(looks=True)), provider=provider)
    assert classifier.notes == ()
    classifier.open()
    logits, _ = classifier.infer_many(CROPS)
    classifier.close()
    return logits, classifier.notes


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *PROVIDERS.items(),
        ("CUDA", "CUDAExecutionProvider"),
        (" openvino ", "OpenVINOExecutionProvider"),
        ("dmlexecutionprovider", "DmlExecutionProvider"),
        ("XnnpackExecutionProvider", "XnnpackExecutionProvider"),
    ],
)
def test_providers_go_by_short_and_full_names(written: str, meant: str) -> None:
    assert provider_named(written) == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("cuad", "did you mean 'cuda'"),
        ("auto", "allowed: cpu, cuda, tensorrt, directml, coreml, openvino"),
        ("", "is no provider"),
        ("ExecutionProvider", "is no provider"),
        ("AzureExecutionProvider", "sends pictures to a server"),
        ("azureexecutionprovider", "sends pictures to a server"),
    ],
)
def test_other_words_are_refused_in_the_config(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        provider_named(written)
    path = tmp_path / "mine.toml"
    path.write_text(f'[emotion]\nprovider = "{written}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"mine\.toml:2: \[emotion\] provider: .*{said}"):
        load_config([path])


def test_what_is_present_is_told_without_the_one_that_sends_pictures_away() -> None:
    assert "cpu" in present_providers()
    assert not [name for name in present_providers() if "azure" in name.lower()]


def test_the_cpu_needs_no_words(tmp_path: Path) -> None:
    assert read(tmp_path, "cpu")[1] == ()
    assert read(tmp_path, "CPUExecutionProvider")[1] == ()


def test_an_absent_provider_means_the_cpu_and_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    logits, (note,) = read(tmp_path, ABSENT)
    np.testing.assert_array_equal(logits, read(tmp_path, "cpu")[0])
    assert note.startswith("model tiny.onnx runs on the CPU: ")
    assert f"provider {ABSENT} is not in the installed ONNX Runtime" in note
    assert f"(present: {', '.join(present_providers())}" in note
    assert "\n" not in note
    assert capfd.readouterr() == ("", ""), "ONNX Runtime's own words stay away"


@pytest.mark.skipif(present_providers() == ["cpu"], reason="no provider besides the CPU is present")
def test_a_present_provider_agrees_with_the_cpu(tmp_path: Path) -> None:
    expected, _ = read(tmp_path, "cpu")
    for provider in present_providers():
        logits, notes = read(tmp_path, provider)
        assert notes == ()
        np.testing.assert_allclose(logits, expected, atol=0.02, err_msg=provider)


def test_a_provider_that_is_built_in_and_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime then goes on without it, and warns or does not."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: list(PROVIDERS.values())[:2]
    )
    expected, _ = read(tmp_path, "cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logits, (quiet,) = read(tmp_path, "cuda")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, (loud,) = read(tmp_path, "cuda")
    np.testing.assert_array_equal(logits, expected)
    assert "provider cuda failed to start, without saying why (present: cpu, cuda)" in quiet
    assert re.search(r"provider cuda failed to start: .+ \(present: cpu, cuda\)$", loud)


class Accelerated:
    """A session that says it runs on CUDA, and breaks when it is told to."""

    def __init__(self, session: Any, *, breaks: bool) -> None:
        self._session = session
        self._breaks = breaks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def get_providers(self) -> list[str]:
        return [PROVIDERS["cuda"], PROVIDERS["cpu"]]

    def run(self, *given: Any) -> Any:
        if self._breaks:
            raise RuntimeError("CUDA error 999\nwith a stack trace")
        return self._session.run(*given)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Pretends that CUDA is present; the providers of each session that is made."""
    return _pretend(monkeypatch, breaks=False)


def _pretend(monkeypatch: pytest.MonkeyPatch, *, breaks: bool) -> list[list[str]]:
    asked: list[list[str]] = []
    make = inference._session

    def session(model: bytes, providers: list[str]) -> Any:
        asked.append(providers)
        real = make(model, [PROVIDERS["cpu"]])
        return real if len(providers) == 1 else Accelerated(real, breaks=breaks)

    monkeypatch.setattr(inference, "_session", session)
    monkeypatch.setattr(inference, "present_providers", lambda: ["cuda", "cpu"])
    return asked


def test_a_present_provider_is_used_with_the_cpu_behind_it(
    tmp_path: Path, asked: list[list[str]]
) -> None:
    _, notes = read(tmp_path, "cuda")
    assert notes == ()
    assert asked == [["CUDAExecutionProvider", "CPUExecutionProvider"]]


def test_a_provider_that_breaks_at_the_first_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _pretend(monkeypatch, breaks=True)
    logits, (note,) = read(tmp_path, "cuda")
    assert np.isfinite(logits).all()
    assert asked[-1] == ["CPUExecutionProvider"]
    assert re.search(r"provider cuda failed at the first picture: .*CUDA error 999 \(", note)
    assert "\n" not in note


def test_a_provider_that_breaks_during_a_run_hands_over_to_the_cpu(
    tmp_path: Path, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = read(tmp_path, "cpu")
    fused = FusedEmotion(
        OnnxEmotion(write(tmp_path, network(looks=True)), provider="cuda"), ShapeEmotion()
    )
    fused.open()
    before = fused.notes
    monkeypatch.setattr(Accelerated, "run", _gone)
    for _ in range(2):
        np.testing.assert_array_equal(fused.picture.infer_many(CROPS)[0], expected)
    (note,) = fused.notes[len(before) :]
    assert note.startswith("model tiny.onnx runs on the CPU from now on: provider cuda failed: ")
    assert "the device was removed" in note
    assert "\n" not in note
    assert asked[-1] == ["CPUExecutionProvider"]
    fused.close()


def _gone(*given: Any) -> Any:
    raise RuntimeError("the device was removed\nwith a stack trace")


def test_a_wrong_card_is_told_of_whatever_the_provider(
    tmp_path: Path, asked: list[list[str]]
) -> None:
    classifier = OnnxEmotion(write(tmp_path, network([0.0] * 7)), provider="cuda")
    with pytest.raises(ModelError, match="has 7 outputs, but its card names 8"):
        classifier.open()
    assert asked[-1] == ["CPUExecutionProvider"]


class SlowToOpen(ScriptedTracker):
    """Keeps everything off stderr while it loads, as mediapipe's does, for longer than others."""

    loading = False

    def open(self) -> None:
        self.loading = True
        time.sleep(0.5)
        self.loading = False


class Witness(Heard):
    """Remembers what is told when nobody can see it, too."""

    def __init__(self, tracker: SlowToOpen) -> None:
        super().__init__()
        self.unseen: list[str] = []
        self._tracker = tracker

    def on_event(self, sentence: str) -> None:
        (self.unseen if self._tracker.loading else self.events).append(sentence)


def test_a_run_tells_it_once_and_when_it_can_be_seen(tmp_path: Path, config: Config) -> None:
    tracker = SlowToOpen()
    witness = Witness(tracker)
    session = Session(
        config,
        feed=ScriptedFeed([True] * 20),
        tracker=tracker,
        classifier=OnnxEmotion(write(tmp_path), provider=ABSENT),
        sinks=[KeepingSink()],
        listener=witness,
    )
    session.run(threading.Event())
    assert len([told for told in witness.events if "runs on the CPU" in told]) == 1
    assert witness.unseen == []
