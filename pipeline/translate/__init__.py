"""Role ``translate``: comments in other languages, translated by a service and judged again.

Beside the stream: a comment is published at once as not scored, and again with its translation.
"""
