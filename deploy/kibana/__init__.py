"""Kibana's view of the feedback: a data view, a saved search and a dashboard, as NDJSON."""
