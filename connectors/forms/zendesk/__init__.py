"""Zendesk: tickets and satisfaction ratings."""
