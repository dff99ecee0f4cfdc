"""``feedback connect, connectors, reply and serve``."""
