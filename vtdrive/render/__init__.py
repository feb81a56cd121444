"""The built-in avatar: a 2D puppet of layers, moved by parameters and painted in its own process.

format   avatar.toml: parts, deformers, parameters, springs, expressions
motion   a face and the time → parameters (pure)
paint    parameters → points → one picture
stage    the process that paints, and the outputs that it serves
"""
