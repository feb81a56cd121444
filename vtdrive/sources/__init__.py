"""Where frames come from: cameras, files, images, streams. `resolve.open_source` picks one."""
