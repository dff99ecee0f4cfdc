"""Cases: feedback that somebody has to deal with, from its opening to what was changed.

``rules`` say which enriched feedback opens one. What happens to it are events on a Kafka topic,
by the rules, by people (``feedback cases``) and by the clock; ``fold`` makes the case of them.
``role`` does both in the worker, and ``outlets`` tell other services. ``measures`` counts.
"""
