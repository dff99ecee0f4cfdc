"""Reports: what is measured, gathered from Elasticsearch, and shown in several formats."""
