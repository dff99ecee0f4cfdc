"""Pure functions from record to record; no Kafka, Faust or Elasticsearch in this room.

Whatever a stage loads it gets in its constructor and names with a ``version``.
"""
