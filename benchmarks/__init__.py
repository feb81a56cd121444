"""Measurements. Run as modules from the checkout: `python -m benchmarks.soak`."""
