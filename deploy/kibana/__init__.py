"""Kibana's saved objects for the feedback: data views, searches and a dashboard, as NDJSON."""
