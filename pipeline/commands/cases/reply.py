"""`feedback cases reply`: sends a reply through a connector, or records one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from connectors.sdk.answering import Answering, Reply
from pipeline.commands.cases.act import build_event, publish_and_wait
from pipeline.commands.cases.query import get_feedback
from pipeline.commands.shared.context import settings
from pipeline.commands.sources.reply import build_request
from pipeline.commands.sources.select import author_key, load_instances, translate_errors
from pipeline.errors import CommandError, ExitStatus
from schemas.case import Case, CaseEventType


def record_answer(
    case: Case, text: str | None, by: str | None, due: datetime | None
) -> Case | None:
    """Record a reply that was given by other means."""
    texts = {} if text is None else {"text": text}
    event = build_event(case.case_id, CaseEventType.REPLIED, by, sent=False, due_at=due, **texts)
    return publish_and_wait(event)


def reply_to_case(
    case: Case,
    text: str,
    *,
    by: str | None,
    due: datetime | None,
    instance: str | None,
    config: Path | None,
    send: bool,
) -> tuple[Reply, Case | None]:
    """Build the reply's request, and send it if asked to.

    Return the request, and the case with the reply if it was sent. Raises ``CommandError``.
    """
    feedback = get_feedback(settings(), case.feedback_id)
    if feedback is None:
        raise CommandError("answering: the feedback is not in the index (any more)")
    source = _find_answering_source(case, instance, config)
    with source, translate_errors():
        request = build_request(source, feedback["feedback"]["native_id"], text, send=send)
    if not send:
        return request, None
    event = build_event(case.case_id, CaseEventType.REPLIED, by, sent=True, due_at=due, text=text)
    return request, publish_and_wait(event)


def _find_answering_source(case: Case, instance: str | None, config: Path | None) -> Answering:
    """Return the configured source that can reply to the feedback; raises ``CommandError``."""
    path = config or settings().config
    candidates = [
        candidate
        for candidate in (load_instances(path) if path.exists() else [])
        if candidate.source.name == case.source and issubclass(candidate.source, Answering)
    ]
    if instance is not None:
        candidates = [each for each in candidates if instance in (each.label, each.name)]
    if not candidates:
        raise CommandError(
            f"answering: {path} has no section of {case.source} that supports replies; --recorded "
            "records a reply that was given by other means",
            ExitStatus.USAGE,
        )
    if len(candidates) > 1:
        labels = ", ".join(candidate.label for candidate in candidates)
        raise CommandError(f"answering: which --instance, of {labels}?", ExitStatus.USAGE)
    source = candidates[0].build(author_key())
    assert isinstance(source, Answering)  # noqa: S101 -- checked above
    return source
