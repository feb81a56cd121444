"""Writes the README's table of figures from the newest results; no figure there is typed.

    python -m benchmarks.readme_figures

Reads `benchmarks/results/*.json`, which the commands in `benchmarks/README.md` write.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
START, END = "<!-- figures: python -m benchmarks.readme_figures -->", "<!-- end of figures -->"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    figures: dict[str, Any] = found.get("figures", found)
    return figures


def rows() -> list[tuple[str, str]]:
    """(what, how much), in reading order."""
    bench, run30, soak = read("bench"), read("run30"), read("soak")
    peer, wire = bench["peer"], bench["stages"]["capture_to_wire_ms"]
    truth, portrait, shapes = read("demo_truth"), read("portrait"), read("blendshapes")
    card = tomllib.loads((ROOT / "models" / "emotion-resnet50-int8.toml").read_text("utf-8"))
    early, late = portrait["first_40_percent_leading"], portrait["last_25_percent_leading"]
    gaps, encode = read("gil_gaps")["beside_the_loop_ms"], read("vmc_encode")
    return [
        (
            "camera → wire, emotion at 10 Hz",
            f"p50 {wire['p50']:.1f} ms, p95 {wire['p95']:.1f}, p99 {wire['p99']:.1f}",
        ),
        (
            "the same beside MediaPipe's Face Landmarker alone, on the same frames",
            f"{peer['wire_p50_of_peer_p50']:.2f} of its p50, {peer['wire_p99_of_peer_p99']:.2f} of"
            " its p99",
        ),
        (
            "tracker + shapes + solve against it",
            f"{peer['ratio_per_frame']:.1f} × faster a frame,"
            f" {peer['ratio_cpu']:.1f} × in CPU time",
        ),
        (
            "CPU at 30 fps, whole process; memory",
            f"{100 * run30['cpu_share']:.0f} % of one core; {run30['rss_mb']:.0f} MB",
        ),
        ("start to first packet", f"{run30['first_packet_s']:.1f} s"),
        ("60 fps source", f"{run30['dropped_at_60_fps']} of {run30['frames_at_60_fps']} lost"),
        (
            f"{soak['minutes']:.0f} minutes",
            f"memory grew {soak['grown_mb_after_first_minute']:.1f} MB after the first,"
            f" {soak['threads_left']} threads and {soak['files_left']} files left",
        ),
        ("what a ticking thread waits for us", f"p99 {gaps['p99']:.1f} ms"),
        ("encoding and sending a VMC frame", f"p50 {encode_us(encode):.0f} µs"),
        (
            "demo clip against its own truth",
            f"blink {truth['blink']:.2f}, winks {truth['wink_left']:.2f} and"
            f" {truth['wink_right']:.2f}, jaw {truth['jaw']:.2f}, brows"
            f" {truth['brow_inner_up']:.2f} up {truth['brow_down']:.2f} down, frown"
            f" {truth['frown']:.2f} (correlation); yaw {truth['yaw_rms_deg']:.1f}° RMS",
        ),
        (
            "52 shapes against the Face Landmarker, on an actor nobody trained on",
            f"{shapes['mean_correlation']:.2f} over {shapes['moving']} moving shapes",
        ),
        (
            "expressions, FER+ valid (majority rule)",
            f"{100 * card['scores']['accuracy']:.1f} %, macro-F1 {card['scores']['macro_f1']:.2f};"
            f" {100 * card['scores']['rare_recall_argmax_all']:.0f} % of contempt, disgust and fear"
            " found",
        ),
        (
            "that actor, grief then laughter",
            f"{portrait['switches_leading']} switches; happiness leads"
            f" {100 * late.get('happiness', 0):.0f} % of the last quarter, sadness"
            f" {100 * early.get('sadness', 0):.0f} % of the first 40 %",
        ),
    ]


def encode_us(found: dict[str, Any]) -> float:
    """p50 of filling and sending, back to back."""
    value = found["back_to_back"]["fill_send"]["p50"]
    return float(value)


def main() -> None:
    machine = json.loads((RESULTS / "bench.json").read_text(encoding="utf-8"))["machine"]
    lines = [
        START,
        "| | |",
        "|---|---|",
        *(f"| {what} | {how_much} |" for what, how_much in rows()),
        "",
        f"{machine['cpu']}, {machine['cores']} cores, no GPU; a 640×360 clip of an actor, played at"
        " its own pace. Commands: [benchmarks](benchmarks/README.md).",
        END,
    ]
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    readme.write_text(before + "\n".join(lines) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
