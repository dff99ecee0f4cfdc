"""``feedback alerts``."""
