"""The worker's ``watch`` role: signals of feedback in, alerts out, each exactly once.

``signals`` of the enrich role reduces enriched feedback to what is counted. Here one detector
(``pipeline.watch.detection``) counts each partition of the signals: ``partition`` feeds it records
in event time, ``watermark`` tracks that time, ``checkpoint`` commits its state and its alerts in
one Kafka transaction, ``role`` does this for the partitions that Faust assigns.

The group's committed offset is only a starting point. The state itself has the position: records
before its ``next_offset`` are skipped, and records that the group is past but the state is not are
replayed.
"""
