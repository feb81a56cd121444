"""The microphone as an input, with a stand-in for the sound system that plays in real time."""

from __future__ import annotations

import ctypes.util
import os
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from voices import need_espeak, resampled, spoken

from vtdrive.config.inputs import MicInput
from vtdrive.config.urls import parse_input_url
from vtdrive.core.voice.mouth import MOUTH_KNOWN, mouth_of
from vtdrive.errors import MissingExtra, SourceLost, SourceNotFound
from vtdrive.track_sources import mic as mic_module
from vtdrive.track_sources.live import TrackInput
from vtdrive.track_sources.make import make_input
from vtdrive.track_sources.mic import MicIn
from vtdrive.track_sources.portaudio import portaudio_mic
from vtdrive.types import F32, Incoming
from vtdrive.vocab import SHAPE_INDEX

RATE_HZ = 48000
BLOCK = RATE_HZ // 100


class Tape:
    """Stands in for a microphone: hands out blocks of 10 ms when the test or the clock says so."""

    name = "tape"
    rate_hz: float = RATE_HZ
    latency_s = 0.005

    def __init__(self, take: Callable[[F32], None]) -> None:
        self.take = take
        self.closed = False

    def close(self) -> None:
        self.closed = True


Opened = tuple[MicIn, Tape]


@pytest.fixture
def opened() -> Iterator[Callable[..., Opened]]:
    made: list[MicIn] = []

    def start(**options: Any) -> Opened:
        tapes: list[Tape] = []

        def open_tape(device: str, take: Callable[[F32], None]) -> Tape:
            tapes.append(Tape(take))
            return tapes[0]

        source = MicIn(MicInput(**options), open_mic=open_tape)
        made.append(source)
        source.open()
        return source, tapes[0]

    yield start
    for source in made:
        source.close()


def quiet(seconds: float) -> F32:
    rng = np.random.default_rng(2)
    return rng.normal(0, 3e-4, round(seconds * RATE_HZ)).astype(np.float32)


def play(source: MicIn, tape: Tape, sound: F32) -> list[Incoming]:
    """All that `read` gives while `sound` comes in, block by block, as fast as it will."""
    got = []
    for at in range(0, len(sound) - BLOCK + 1, BLOCK):
        tape.take(sound[at : at + BLOCK])
        incoming = source.read(0.0)
        if incoming is not None:
            got.append(incoming)
    return got


def test_it_is_an_input_and_made_from_a_url() -> None:
    source = make_input(parse_input_url("mic-in:?device=Yeti&gate_db=12&channels=mouth"))
    assert isinstance(source, MicIn)
    assert isinstance(source, TrackInput)
    assert "Yeti" in source.name
    source.close()


@need_espeak
def test_an_o_is_a_round_mouth_and_silence_a_closed_one(opened: Callable[..., Opened]) -> None:
    source, tape = opened()
    sound = resampled(spoken("o:", voice="es+m8"), RATE_HZ)
    got = play(source, tape, np.concatenate([quiet(0.3), sound, quiet(1.0)]))
    assert len(got) == source.stats.frames > 100
    voices = [incoming.voice for incoming in got if incoming.voice is not None]
    top = got[int(np.argmax([voice[4] for voice in voices]))]
    assert top.found
    assert top.voice is not None
    assert int(top.voice[:5].argmax()) == 4
    assert top.shapes[SHAPE_INDEX["mouthFunnel"]] > 0.4
    np.testing.assert_array_equal(top.shapes, mouth_of(top.voice))
    assert top.known is MOUTH_KNOWN
    for silent in (got[10], got[-1]):
        assert not silent.found
        assert silent.voice is not None
        assert not silent.voice.any()
        assert not silent.shapes.any()


def test_a_late_reader_gets_the_newest_and_never_one_twice(opened: Callable[..., Opened]) -> None:
    source, tape = opened()
    sound = quiet(2.0)
    for at in range(0, len(sound), BLOCK):
        tape.take(sound[at : at + BLOCK])
    assert source.read(0.0) is not None
    assert source.stats.frames == 1
    assert source.stats.bytes_read <= 64 * BLOCK * 4  # bounded: the oldest were dropped
    assert source.read(0.0) is None


def test_it_waits_as_long_as_it_is_told(opened: Callable[..., Opened]) -> None:
    source, tape = opened()
    before = time.monotonic()
    assert source.read(0.05) is None
    assert 0.04 < time.monotonic() - before < 0.5
    threading.Timer(0.05, lambda: tape.take(quiet(0.02))).start()
    assert source.read(5.0) is not None
    assert time.monotonic() - before < 2.0


