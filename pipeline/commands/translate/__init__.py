"""`feedback translate`: the translation service, and what waits for it."""
