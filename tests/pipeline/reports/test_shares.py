"""The sentences about mixed comments and those judged by translation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pipeline.reports.shares import share_sentences
from pipeline.reports.views.json import report_json
from pipeline.reports.words import highlights
from pipeline.scores.estimates import Estimate, estimate
from pipeline.scores.measures import MEASURES, CommentShare, Weight
from schemas.score import MeasureName
from tests.support import reports


def _share(hits: int, others: int) -> Estimate:
    counts = Counter({Weight(100): hits, Weight(0): others})
    return estimate(MEASURES[MeasureName.SHARE_NEGATIVE], counts)


def test_mixed_comments_and_labels_by_translation_are_highlights() -> None:
    shares = {
        CommentShare.MIXED: _share(20, 140),
        CommentShare.NEGATIVE_BY_TRANSLATION: _share(3, 9),
    }
    report = reports.report()
    report = replace(report, overall=replace(report.overall, shares=shares))
    sentences = [
        "Mixed, praise and blame at once: 12.5 % of 160 comments.",
        "Judged by translation, and in no share of negative comments: 12 comments, 25.0 % of them "
        "negative.",
    ]
    assert list(share_sentences(report.overall)) == sentences
    assert set(sentences) <= set(highlights(report))
    exported = report_json(report)["overall"]["shares"]
    assert {name: share["n"] for name, share in exported.items()} == {
        "mixed": 160,
        "negative_by_translation": 12,
    }


def test_the_share_of_few_comments_is_suppressed_and_their_number_is_not() -> None:
    few = {CommentShare.MIXED: _share(1, 1), CommentShare.NEGATIVE_BY_TRANSLATION: _share(1, 0)}
    row = replace(reports.report().overall, shares=few)
    assert list(share_sentences(row)) == [
        "Judged by translation, and in no share of negative comments: 1 comment."
    ]


def test_a_driver_is_named_with_its_sentiment() -> None:
    report = reports.report()
    (cost,) = [line for line in highlights(report) if "lowered most by" in line]
    assert "Eastgate (negative)" in cost
    assert report_json(report)["drivers"]["topics"][0]["sentiment"] == "negative"
