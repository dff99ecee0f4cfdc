"""Runs connectors: schedule, publishing, cursors, coverage."""
