"""Kibana's view of the feedback: a data view, saved searches and a dashboard, as NDJSON."""
