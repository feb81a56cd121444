"""Other programs' PNGtubers become avatars of ours.

folder, plus, veado, mini, remix   one reader each: bytes or files to pictures with their conditions
states, layers                     pictures to `avatar.toml`
written                            the avatar's folder

Nothing that a file holds is run, and sizes are checked before anything is unpacked.
"""
