"""Fuzzes one parser with coverage feedback: python fuzz_parser.py NAME SECONDS [FOLDER]

Needs atheris. What crashes, hangs (5 s) or grows beyond 1 GB of memory ends it with a code that is
not 0 and leaves the bytes in FOLDER. Run from anywhere; ends by itself after SECONDS.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

with atheris.instrument_imports(
    include=[
        "vtdrive.wire",
        "vtdrive.control",
        "vtdrive.core.commands",
        "vtdrive.http_request",
        "vtdrive.render.importing",
        "vtdrive.render.stage.page_door",
    ]
):
    import vtdrive.control.words
    import vtdrive.core.commands
    import vtdrive.http_request
    import vtdrive.render.importing.mini
    import vtdrive.render.importing.plus
    import vtdrive.render.importing.remix
    import vtdrive.render.importing.veado
    import vtdrive.render.stage.page_door
    import vtdrive.wire.gltf_humanoid
    import vtdrive.wire.ifacialmocap
    import vtdrive.wire.livelink
    import vtdrive.wire.obs
    import vtdrive.wire.openseeface
    import vtdrive.wire.opentrack
    import vtdrive.wire.osc
    import vtdrive.wire.oscquery
    import vtdrive.wire.vmc_in
    import vtdrive.wire.vrchat_avatar
    import vtdrive.wire.vts
    import vtdrive.wire.vts_replies
    import vtdrive.wire.vtsphone  # noqa: F401 - imported for their instrumentation

from parsers import PARSERS  # noqa: E402 - after what must be instrumented


def main() -> None:
    name, seconds, *folder = sys.argv[1:]
    parser = PARSERS[name]
    refuses = parser.refuses()
    corpus = Path(folder[0] if folder else ".") / name
    corpus.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(parser.seeds()):
        (corpus / f"seed-{i}").write_bytes(seed)

    def once(data: bytes) -> None:
        try:
            parser.feed(data)
        except refuses:
            return

    options = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", "-max_len=8192"]
    options += [f"-artifact_prefix={corpus}/bad-", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
