"""``feedback demo``."""
