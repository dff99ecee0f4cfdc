"""One event's walk.

A connector (``connectors``) turns what it reads into ``Feedback`` records and publishes them to
the raw Kafka topic of their family. The worker's enrich role reads those in batches of raw
bytes, validates each, sends them through the stages (``pipeline.stages``: language, sentiment,
topics; pure functions) and publishes ``EnrichedFeedback``, where anyone may subscribe. The index
role reads that Kafka topic in a consumer group of its own and writes documents to Elasticsearch
in bulk. What cannot be read or is refused becomes a ``DeadLetter`` with its origin, its bytes and
the reason.

Delivery is at least once: an offset is committed only after the effect of its record. Every id is
deterministic, so the index holds each feedback once.
"""
