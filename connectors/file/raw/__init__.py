"""Bytes: where they come from, unpacked within bounds, and in which encoding they are."""
