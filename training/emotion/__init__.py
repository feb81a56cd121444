"""How models/emotion-*.onnx came to be. Only this folder needs torch."""
