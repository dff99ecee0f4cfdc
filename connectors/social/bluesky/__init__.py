"""Bluesky: posts, searched and streamed."""
