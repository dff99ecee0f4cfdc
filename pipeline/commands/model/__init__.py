"""``feedback train`` and ``feedback evaluate``."""
