"""``feedback cases``."""
