"""What personal data looks like in text: a module for each group of types; see ``redact``.

A finder looks at a :class:`~pipeline.stages._personal.view.View` and returns spans, in order. Each
sees the text without what the finders before it found, so no two spans overlap and no rest of a
value is left. The patterns take time linear in the text: a repetition is bounded, or possessive
over one class of characters.
"""
