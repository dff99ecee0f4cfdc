"""Transcripts of interviews and focus groups: captions, Word documents and plain text."""
