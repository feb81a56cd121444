"""The command line."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run `vtdrive`."""
    # Before numpy is imported: threads of BLAS spin for the cores that the tracker needs.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        from vtdrive.cli.app import run_app

        run_app()
    except KeyboardInterrupt:
        # While still loading, before a run listens for signals by itself.
        sys.exit(130)
