"""Scores of what the index holds: counted by Elasticsearch, computed here, shown by a report.

``counting`` asks for answers by group and period; ``estimates`` makes values and intervals of
their counts; ``drivers``, ``goals`` and ``report`` say what moves them, whether they are where
they should be, and what stands out. All are pure: ``pipeline.commands.report`` does the asking.
"""
