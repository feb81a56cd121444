"""MIDI: pads by number and channel, pedals, devices that come and go, and none at all."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtdrive.control.desk import Desk
from vtdrive.control.midi import MidiListener, MidoBackend, device_named
from vtdrive.control.midi_map import MidiMap
from vtdrive.errors import MissingExtra, UsageError

mido = pytest.importorskip("mido", reason="the extra [midi] is not installed")


class StandIn:
    """A MIDI system whose devices a test plugs in and out; messages are mido's own."""

    def __init__(self, *names: str) -> None:
        self.there = list(names)
        self.fault: OSError | None = None
        self.heard: dict[str, Callable[[Any], None]] = {}
        self.closed: list[str] = []

    def names(self) -> list[str]:
        if self.fault is not None:
            raise self.fault
        return list(self.there)

    def listen(self, name: str, heard: Callable[[Any], None]) -> Any:
        if name == "Held":
            raise OSError("busy")
        self.heard[name] = heard
        outer = self

        class Open:
            def close(self) -> None:
                outer.closed.append(name)

        return Open()

    def play(self, name: str, kind: str, **values: int) -> None:
        # Through bytes, as a cable would.
        data = mido.Message(kind, **values).bytes()
        self.heard[name](mido.Message.from_bytes(data))


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def listening(
    system: StandIn, pads: MidiMap, *, device: str = "pad"
) -> tuple[MidiListener, list[str], list[str]]:
    done, told = list[str](), list[str]()

    def do(text: str) -> str:
        if text.startswith("preset"):
            raise UsageError("there are no presets", "name some")
        done.append(text)
        return text

    listener = MidiListener(
        device, pads, Desk(do), told.append, backend=lambda: system, look_s=0.01
    )
    listener.open()
    return listener, done, told


PADS = {"36": "freeze toggle", "2:37": "panic on", "38": "expression joy hold", "40": "preset next"}


def test_pads_do_their_commands_and_answers_that_matter_are_told() -> None:
    system = StandIn("Keys", "My Pad 24:0")
    listener, done, told = listening(system, MidiMap(notes=PADS, controls={"64": "freeze hold"}))
    name = "My Pad 24:0"
    system.play(name, "note_on", note=36, velocity=90)
    system.play(name, "note_off", note=36)
    system.play(name, "note_on", note=37, channel=0)
    system.play(name, "note_on", note=37, channel=1)
    system.play(name, "note_on", note=38)
    system.play(name, "note_on", note=38, velocity=0)
    for value in (10, 70, 127, 90, 20, 0):
        system.play(name, "control_change", control=64, value=value)
    system.play(name, "pitchwheel", pitch=100)
    system.play(name, "note_on", note=40)
    eventually(lambda: len(told) == 2)
    assert done == [
        "freeze toggle", "panic on", "expression happiness on", "expression happiness off",
        "freeze on", "freeze off",
    ]  # fmt: skip
    assert told == [
        f"control: midi pad takes commands from {name}",
        "control: midi pad: preset next: there are no presets; name some",
    ]
    listener.close()
    assert system.closed == [name]


def test_a_device_that_comes_late_goes_and_comes_back() -> None:
    system = StandIn()
    listener, done, told = listening(system, MidiMap(notes=PADS, controls={}))
    assert told == [
        "control: midi pad is not there (none is connected); it is waited for, all else goes on"
    ]
    system.there = ["Pad A"]
    eventually(lambda: "Pad A" in system.heard)
    system.there = ["Keys"]
    eventually(lambda: system.closed == ["Pad A"])
    eventually(lambda: "there are: Keys" in told[-1])
    system.heard.clear()
    system.there = ["Keys", "Pad A"]
    eventually(lambda: "Pad A" in system.heard)
    system.play("Pad A", "note_on", note=36)
    listener.close()
    assert done == ["freeze toggle"]


def test_a_device_that_is_held_is_told_of() -> None:
    listener, _, told = listening(StandIn("Held"), MidiMap(notes=PADS, controls={}), device="held")
    listener.close()
    assert told == ["control: midi held cannot be opened (busy); does another program hold it?"]


def test_a_system_without_midi_is_told_of_once_and_left_alone() -> None:
    system = StandIn()
    system.fault = OSError("error creating ALSA sequencer client object")
    listener, _, told = listening(system, MidiMap(notes=PADS, controls={}))
    assert len(told) == 1
    assert "MIDI does not work here (error creating ALSA" in told[0]
    assert listener._thread is None
    listener.close()


def test_this_machine_lists_devices_or_says_why_not(capfd: pytest.CaptureFixture[str]) -> None:
    """Where there is no ALSA sequencer this is the real failure, else the real list."""
    pytest.importorskip("rtmidi", reason="the extra [midi] is not installed")
    told: list[str] = []
    listener = MidiListener("no such pad", MidiMap(notes=PADS, controls={}), Desk(str), told.append)
    listener.open()
    listener.close()
    assert len(told) == 1
    assert "does not work here" in told[0] or "is not there" in told[0]
    assert "all else goes on" in told[0]
    assert capfd.readouterr().err == "", "ALSA's own words would tear the dashboard"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "rtmidi":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra) as caught:
        MidoBackend()
    assert "vtdrive[midi]" in caught.value.remedy


def test_pads_without_commands_and_commands_that_are_none_are_refused() -> None:
    with pytest.raises(UsageError, match="no pad has a command"):
        listening(StandIn("pad"), MidiMap(notes={}, controls={}))
    with pytest.raises(UsageError, match=r"\[control.midi.notes\] 36 = .*did you mean 'freeze'"):
        MidiMap(notes={"36": "freze"}, controls={})
    with pytest.raises(UsageError, match="recentre"):
        MidiMap(notes={"36": "recentre hold"}, controls={})
    with pytest.raises(UsageError, match="can be held"):
        MidiMap(notes={}, controls={"64": "preset hold"})


def test_names_are_found_whole_first_then_in_part() -> None:
    names = ["Pad Mini 20:0", "Pad", "Keys"]
    assert device_named("pad", names) == "Pad"
    assert device_named("MINI", names) == "Pad Mini 20:0"
    assert device_named("drum", names) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["note_on", "note_off", "control_change", "sysex", ""]),
            st.integers(1, 16),
            st.integers(0, 127),
            st.integers(0, 127),
        )
    )
)
def test_a_held_pad_presses_and_releases_in_turn(moves: list[tuple[str, int, int, int]]) -> None:
    pads = MidiMap(notes={"5": "panic hold", "3:6": "freeze"}, controls={"5": "emotion hold"})
    said = [pads.read(k, channel=c, number=n, value=v) for k, c, n, v in moves]
    panics = [text for text in said if text.startswith("panic")]
    assert panics == ["panic on", "panic off"] * (len(panics) // 2) + ["panic on"] * (
        len(panics) % 2
    )
    assert set(said) <= {"", "panic on", "panic off", "freeze", "emotion on", "emotion off"}
