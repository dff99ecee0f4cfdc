"""The worker's ``watch`` role: signals of feedback in, alerts out, each once.

``signals`` reduces enriched feedback to what is counted; the enrich role publishes that. Here one
detector (``pipeline.watch.detection``) counts each partition of the signals: ``partition`` hands it
records in event time, ``clock`` says how far that has come, ``ledger`` keeps its state and its
alerts in one Kafka transaction, ``role`` does this for the partitions that Faust assigns.

Kafka's own offset of the group only says where to begin to read. What was counted is told by the
state itself: records before its ``next_offset`` are skipped, and records that the group is past
but the state is not are read again.
"""
