"""Qualtrics: survey responses."""
