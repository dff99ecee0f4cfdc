"""What the author of a connector uses; the only room of the project that a connector imports."""
