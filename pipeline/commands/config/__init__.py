"""`feedback config`: the settings that are in force, and where each comes from."""
