"""Scores of the indexed feedback: counted by Elasticsearch, computed here, shown by a report. Pure.

``counting`` builds the queries by group and period; ``estimates`` computes values and confidence
intervals from the counts; ``drivers``, ``goals`` and ``report`` find what moves the scores, which
targets are missed, and what stands out. ``pipeline.reports`` sends the queries.
"""
