"""Where enriched feedback goes: a module for each destination, named after it."""
