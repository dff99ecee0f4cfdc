"""Detection of spikes of negative and of urgent feedback: events in, alerts out. Pure.

The watch role hands enriched feedback to ``detector.Detector`` as ``signals.Signal`` tuples,
advances its watermark, publishes the ``Alert`` records it returns and stores its ``to_bytes()``.

``keys`` lists the watched keys, ``windows`` counts, ``seasonality`` and ``baseline`` estimate the
expectation, ``tail_probability`` the improbability of a count; ``scan`` tests, ``episodes`` tracks
findings over time, ``words`` and ``notice`` describe them. docs/alerting.md documents the method.
"""