def test_closing_from_another_thread_ends_a_read(opened: Callable[..., Opened]) -> None:
    source, tape = opened()
    threading.Timer(0.05, source.close).start()
    before = time.monotonic()
    assert source.read(10.0) is None
    assert time.monotonic() - before < 5.0
    assert tape.closed


def test_a_microphone_that_is_unplugged_is_lost(
    opened: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mic_module, "_GONE_S", 0.1)
    source, tape = opened()
    tape.take(quiet(0.02))
    source.read(0.0)

    def go_on() -> None:
        for _ in range(50):
            source.read(0.02)

    with pytest.raises(SourceLost, match="delivers nothing any more"):
        go_on()


def test_samples_that_are_no_numbers_are_counted(opened: Callable[..., Opened]) -> None:
    source, tape = opened()
    ugly = quiet(0.03)
    ugly[:7] = np.nan
    got = play(source, tape, ugly)
    assert source.stats.malformed == 7
    assert got[-1].voice is not None
    assert np.isfinite(got[-1].voice).all()


@need_espeak
def test_from_sound_to_value_takes_less_than_60_ms(opened: Callable[..., Opened]) -> None:
    """In real time: from the first sample of a loud vowel to a half-open mouth, as read."""
    vowel = resampled(spoken("a:", voice="es+m8"), RATE_HZ)
    start = int(np.argmax(np.abs(vowel) > 0.05))
    vowel = vowel[start : start + RATE_HZ // 4]
    took: list[float] = []
    for shift in (0, 157, 311):  # the vowel begins at any time within a block
        source, tape = opened()
        play(source, tape, quiet(0.5))
        sound = np.concatenate([quiet(0.05)[: BLOCK * 3 + shift], vowel])
        begin = time.monotonic() + 0.02
        onset_s = begin + (BLOCK * 3 + shift) / RATE_HZ

        def speak(tape: Tape = tape, sound: F32 = sound, begin: float = begin) -> None:
            for at in range(0, len(sound) - BLOCK, BLOCK):
                # A block is there when its last sample is.
                time.sleep(max(0.0, begin + (at + BLOCK) / RATE_HZ - time.monotonic()))
                tape.take(sound[at : at + BLOCK])

        speaker = threading.Thread(target=speak)
        speaker.start()
        read: list[tuple[float, float]] = []
        while speaker.is_alive() or source.stats.frames == 0:
            incoming = source.read(0.05)
            if incoming is not None and incoming.voice is not None:
                read.append((time.monotonic(), float(incoming.voice[0])))
        speaker.join()
        full = float(np.median([value for _, value in read[-8:]]))
        assert full > 0.3
        took.append(next(t for t, value in read if value >= full / 2) - onset_s)
    # The machine may be busy: the median of three counts.
    assert 0.0 < float(np.median(took)) < 0.060, took


def library(devices: list[dict[str, Any]], refuse_mono: bool = False) -> types.SimpleNamespace:
    """What PortAudio offers, as far as it is used."""

    class PortAudioError(Exception):
        pass

    class InputStream:
        def __init__(self, **options: Any) -> None:
            if refuse_mono and options["channels"] == 1:
                raise PortAudioError("Invalid number of channels [PaErrorCode -9998]")
            self.options, self.latency = options, 0.0087
            made.append(self)

        def start(self) -> None: ...

        def close(self) -> None: ...

    made: list[InputStream] = []
    return types.SimpleNamespace(
        _terminate=lambda: None,
        _initialize=lambda: None,
        query_devices=lambda: devices,
        default=types.SimpleNamespace(device=(1, 0)),
        PortAudioError=PortAudioError,
        InputStream=InputStream,
        made=made,
    )


DEVICES: list[dict[str, Any]] = [
    {"name": "Speakers", "max_input_channels": 0, "default_samplerate": 48000.0},
    {"name": "Built-in", "max_input_channels": 2, "default_samplerate": 44100.0},
    {"name": "Blue Yeti", "max_input_channels": 1, "default_samplerate": 48000.0},
]


@pytest.mark.parametrize(("wanted", "number"), [("", 1), ("yeti", 2), ("BUILT", 1)])
def test_the_microphone_is_found_by_name(
    monkeypatch: pytest.MonkeyPatch, wanted: str, number: int
) -> None:
    audio = library(DEVICES)
    monkeypatch.setitem(sys.modules, "sounddevice", audio)
    blocks: list[F32] = []
    sound = portaudio_mic(wanted, blocks.append)
    (stream,) = audio.made
    assert stream.options["device"] == number
    assert stream.options["samplerate"] == sound.rate_hz == DEVICES[number]["default_samplerate"]
    assert stream.options["blocksize"] == round(sound.rate_hz / 100)
    assert sound.latency_s == 0.0087
    stream.options["callback"](np.array([[0.5], [0.25]], np.float32), 2, None, None)
    np.testing.assert_array_equal(blocks[0], [0.5, 0.25])
    sound.close()


def test_one_that_will_not_be_read_as_one_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = library(DEVICES, refuse_mono=True)
    monkeypatch.setitem(sys.modules, "sounddevice", audio)
    blocks: list[F32] = []
    portaudio_mic("built", blocks.append)
    audio.made[0].options["callback"](np.array([[0.5, 0.25]], np.float32), 1, None, None)
    np.testing.assert_array_equal(blocks[0], [0.375])
    with pytest.raises(SourceNotFound, match="cannot open 'Blue Yeti': Invalid number"):
        portaudio_mic("yeti", blocks.append)


def test_no_such_microphone_lists_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", library(DEVICES))
    with pytest.raises(SourceNotFound) as caught:
        portaudio_mic("rode", lambda _: None)
    assert "'rode'" in caught.value.what
    assert caught.value.remedy == "there are: Built-in, Blue Yeti"


def test_no_microphone_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", library(DEVICES[:1]))
    with pytest.raises(SourceNotFound, match="has no microphone"):
        portaudio_mic("", lambda _: None)


@pytest.mark.parametrize(
    ("fault", "raised", "remedy"),
    [
        (ModuleNotFoundError("sounddevice"), MissingExtra, 'pip install "vtdrive[mic]"'),
        (OSError("PortAudio library not found"), SourceNotFound, "apt-get install libportaudio2"),
    ],
)
def test_what_is_missing_is_said_with_the_line_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, raised: type[Exception], remedy: str
) -> None:
    def absent(name: str) -> Any:
        raise fault

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(raised) as caught:
        portaudio_mic("", lambda _: None)
    assert remedy in str(caught.value)


