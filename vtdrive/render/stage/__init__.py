"""The process that paints, and the outputs that show what it painted.

output   the seam: what an output is, and what it is handed
make     from a sink's config to its output
slot     shared memory in which the newest face lies
process  the child: paints by the clock, hands each picture to every output's own thread
handle   the parent's end of it, shared by all picture sinks of a run
"""
