"""How the models came to be. Needs PyTorch, in a virtual environment of its own."""

import os

# ONNX Runtime reports usage over the network from 1.29 on, unless told not to before it starts.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
