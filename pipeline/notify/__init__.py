"""Telling people and other services: alerts, cases and digests, by routes of the settings file.

Pure but for ``role``, the worker's ``notify`` role, and the senders.
"""
