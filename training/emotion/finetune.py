"""Adapts the emotion model to your own labelled faces, in minutes on a CPU. No torch here.

    python -m training.emotion.finetune --data FOLDER --out MINE

FOLDER holds one folder of pictures per emotion, named after it (`happy`, `anger`, ...); two of them
at least, with 4 pictures each; 20 or more of each are worth the time. Only the last layer of the
network is fitted, and pulled back towards the shipped one. What it gains is measured on faces left
out of the fit, in turn. Where it does not gain, nothing is written; else `[emotion] model = "PATH"`
in a config uses the new file.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.emotion import views
from training.emotion.adapt import (
    Samples,
    Space,
    choose_strength,
    deal_folds,
    fit,
    log_loss,
)
from training.emotion.adapted_card import adapted_card
from training.emotion.gain import Gain, poorer, table
from training.emotion.head import Head, read_head, with_head
from training.emotion.views import Seen
from vtdrive.assets import data_dir, load_card, verified
from vtdrive.classifiers.onnx_emotion import SHIPPED_MODEL, OnnxEmotion
from vtdrive.errors import ModelError, UsageError, VtdriveError
from vtdrive.eval.emotion_folders import labelled_pictures
from vtdrive.vocab import EMOTIONS

__all__ = ["NAME", "Adapted", "adapt", "write"]

NAME = "emotion-mine.onnx"

_LEAST = 4
"""Pictures of one emotion: fewer cannot be fitted and judged in turn."""
_FEW = 20
_ELSEWHERE = "name another folder by --out"
_FOLDS, _INNER_FOLDS = 5, 3


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """A new last layer and what is known of it."""

    head: Head
    strength: float
    gain: Gain


def adapt(head: Head, seen: Seen, *, rows: list[int], temperature: float) -> Adapted:
    """Fits the head to all faces, and measures the same procedure on faces left out in turn.

    `rows` are the head's rows of `EMOTIONS`, -1 where it has none. Each fold chooses its own pull
    back, so that the figures owe nothing to the faces they are of.
    """
    label = np.array([rows[k] for k in seen.label])
    space = Space.of(seen.embedding)
    logits = head(seen.embedding).astype(np.float64) / temperature
    faces = Samples(space(seen.embedding), logits, label)
    moved = np.empty(logits[:, 0].shape)
    losses = np.empty(len(label))
    folds = deal_folds(label, folds=_FOLDS)
    for part in (part for part in folds if len(part)):
        rest = faces.some(np.setdiff1d(np.arange(len(label)), part))
        pull = choose_strength(rest, folds=_INNER_FOLDS)
        move = fit(rest, strength=pull)
        moved[part] = faces.logits[part, 0] + faces.at[part, 0] @ move
        losses[part] = log_loss(faces.some(part), move)
    pull = choose_strength(faces, folds=_INNER_FOLDS)
    nothing = np.zeros((space.basis.shape[1] + 1, logits.shape[2]))
    gain = Gain(
        label=seen.label,
        before=_emotions(logits[:, 0].argmax(1), rows),
        after=_emotions(moved.argmax(1), rows),
        log_loss_before=log_loss(faces, nothing),
        log_loss_after=losses,
    )
    new = space.moved(head, fit(faces, strength=pull), temperature=temperature)
    return Adapted(new, pull, gain)


def _emotions(found: npt.NDArray[np.int64], rows: list[int]) -> npt.NDArray[np.int64]:
    """Rows of the head to indices of `EMOTIONS`; -1 for an output that is none of them."""
    of = {row: k for k, row in enumerate(rows) if row >= 0}
    return np.array([of.get(int(row), -1) for row in found])


def write(out: Path, classifier: OnnxEmotion, adapted: Adapted, seen: Seen) -> Path:
    """The new model and its card in the folder `out`; the model's path.

    It is read back as a run would read it, and must answer as the fit says: ModelError otherwise.
    UsageError where it cannot be written.
    """
    old = load_card(classifier.path)
    data = with_head(verified(old), adapted.head, name=old.path.name)
    path = out / NAME
    if path.resolve() == old.path.resolve():
        raise UsageError(f"{path} is the model that is adapted", _ELSEWHERE)
    card = adapted_card(
        old,
        sha256=hashlib.sha256(data).hexdigest(),
        strength=adapted.strength,
        gain=adapted.gain,
        views=seen.embedding.shape[1],
        mesh=int(seen.mesh.sum()),
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for place, content in ((path, data), (path.with_suffix(".toml"), card.encode())):
            fresh = place.with_suffix(place.suffix + ".new")
            fresh.write_bytes(content)
            fresh.replace(place)
    except OSError as fault:
        raise UsageError(f"--out {out} cannot be written: {fault}", _ELSEWHERE) from fault
    _check(path, adapted.head, seen)
    return path


def _check_writable(out: Path) -> None:
    """Raises UsageError, before minutes of reading, where `out` can be no folder to write to."""
    there = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not there.is_dir():
        raise UsageError(f"--out {out}: {there} is no folder", _ELSEWHERE)
    if not os.access(there, os.W_OK):
        raise UsageError(f"--out {out}: {there} may not be written to", _ELSEWHERE)


def _check(path: Path, head: Head, seen: Seen) -> None:
    some = slice(0, 8)
    classifier = OnnxEmotion(path)
    try:
        classifier.open()
        read, _ = classifier.infer_many(seen.crops[some])
        wanted = classifier.card.label_map.eight(
            head(seen.embedding[some, 0]), temperature=classifier.card.temperature
        )
    finally:
        classifier.close()
    if not np.allclose(read, wanted, rtol=1e-3, atol=1e-2):
        raise ModelError(f"{path} does not answer as it was fitted", "delete it, and report this")


def head_rows(classifier: OnnxEmotion, wanted: set[int]) -> list[int]:
    """The output that stands for each of `EMOTIONS`, -1 for none.

    Raises UsageError where a wanted emotion has no output, or shares several.
    """
    meanings = classifier.card.label_map.meanings
    rows = []
    for k, emotion in enumerate(EMOTIONS):
        outputs = [row for row, meant in enumerate(meanings) if meant == emotion]
        if k in wanted and len(outputs) != 1:
            raise UsageError(
                f"{classifier.path.name} has {len(outputs) or 'no'} outputs for {emotion}",
                f"adapt a model with one output for it, or leave the folder of {emotion} out",
            )
        rows.append(outputs[0] if len(outputs) == 1 else -1)
    return rows


def _check_counts(data: Path, label: list[int]) -> None:
    """Raises UsageError where the fit, or judging it, would make no sense."""
    count = np.bincount(label, minlength=len(EMOTIONS))
    if (count > 0).sum() < 2:
        raise UsageError(
            f"{data} holds faces of {EMOTIONS[int(count.argmax())]} only",
            "add a folder of another emotion: the fit tells emotions from each other",
        )
    short = [f"{EMOTIONS[k]} ({n})" for k, n in enumerate(count) if 0 < n < _LEAST]
    if short:
        raise UsageError(
            f"{data}: fewer than {_LEAST} readable pictures of {', '.join(short)}",
            "add some, or rename the folder to 'unknown' to leave it out",
        )


def _say_few(label: npt.NDArray[np.int64]) -> None:
    count = np.bincount(label, minlength=len(EMOTIONS))
    few = [f"{EMOTIONS[k]} ({n})" for k, n in enumerate(count) if 0 < n < _FEW]
    if few:
        print(f"few pictures of {', '.join(few)}: the figures below are uncertain", flush=True)


def _run(given: argparse.Namespace) -> int:
    paths, label, dropped = labelled_pictures(given.data)
    _check_counts(given.data, label)
    classifier = OnnxEmotion(given.model)
    try:
        classifier.open()
        head = read_head(verified(load_card(classifier.path)), name=classifier.path.name)
        rows = head_rows(classifier, set(label))
        seen = views.look(classifier, paths, label)
        temperature = classifier.card.temperature
    finally:
        classifier.close()
    _check_counts(given.data, seen.label.tolist())
    whole = int((~seen.mesh).sum())
    print(f"{len(seen.label)} faces, {whole} of them read whole for want of a mesh", end="")
    print(f"; {dropped} left out by their folder's name" if dropped else "")
    _say_few(seen.label)
    adapted = adapt(head, seen, rows=rows, temperature=temperature)
    print(table(adapted.gain))
    if not adapted.gain.helps and not given.anyway:
        print("No sure gain on faces left out of the fit, so nothing is written (--anyway does).")
        return 3
    path = write(given.out, classifier, adapted, seen)
    # Whole, because a run may start elsewhere; and backslashes mean something else in TOML.
    used = path.resolve().as_posix()
    print(f'wrote {path}; to use it, write into your config: [emotion] model = "{used}"')
    if poorer(adapted.gain):
        print(poorer(adapted.gain))
    print("It reads these faces better; how it reads other people's was not measured.")
    return 0


def main() -> int:
    """The command line; 3 where nothing was gained."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder per emotion")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and its card")
    parser.add_argument("--model", type=Path, default=data_dir("models") / SHIPPED_MODEL)
    parser.add_argument("--anyway", action="store_true", help="write it even without a sure gain")
    given = parser.parse_args()
    try:
        if not given.data.is_dir():
            raise UsageError(f"{given.data} is no folder", "give a folder with one per emotion")
        _check_writable(given.out)
        return _run(given)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except VtdriveError as fault:
        print(fault, file=sys.stderr)
        return fault.exit_code


if __name__ == "__main__":
    sys.exit(main())
