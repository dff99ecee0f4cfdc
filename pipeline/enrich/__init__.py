"""Role ``enrich``: raw payloads in, enriched records out."""
