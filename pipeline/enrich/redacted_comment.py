"""A comment after redaction, as input of the other stages."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.stages.batch import Comment
from pipeline.stages.flag_urgent import UrgencyFindings
from pipeline.stages.vader import Scores
from schemas.feedback import Language


class RedactedComment(NamedTuple):
    """A comment after redaction, as input of the other stages."""

    text: str
    plain: str
    """The same length, with spaces in place of hidden values."""
    redactions: dict[str, int]
    language: Language
    features: Comment
    """With VADER's scores of what was not set aside."""
    vader: Scores
    """VADER's scores of the whole text; none if it is not scored."""
    not_scored: str | None
    """Reason why the text is not scored; None if it is."""
    urgency: UrgencyFindings
