"""The card of an adapted model: what still holds of the old card, and what is new."""

from __future__ import annotations

import numpy as np
import tomlkit

from training.emotion.gain import Gain
from vtdrive.assets import ModelCard, load_card
from vtdrive.classifiers.fused import find_weights
from vtdrive.classifiers.shape_emotion import ShapeEmotion
from vtdrive.errors import ModelError
from vtdrive.vocab import EMOTIONS

__all__ = ["adapted_card"]

_MEASURED = ("scores", "recall", "recall_argmax_all", "enter", "quantization")
"""Tables of figures that were measured with the old last layer and hold no longer."""


def adapted_card(
    old: ModelCard, *, sha256: str, strength: float, gain: Gain, views: int, mesh: int
) -> str:
    """The card's text. Crop, input, labels and temperature are the old card's."""
    card = tomlkit.parse(old.path.with_suffix(".toml").read_text(encoding="utf-8"))
    for name in _MEASURED:
        card.pop(name, None)
    card["sha256"] = sha256
    weights = _fusion(old)
    if weights is not None and "fusion" not in card:
        fusion = tomlkit.table()
        fusion.comment("with blendshapes; fitted for the model that this one was adapted from")
        fusion |= weights
        card["fusion"] = fusion
    count = np.bincount(gain.label, minlength=len(EMOTIONS))
    note = tomlkit.table()
    note.comment("last layer fitted to somebody's own faces by training.emotion.finetune")
    note |= {
        "from_model": old.path.name,
        "from_sha256": old.sha256,
        "faces": {name: int(n) for name, n in zip(EMOTIONS, count, strict=True) if n},
        "read_through_a_mesh": mesh,
        "views_of_each": views,
        "pull_back": strength,
    }
    judged = tomlkit.table()
    judged.comment("on those faces, each left out of the fit in turn; nobody else's were read")
    judged |= {
        "accuracy": round(gain.accuracy(gain.after), 4),
        "accuracy_before": round(gain.accuracy(gain.before), 4),
        "macro_f1": round(gain.macro_f1(gain.after), 4),
        "macro_f1_before": round(gain.macro_f1(gain.before), 4),
        "log_loss": round(float(gain.log_loss_after.mean()), 4),
        "log_loss_before": round(float(gain.log_loss_before.mean()), 4),
        "gained": gain.gained,
        "lost": gain.lost,
        "sure": gain.helps,
    }
    note["left_out"] = judged
    card["adapted"] = note
    return tomlkit.dumps(card)


def _fusion(old: ModelCard) -> dict[str, float] | None:
    """How blendshapes are added to the old model, if anybody fitted that."""
    try:
        found = find_weights(old, load_card(ShapeEmotion().path))
    except ModelError:
        return None
    return None if found is None else {"picture": found.picture, "shapes": found.shapes}
