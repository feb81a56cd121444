"""The ten checks of the default config, as far as the clips can show them.

    python -m benchmarks.defaults [--portrait CLIP] [--json OUT]

Each is printed as met, missed, or not shown by the clips. Exits 1 when 1, 5, 8 or 9 is missed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks._report import write_report
from benchmarks.defaults.checks import Check, demo_checks, portrait_checks

_MUST = (1, 5, 8, 9)
_WORD = {True: "met", False: "MISSED", None: "not shown"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--portrait", type=Path, help="a clip of a lively talker or actor")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    checks = demo_checks()
    if args.portrait is not None:
        checks += portrait_checks(args.portrait)
    checks.sort(key=lambda check: check.number)
    write_report("defaults", {_title(check): _told(check) for check in checks}, args.json)
    return int(any(check.met is False and check.number in _MUST for check in checks))


def _title(check: Check) -> str:
    return f"{check.number}. {check.title}"


def _told(check: Check) -> str:
    return f"{_WORD[check.met]}: {check.detail}"


if __name__ == "__main__":
    raise SystemExit(main())
