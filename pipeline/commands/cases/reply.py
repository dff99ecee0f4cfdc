"""`feedback cases reply`: answer where the feedback was given, or note an answer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from connectors.sdk.errors import BadRecord
from connectors.sdk.source import Answering, Reply
from pipeline.commands.cases.act import carry_out, event_of
from pipeline.commands.cases.query import feedback_of
from pipeline.commands.shared.context import settings
from pipeline.commands.sources.select import all_instances, author_key, sentences
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import out, print_json
from schemas.case import Case, CaseEventType


def record_answer(
    case: Case, text: str | None, by: str | None, due: datetime | None
) -> Case | None:
    """Note an answer that was given by other means."""
    said = {} if text is None else {"text": text}
    event = event_of(case.case_id, CaseEventType.REPLIED, by, sent=False, due_at=due, **said)
    return carry_out(event)


def answer(
    case: Case,
    text: str,
    *,
    by: str | None,
    due: datetime | None,
    instance: str | None,
    config: Path | None,
    send: bool,
) -> tuple[Reply, Case | None]:
    """The request that answers, and the case once it is sent; raises ``CommandError``."""
    feedback = feedback_of(settings(), case.feedback_id)
    if feedback is None:
        raise CommandError("answering: the feedback is not in the index (any more)")
    source = _answering(case, instance, config)
    with source, sentences():
        request = _request(source, feedback["feedback"]["native_id"], text)
        if not send:
            return request, None
        source.send_reply(request)
    event = event_of(case.case_id, CaseEventType.REPLIED, by, sent=True, due_at=due, text=text)
    return request, carry_out(event)


def _request(source: Answering, native_id: str, text: str) -> Reply:
    try:
        return source.build_reply(native_id, text)
    except BadRecord as error:
        raise CommandError(error.reason, ExitStatus.USAGE) from None


def _answering(case: Case, instance: str | None, config: Path | None) -> Answering:
    """The instance of the settings file that the feedback can be answered through."""
    path = config or settings().config
    found = [
        one
        for one in (all_instances(path) if path.exists() else [])
        if one.source.name == case.source and issubclass(one.source, Answering)
    ]
    if instance is not None:
        found = [one for one in found if instance in (one.label, one.name)]
    if not found:
        raise CommandError(
            f"answering: {path} has no section of {case.source} that takes answers; note one that "
            "was given by other means with --recorded",
            ExitStatus.USAGE,
        )
    if len(found) > 1:
        labels = ", ".join(one.label for one in found)
        raise CommandError(f"answering: which --instance, of {labels}?", ExitStatus.USAGE)
    source = found[0].build(author_key())
    assert isinstance(source, Answering)  # noqa: S101 -- looked at above
    return source


def show_request(request: Reply, *, sent: bool) -> None:
    """What is sent, for people."""
    out.print(f"{request.method} {request.path}", markup=False)
    print_json(request.json)
    out.print("sent" if sent else "not sent: add --send, or --recorded if it was given otherwise")
