"""Spikes of negative and of urgent feedback: events in, alerts out, nothing else.

Pure: no Kafka, Faust or Elasticsearch. A role of the worker hands the enriched feedback to
``detector.Detector`` as ``signals.Signal`` tuples, tells it how far time has come, sends the
``Alert`` records it returns and keeps its ``to_bytes()``.

``keys`` knows what is watched, ``windows`` counts, ``seasons`` and ``levels`` know what is usual,
``tail`` says how improbable a count is, ``scan`` puts these to the test, ``episodes`` gives what
failed it a life, ``words`` and ``notice`` explain it to people. docs/alerting.md has the method.
"""
