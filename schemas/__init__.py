"""What travels: the records, the documents in Elasticsearch, and THE table of Kafka topics.

This room imports nothing else of the project. Downstream services may depend on it alone.
"""
