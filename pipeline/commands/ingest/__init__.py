"""``feedback ingest``."""
