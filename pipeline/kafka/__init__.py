"""Kafka: the only room, besides ``pipeline.streams``, that opens clients of Kafka."""
