"""`feedback cases`: lists, assigns, answers and resolves cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipeline.commands.cases import reply as answers
from pipeline.commands.cases.act import (
    build_event,
    build_opening_event,
    parse_due_time,
    publish_and_wait,
)
from pipeline.commands.cases.query import (
    find_case,
    find_cases,
    find_feedback,
    get_case,
    get_feedback,
)
from pipeline.commands.cases.view import case_json, case_page, cases_table, status_line
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import ConfigFile, Json, Send, Values, filter_option
from pipeline.commands.sources.reply import print_request
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, out, print_json
from schemas.case import Case, CaseEventType, CaseStatus, derive_case_id
from schemas.feedback import Priority

app = typer.Typer(
    help="List, assign, answer and resolve cases: feedback that needs a response.",
    no_args_is_help=True,
)

_Id = Annotated[str, typer.Argument(metavar="ID", help="Case id, or its first characters.")]
_By = Annotated[str | None, typer.Option(help="Who acts; default: your login name.")]
_Due = Annotated[
    str | None,
    typer.Option(help="Due time: 4h, 3d (working time), or a date, inclusive."),
]


@app.command("list")
def list_cases(
    status: Annotated[
        list[CaseStatus] | None, typer.Option(help="Status; repeatable; default: unresolved.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Include resolved cases.")] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only cases past their due time.")
    ] = False,
    unassigned: Annotated[
        bool, typer.Option("--unassigned", help="Only cases without an owner.")
    ] = False,
    owner: Annotated[Values, filter_option("--owner", "Assignee")] = None,
    kind: Annotated[
        Values, filter_option("--type", "Type: complaint, urgent, review_reply …")
    ] = None,
    priority: Annotated[list[Priority] | None, typer.Option(help="Priority; repeatable.")] = None,
    organization: Annotated[Values, filter_option("--organization", "Trust or group")] = None,
    site: Annotated[Values, filter_option("--site", "Hospital, branch or app")] = None,
    service: Annotated[Values, filter_option("--service", "Ward, clinic or department")] = None,
    topic: Annotated[Values, filter_option("--topic", "Topic")] = None,
    source: Annotated[Values, filter_option("--source", "Connector")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Maximum number, by due time.")
    ] = 100,
    json: Json = False,
) -> None:
    """List unresolved cases, earliest due time first."""
    filters: dict[str, Sequence[str] | None] = {
        "case.type": kind,
        "case.priority": priority,
        "case.owner": owner,
        "organization.name": organization,
        "case.site": site,
        "case.service": service,
        "case.topics": topic,
        "event.dataset": source,
    }
    if all_ or status:
        filters["case.status"] = None if all_ else status
    cases, total = find_cases(
        settings(), filters, unassigned=unassigned, overdue=overdue, limit=limit
    )
    if json:
        print_json({"total": total, "cases": [case_json(case) for case in cases]})
    elif cases:
        out.print(cases_table(cases, datetime.now(UTC)))
        if total > len(cases):
            err.print(f"{len(cases):,} of {total:,} shown: --limit shows more")
    elif not settings().config.exists():
        err.print("no matching cases; rules under [cases] in the settings file open them")
    else:
        err.print("no matching cases")


@app.command()
def show(identifier: _Id, json: Json = False) -> None:
    """Show one case in full, with the text of the feedback and the history."""
    case = _find(identifier)
    feedback = get_feedback(settings(), case.feedback_id)
    if json:
        print_json({**case_json(case), "feedback": feedback})
    else:
        out.print(case_page(case, feedback, datetime.now(UTC)))


@app.command("open")
def open_case(
    feedback: Annotated[
        str,
        typer.Argument(
            metavar="FEEDBACK", help="event.id of the feedback, or its first characters."
        ),
    ],
    kind: Annotated[str, typer.Option("--type", help="Type of the case.")] = "complaint",
    priority: Annotated[Priority, typer.Option(help="Priority.")] = Priority.MEDIUM,
    owner: Annotated[str | None, typer.Option(help="Assignee.")] = None,
    due: _Due = "3d",
    by: _By = None,
    json: Json = False,
) -> None:
    """Open a case for a piece of feedback manually."""
    document = find_feedback(settings(), feedback)
    case_id = derive_case_id(document["event"]["id"])
    if get_case(settings(), case_id) is not None:
        raise CommandError(f"opening a case: {case_id[:8]} exists already", ExitStatus.USAGE)
    event = build_opening_event(
        document, by=by, due=due or "3d", type=kind, priority=priority, owner=owner
    )
    _carry_out(event, json)


@app.command()
def assign(
    identifier: _Id,
    owner: Annotated[str, typer.Argument(help="Assignee.")],
    by: _By = None,
    json: Json = False,
) -> None:
    """Assign a case."""
    _publish_event(_find(identifier), CaseEventType.ASSIGNED, by, json, owner=owner)


@app.command()
def note(
    identifier: _Id,
    text: Annotated[str, typer.Argument(help="The note; personal data in it is redacted.")],
    by: _By = None,
    json: Json = False,
) -> None:
    """Add a note to a case."""
    _publish_event(_find(identifier), CaseEventType.NOTED, by, json, text=text)


@app.command()
def reply(
    identifier: _Id,
    text: Annotated[str | None, typer.Argument(help="The reply.")] = None,
    send: Send = False,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="The reply was given by other means: only record it.")
    ] = False,
    due: _Due = None,
    instance: Annotated[
        str | None, typer.Option(help="CONNECTOR.INSTANCE to reply through, if there are several.")
    ] = None,
    config: ConfigFile = None,
    by: _By = None,
    json: Json = False,
) -> None:
    """Reply on the platform the feedback came from (a dry run without --send), or record a reply.

    The first reply stops the clock of the due time; --due sets the next one, if agreed.
    """
    if send and recorded:
        raise CommandError("answering: --send or --recorded, not both", ExitStatus.USAGE)
    case, due_at = _find(identifier), parse_due_time(due)
    if recorded:
        _print_case(answers.record_answer(case, text, by, due_at), json)
        return
    if text is None:
        raise CommandError("answering: the text is missing", ExitStatus.USAGE)
    request, after = answers.reply_to_case(
        case, text, by=by, due=due_at, instance=instance, config=config, send=send
    )
    print_request(
        request, send=send, json=json, hint=", or --recorded if it was given by other means"
    )
    if not json:
        _print_case(after, json)


@app.command()
def resolve(
    identifier: _Id,
    resolution: Annotated[str, typer.Argument(help="Outcome.")],
    changed: Annotated[
        str | None,
        typer.Option(help='What was changed because of it, for "You said, we did" reports.'),
    ] = None,
    by: _By = None,
    json: Json = False,
) -> None:
    """Resolve a case, with the outcome and what was changed because of it."""
    case = _find(identifier)
    if case.status is CaseStatus.RESOLVED:
        raise CommandError(
            f"resolving {case.case_id[:8]}: it is resolved already", ExitStatus.USAGE
        )
    _publish_event(case, CaseEventType.RESOLVED, by, json, resolution=resolution, changed=changed)


@app.command()
def reopen(
    identifier: _Id,
    reason: Annotated[str, typer.Argument(help="Reason.")],
    due: _Due = "3d",
    by: _By = None,
    json: Json = False,
) -> None:
    """Reopen a resolved case."""
    case = _find(identifier)
    if case.status is not CaseStatus.RESOLVED:
        raise CommandError(f"reopening {case.case_id[:8]}: it is not resolved", ExitStatus.USAGE)
    _publish_event(case, CaseEventType.REOPENED, by, json, text=reason, due_at=parse_due_time(due))


@app.command()
def due(
    identifier: _Id,
    when: Annotated[
        str, typer.Argument(help="Due time: 4h, 3d (working time), or a date, inclusive.")
    ],
    by: _By = None,
    json: Json = False,
) -> None:
    """Change the due time of a case."""
    _publish_event(
        _find(identifier), CaseEventType.DUE_CHANGED, by, json, due_at=parse_due_time(when)
    )


def _find(identifier: str) -> Case:
    return find_case(settings(), identifier)


def _publish_event(
    case: Case, kind: CaseEventType, by: str | None, json: bool, **fields: Any
) -> None:
    _carry_out(build_event(case.case_id, kind, by, **fields), json)


def _carry_out(event: Any, json: bool) -> None:
    _print_case(publish_and_wait(event), json)


def _print_case(case: Case | None, json: bool) -> None:
    if json:
        print_json({"shown": case is not None, "case": None if case is None else case_json(case)})
    elif case is not None:
        out.print(status_line(case), markup=False)
