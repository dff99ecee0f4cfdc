"""Elasticsearch: the only room that opens clients of Elasticsearch and reads its errors."""
