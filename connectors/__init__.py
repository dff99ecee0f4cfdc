"""Connectors: what reads pages from the outside and publishes them as ``Feedback``.

Every public module here is one connector, and its name is the connector's everywhere: on the
command line and as the records' ``source``. What they share stands in modules with an
underscore. This room imports ``schemas`` and nothing else of the project.
"""
