"""How the file connector reads: bytes, then rows, then cells, then the fields of a record."""
