"""Errors of the benchmark, each with a one-sentence message."""


class BenchError(Exception):
    """Nothing can be measured."""


class ContestantError(Exception):
    """A contestant ended, stood still, or lost or doubled work; the others go on."""
