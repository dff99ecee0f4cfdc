"""Mastodon: posts, searched and streamed."""
