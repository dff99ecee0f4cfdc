"""Kafka: the only room that opens clients, apart from ``pipeline.streams``, where Faust does."""
