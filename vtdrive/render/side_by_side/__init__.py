"""The demo's film: the camera with its face mesh, what was read from it, and the avatar."""
