"""What mediapipe refuses, or fails at, becomes a TrackerError that says so."""

from __future__ import annotations

import numpy as np
import pytest

from vtdrive.errors import TrackerError
from vtdrive.trackers.graph import Graph
from vtdrive.trackers.quiet import quiet_stderr

SIZE_OF = """
input_stream: "image"
output_stream: "size"
node {
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE:image"
  output_stream: "SIZE:size"
}
"""


def build(text: str) -> Graph:
    with quiet_stderr():
        return Graph(text, outputs=("size",), side={}, min_confidence=0.5)


@pytest.mark.parametrize(
    "text",
    ["no graph at all", SIZE_OF.replace("ImageProperties", "NoSuch"), 'output_stream: "size"'],
)
def test_a_graph_that_mediapipe_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(TrackerError, match="refuses") as caught:
        build(text)
    assert "mediapipe==0.10.21" in caught.value.remedy


def test_a_graph_runs_again_and_again_and_closes() -> None:
    graph = build(SIZE_OF)
    for _ in range(3):
        assert set(graph(np.zeros((4, 6, 3), np.uint8))) == {"size"}
    graph.close()


def test_a_failure_inside_is_a_tracker_error_and_close_still_works() -> None:
    graph = build(SIZE_OF.replace('output_stream: "size"\nnode', "node", 1))
    graph.close()
    with pytest.raises(TrackerError, match="mediapipe failed"):
        graph(np.zeros((4, 6, 3), np.uint8))
    graph.close()
