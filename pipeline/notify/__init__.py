"""Notifications of people and services about alerts and cases, and digests, by configured routes.

Notices, digests and their rendering are computed without input or output, in modules that
say so. ``role`` runs the rest: queue and dispatcher on Kafka, alerts' documents and the data of
digests in Elasticsearch, and the senders.
"""
