"""The mean of two stages of one run, which often reads unseen faces better than either.

    python -m training.emotion.average RUN/weights-13.pt RUN/weights.pt --share 0.3 --out MEAN.pt

`--share` is the first one's. `--keep` of `train` leaves the weights of single epochs. A note beside
the result tells `quantize`, and so the card, what was averaged.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from training.emotion.model import save_weights

__all__ = ["averaged"]


def averaged(
    first: dict[str, Tensor], second: dict[str, Tensor], share: float
) -> dict[str, Tensor]:
    """`share` (0..1) of the first and the rest of the second; counters are the second's."""
    return {
        name: torch.lerp(b.float(), first[name].float(), share) if b.is_floating_point() else b
        for name, b in second.items()
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, required=True, help="of the first, 0..1")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    first, second = (
        torch.load(path, map_location="cpu", weights_only=True)
        for path in (given.first, given.second)
    )
    save_weights(averaged(first, second, given.share), given.out)
    note = {"averaged": f"{given.share:g} of {given.first.stem}, the rest of {given.second.stem}"}
    given.out.with_suffix(".json").write_text(json.dumps(note), encoding="utf-8")


if __name__ == "__main__":
    main()
