"""The records, the documents in Elasticsearch, and the table of Kafka topics.

This room imports nothing else of the project. Downstream services may depend on it alone.
"""
