"""Films of the avatar: at a constant rate in the time of what was tracked, in a process of its own.

reel      frames as they were tracked → one state for each picture of the film (pure)
encoding  which file a name means; aside: written beside its place and moved there at the end
mp4 webm webp png    the files
child     the process that paints and encodes; process: its parent's side
"""
