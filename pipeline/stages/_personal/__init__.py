"""Patterns of personal data in text, one module per group of types; see ``redact``.

A finder takes a :class:`~pipeline.stages._personal.view.View` and returns spans, in order. Each
sees the text without what earlier finders found, so no two spans overlap and no remainder of a
value is left. The patterns take time linear in the text: every repetition is bounded, or
possessive over one class of characters.
"""
