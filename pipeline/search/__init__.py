"""Search: queries to Elasticsearch as plain data, and how to read the responses. Pure."""
