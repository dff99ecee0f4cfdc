"""Stages: functions from record to record, one module per stage. Pure: no Kafka, no Elasticsearch.

A stage receives what it loads in its constructor and has a ``version``.
"""
