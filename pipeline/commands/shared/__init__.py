"""Shared by commands: context, options, Elasticsearch, tables of records."""
