"""What the room reports: one sentence each."""


class BenchError(Exception):
    """Nothing can be measured."""


class ContestantError(Exception):
    """A contestant ended, stood still, or lost or doubled work; the others go on."""