def test_a_sound_system_that_floods_does_not_hold_up_the_reader(
    opened: Callable[..., Opened],
) -> None:
    source, tape = opened()
    block, over = quiet(0.01), threading.Event()

    def flood() -> None:
        while not over.is_set():
            tape.take(block)

    flooder = threading.Thread(target=flood)
    flooder.start()
    try:
        for _ in range(3):
            before = time.monotonic()
            assert source.read(0.1) is not None
            assert time.monotonic() - before < 3.0
    finally:
        over.set()
        flooder.join()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a device made by ALSA's config")
def test_portaudio_itself_delivers_blocks(tmp_path: Path) -> None:
    """A device that ALSA makes from a file. It knows no time: only that sound comes is tested."""
    if ctypes.util.find_library("portaudio") is None:
        pytest.skip("no PortAudio here: apt-get install libportaudio2")
    (tmp_path / "in.raw").write_bytes(np.zeros(48000, "<i2").tobytes())
    config = tmp_path / "asound.conf"
    config.write_text(
        'pcm.tape { type file; slave.pcm { type null }; file "/dev/null"; format "raw";'
        f' infile "{tmp_path}/in.raw" }}\npcm.!default {{ type plug; slave.pcm tape }}\n'
    )
    script = (
        "from vtdrive.config.inputs import MicInput\n"
        "from vtdrive.track_sources.mic import MicIn\n"
        "mic = MicIn(MicInput(device='tape'))\n"
        "mic.open()\n"
        "print(mic.stats.note)\n"
        "assert any(mic.read(0.2) is not None for _ in range(20))\n"
        "mic.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "ALSA_CONFIG_PATH": str(config)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "tape" in done.stdout
    assert "the system adds" in done.stdout


def test_a_rate_too_low_is_a_sentence() -> None:
    class Slow(Tape):
        rate_hz = 4000.0

    made: list[Slow] = []

    def open_slow(device: str, take: Callable[[F32], None]) -> Slow:
        made.append(Slow(take))
        return made[0]

    source = MicIn(MicInput(), open_mic=open_slow)
    with pytest.raises(SourceNotFound, match="too few"):
        source.open()
    assert made[0].closed
