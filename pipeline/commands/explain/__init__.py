"""``feedback explain``."""
