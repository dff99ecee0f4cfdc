"""Notifications of people and services about alerts and cases, and digests, by configured routes.

Pure but for ``role``, which the worker runs, and the senders.
"""
