"""Members → `models/blendshapes.onnx` and its card.

    python training/blendshapes/export.py SAMPLES.npz MEMBER.pt [MEMBER.pt …] --out models \\
        --scores SCORES.json

Weights are stored as float16 and cast on loading (half the file, same speed: onnxruntime folds the
casts). The exported file is checked against torch before the card is written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from model import Ensemble, Features, Member
from onnx import TensorProto, helper, numpy_helper
from train import Data, load_member

from vtdrive.vocab import SHAPES, UNSUPPORTED_SHAPES

__all__ = ["ensemble_of", "halve_weights", "main"]

OPSET = 17
IR_VERSION = 8
"""Both read by every onnxruntime since 1.13."""
BIG = 1024
"""Weights with more elements than this are stored as float16."""


def ensemble_of(data: Data, members: list[Path]) -> Ensemble:
    """The shipped network from saved members, all brought to the first one's feature scaling."""
    features: Features | None = None
    nets = []
    for path in members:
        own, net = load_member(path, data)
        if features is None:
            features = own
        else:
            _rescale(net, own=own, shared=features)
        nets.append(net)
    if features is None:
        raise SystemExit("no member was given")
    return Ensemble(features, nets, data.partner).eval()


def _rescale(net: Member, *, own: Features, shared: Features) -> None:
    """Makes `net`, trained on features scaled by `own`, read those scaled by `shared`."""
    first = net.stem[0]
    with torch.no_grad():
        first.bias += first.weight @ ((shared.mean - own.mean) / own.std)
        first.weight *= shared.std / own.std


def halve_weights(model: onnx.ModelProto) -> None:
    """Stores big float initialisers as float16 behind a Cast, in place."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size <= BIG:
            continue
        name = tensor.name
        small = numpy_helper.from_array(array.astype(np.float16), f"{name}_half")
        tensor.CopyFrom(small)
        casts.append(
            helper.make_node("Cast", [f"{name}_half"], [name], f"{name}_cast", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _export(net: Ensemble, out: Path, sample: torch.Tensor) -> float:
    torch.onnx.export(
        net,
        (sample[:3],),
        str(out),
        input_names=["points"],
        output_names=["shapes"],
        dynamic_axes={"points": {0: "faces"}, "shapes": {0: "faces"}},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(str(out))
    halve_weights(model)
    model.ir_version = IR_VERSION
    model.producer_name = "vtdrive"
    model.producer_version = ""
    model.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(out))
    session = ort.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = net(sample).numpy()
    shown = session.run(None, {"points": sample.numpy()})[0]
    return float(np.abs(shown - expected).max())


def _list(values: Any, digits: int | None = None) -> str:
    if digits is None:
        return "[" + ", ".join(str(int(v)) for v in values) + "]"
    return "[" + ", ".join(f"{float(v):.{digits}f}" for v in values) + "]"


def card(digest: str, raw: Any, partner: Any, scores: dict[str, Any], members: int) -> str:
    """The text of the model's card."""
    template = ",\n  ".join(_list(row, 6) for row in raw["layout_template"])
    labels = ",\n  ".join(f'"{name}"' for name in SHAPES)
    unsupported = ", ".join(f'"{name}"' for name in sorted(UNSUPPORTED_SHAPES))
    faces, frames = (int((raw["kinds"] == kind).sum()) for kind in (0, 1))
    lines = [f"{key} = {json.dumps(value)}" for key, value in scores.items()]
    return f'''# Card of blendshapes.onnx, written by training/blendshapes/export.py.
kind = "blendshapes"
sha256 = "{digest}"
title = "52 ARKit blendshapes from face mesh points"
members = {members}
labels = [
  {labels},
]
unsupported = [{unsupported}]
teacher = "MediaPipe Face Landmarker (face_landmarker.task, sha256 64184e22…), Google, Apache-2.0"
training = """
Pairs of solutions.face_mesh points and the Face Landmarker's blendshapes on the same picture:
{frames:,} frames of eleven public example clips of expressive people, and {faces:,} faces of the
FER+ training split, enlarged six times. Augmented in landmark space: turned heads, faces that
borrow the movement of a video frame, one-sided and winking faces, labelled by the teacher's own
shape network. The pictures of FER+ come from FER2013, gathered by web search, with no clear
licence; no picture or landmark of either is in this file or in the project."""

[input]
name = "points"
shape = ["faces", {len(raw["layout_points"])}, 5]
description = "vtdrive.trackers.shapes.normalise: upright x, y and frontal x, y, z of each point"

[output]
name = "shapes"
shape = ["faces", 52]
range = [0, 1]

[scores]
{chr(10).join(lines)}

[layout]
points = {_list(raw["layout_points"])}
mirror = {_list(raw["layout_points"][partner])}
rigid = {_list(raw["layout_rigid"])}
template = [
  {template},
]
'''


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path)
    parser.add_argument("members", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and its card")
    parser.add_argument("--scores", type=Path, help="JSON table to put on the card")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = Data.load(options.samples)
    net = ensemble_of(data, options.members)
    model = options.out / "blendshapes.onnx"
    rows = torch.from_numpy(np.random.default_rng(0).choice(len(data.points), 500, replace=False))
    worst = _export(net, model, data.points[rows])
    if worst > 0.01:
        raise SystemExit(f"the exported model differs from torch by {worst:.4f}")
    scores = json.loads(options.scores.read_text()) if options.scores else {}
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    text = card(digest, np.load(options.samples), data.partner, scores, len(options.members))
    model.with_suffix(".toml").write_text(text, encoding="utf-8")
    print(f"wrote {model} ({model.stat().st_size / 1e6:.2f} MB, within {worst:.5f} of torch)")


if __name__ == "__main__":
    main()
