"""`avatar.toml`: what an avatar's author writes."""
