"""Parameters to one picture: points deformed by numpy, outlines painted by skia, pictures warped by
OpenCV."""
