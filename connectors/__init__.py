"""Connectors: read feedback from the outside and publish it as ``Feedback``.

A module of ``reviews``, ``social`` or ``forms`` is one connector, or a package is, with a module
``connector``. Its name is the connector's everywhere: on the command line, in the settings file
and as the records' ``source``. ``sdk`` is what a connector is written with, ``runtime`` runs it,
``server`` receives webhooks and forms, ``file`` reads files.
"""
