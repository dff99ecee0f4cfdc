"""Role ``index``: enriched records in, documents in Elasticsearch out."""
