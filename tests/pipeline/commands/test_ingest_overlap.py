"""Records that files of one command share."""

from __future__ import annotations

from pipeline.commands.ingest.overlap import Overlap, Overlaps


def test_the_earlier_file_that_shares_the_most_is_told() -> None:
    overlaps = Overlaps()
    assert overlaps.add("a.csv", {b"1", b"2"}) is None
    assert overlaps.add("b.csv", {b"3", b"4", b"5"}) is None
    assert overlaps.add("c.csv", {b"2", b"3", b"4"}) == Overlap("b.csv", 2)
