"""Cases: feedback that needs action, from its opening to what was changed because of it.

``rules`` decide which enriched feedback opens a case. Everything that happens to it is an event on
a Kafka topic, caused by the rules, by people (``feedback cases``) or by the clock; ``reducer``
applies the events to the case. ``role`` does both in the worker, ``periodic`` finds overdue cases,
and ``trackers`` mirror cases in other services.
"""
