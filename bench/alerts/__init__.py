"""The spike detector side by side with what is used instead, at the same false alarms.

``hospitals`` simulates the counts and plants spikes, ``ours`` and ``baselines`` judge them,
``verdicts`` compares, ``page`` writes it into docs/alerting.md.
"""
