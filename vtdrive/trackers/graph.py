"""One mediapipe graph, run in the calling thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vtdrive.errors import TrackerError
from vtdrive.trackers.mediapipe_import import import_mediapipe
from vtdrive.types import U8

__all__ = ["Graph"]

_BINDINGS = ("resource_util", "validated_graph_config", "calculator_graph", "image_frame")
_STEP_US = 33333
"""Graph timestamps only have to rise; the graphs used here filter nothing over time."""
_REINSTALL = "reinstall it with: pip install --force-reinstall mediapipe==0.10.21"


class Graph:
    """Pictures in, packets out. Construct, call and close in one thread.

    `text` is a graph in mediapipe's text format whose inputs are `image` and, where it wants one,
    `roi`; `side` are its boolean side packets; `min_confidence` replaces every detection and
    presence threshold in it. Raises TrackerError when mediapipe refuses the graph or fails in it.
    It runs on the caller's stack, without mediapipe's thread pool, and without the GIL.
    """

    def __init__(
        self,
        text: str,
        *,
        outputs: Sequence[str],
        side: Mapping[str, bool],
        min_confidence: float,
    ) -> None:
        mp, create, calculators, resources, validated, graph, image = import_mediapipe(
            "mediapipe",
            "mediapipe.python.packet_creator",
            "mediapipe.framework.calculator_pb2",
            *(f"mediapipe.python._framework_bindings.{name}" for name in _BINDINGS),
        )
        self._create_image = create.create_image_frame
        self._srgb = image.ImageFormat.SRGB
        assert mp.__file__ is not None
        resources.set_resource_dir(str(Path(mp.__file__).parent.parent))
        self._out: dict[str, Any] = {}
        self._t_us = 0
        self._failed = False
        try:
            expanded = validated.ValidatedGraphConfig()
            expanded.initialize(graph_config=text)
            config = calculators.CalculatorGraphConfig()
            config.ParseFromString(expanded.binary_config)
            _set_thresholds(config, min_confidence)
            del config.executor[:]
            config.executor.add().type = "ApplicationThreadExecutor"
            self._graph = graph.CalculatorGraph(graph_config=config)
            for name in outputs:
                self._graph.observe_output_stream(name, self._out.__setitem__, True)
            self._graph.start_run({name: create.create_bool(on) for name, on in side.items()})
        except (RuntimeError, ValueError, FileNotFoundError) as fault:
            raise TrackerError(f"mediapipe refuses its own graph: {fault}", _REINSTALL) from fault

    def __call__(self, image: U8, roi: Any = None) -> dict[str, Any]:
        """The output packets by stream name, empty ones left out. `image` must be contiguous."""
        self._out.clear()
        self._t_us += _STEP_US
        if image.flags.writeable:
            # mediapipe copies what might change under it; the call is over before it can.
            image = image.view()
            image.setflags(write=False)
        try:
            frame = self._create_image(image, image_format=self._srgb)
            self._graph.add_packet_to_input_stream("image", frame.at(self._t_us))
            if roi is not None:
                self._graph.add_packet_to_input_stream("roi", roi.at(self._t_us))
            self._graph.wait_until_idle()
        except RuntimeError as fault:
            self._failed = True
            raise TrackerError(f"mediapipe failed: {fault}", "start vtdrive again") from fault
        return {name: packet for name, packet in self._out.items() if not packet.is_empty()}

    def close(self) -> None:
        """Free the models. A graph that failed has nothing more to say about it."""
        try:
            self._graph.close()
        except RuntimeError:
            if not self._failed:
                raise


def _set_thresholds(config: Any, min_confidence: float) -> None:
    detections, thresholds = import_mediapipe(
        "mediapipe.calculators.tensor.tensors_to_detections_calculator_pb2",
        "mediapipe.calculators.util.thresholding_calculator_pb2",
    )
    for node in config.node:
        if node.calculator == "ThresholdingCalculator":
            node.options.Extensions[
                thresholds.ThresholdingCalculatorOptions.ext
            ].threshold = min_confidence
        elif node.calculator == "TensorsToDetectionsCalculator":
            options = detections.TensorsToDetectionsCalculatorOptions()
            node.node_options[0].Unpack(options)
            options.min_score_thresh = min_confidence
            node.node_options[0].Pack(options)
