"""``feedback search``."""
