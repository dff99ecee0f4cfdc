"""Columns: what each holds, seen from the whole file, and the field that it is read into."""
