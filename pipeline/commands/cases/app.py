"""`feedback cases`: what somebody has to deal with, and what was done about it.

``_cases_gather`` asks for it, ``_cases_view`` draws it, ``_cases_act`` has it done, and
``_cases_reply`` answers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.commands.cases import reply as answers
from pipeline.commands.cases.act import carry_out, event_of, opening_by_hand, until
from pipeline.commands.cases.query import (
    CaseRequest,
    case_as_it_is,
    case_named,
    feedback_named,
    feedback_of,
    find_cases,
)
from pipeline.commands.cases.view import case_json, case_page, cases_table, done
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json, Values, filter_option
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, out, print_json
from schemas.case import Case, CaseEventType, CaseStatus, derive_case_id
from schemas.feedback import Priority

app = typer.Typer(
    help="Feedback that somebody has to deal with: see, assign, answer, resolve it.",
    no_args_is_help=True,
)

_Id = Annotated[str, typer.Argument(metavar="ID", help="The case's id, or how it begins.")]
_By = Annotated[str | None, typer.Option(help="Who does it; default: the system's user.")]
_Due = Annotated[
    str | None,
    typer.Option(help="Due then: 4h, 3d (of [cases] hours), or a date, itself included."),
]


@app.command("list")
def list_cases(
    status: Annotated[
        list[CaseStatus] | None, typer.Option(help="Repeatable; default: what is not resolved.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Past due.")] = False,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Nobody's.")] = False,
    owner: Annotated[Values, filter_option("--owner", "Who deals with it")] = None,
    kind: Annotated[Values, filter_option("--type", "complaint, urgent, review_reply …")] = None,
    priority: Annotated[list[Priority] | None, typer.Option(help="Repeatable.")] = None,
    organization: Annotated[Values, filter_option("--organization", "Trust or group")] = None,
    site: Annotated[Values, filter_option("--site", "Hospital, branch or app")] = None,
    service: Annotated[Values, filter_option("--service", "Ward, clinic or department")] = None,
    topic: Annotated[Values, filter_option("--topic", "What it is about")] = None,
    source: Annotated[Values, filter_option("--source", "The connector")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, by due time.")] = 100,
    json: Json = False,
) -> None:
    """List the cases that are not resolved, what is due first in front."""
    chosen = tuple(CaseStatus) if everything else tuple(status or ())
    usual = CaseRequest()
    request = CaseRequest(
        statuses=chosen or usual.statuses,
        types=tuple(kind or ()),
        priorities=tuple(priority or ()),
        owners=tuple(owner or ()),
        organizations=tuple(organization or ()),
        sites=tuple(site or ()),
        services=tuple(service or ()),
        topics=tuple(topic or ()),
        sources=tuple(source or ()),
        unassigned=unassigned,
        overdue=overdue,
        limit=limit,
    )
    cases, total = find_cases(settings(), request)
    if json:
        print_json({"total": total, "cases": [case_json(case) for case in cases]})
    elif cases:
        out.print(cases_table(cases, datetime.now(UTC)))
        if total > len(cases):
            err.print(f"{len(cases):,} of {total:,} shown: --limit shows more")
    elif not settings().config.exists():
        err.print("there are no such cases; [cases] in the settings file opens them by rule")
    else:
        err.print("there are no such cases")


@app.command()
def show(identifier: _Id, json: Json = False) -> None:
    """Show all of a case, with the feedback's text and what was done."""
    case = _named(identifier)
    feedback = feedback_of(settings(), case.feedback_id)
    if json:
        print_json({**case_json(case), "feedback": feedback})
    else:
        out.print(case_page(case, feedback, datetime.now(UTC)))


@app.command("open")
def open_case(
    feedback: Annotated[
        str, typer.Argument(metavar="FEEDBACK", help="The feedback's event.id, or how it begins.")
    ],
    kind: Annotated[str, typer.Option("--type", help="What kind of case.")] = "complaint",
    priority: Annotated[Priority, typer.Option(help="How soon.")] = Priority.MEDIUM,
    owner: Annotated[str | None, typer.Option(help="Who is to deal with it.")] = None,
    due: _Due = "3d",
    by: _By = None,
    json: Json = False,
) -> None:
    """Open a case of a piece of feedback by hand."""
    document = feedback_named(settings(), feedback)
    case_id = derive_case_id(document["event"]["id"])
    if case_as_it_is(settings(), case_id) is not None:
        raise CommandError(f"opening a case: there is one, {case_id[:8]}", ExitStatus.USAGE)
    event = opening_by_hand(
        document, by=by, due=due or "3d", type=kind, priority=priority, owner=owner
    )
    _carry_out(event, json)


@app.command()
def assign(
    identifier: _Id,
    owner: Annotated[str, typer.Argument(help="Who is to deal with it.")],
    by: _By = None,
    json: Json = False,
) -> None:
    """Say who deals with a case."""
    _do(_named(identifier), CaseEventType.ASSIGNED, by, json, owner=owner)


@app.command()
def note(
    identifier: _Id,
    text: Annotated[str, typer.Argument(help="What others should know; kept without contacts.")],
    by: _By = None,
    json: Json = False,
) -> None:
    """Note something, for the others."""
    _do(_named(identifier), CaseEventType.NOTED, by, json, text=text)


@app.command()
def reply(
    identifier: _Id,
    text: Annotated[str | None, typer.Argument(help="The answer.")] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Publish it; without, only show what would be sent.")
    ] = False,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="It was given by other means: only note it.")
    ] = False,
    due: _Due = None,
    instance: Annotated[
        str | None, typer.Option(help="CONNECTOR.INSTANCE, where there are several.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; default: FEEDBACK_CONFIG or feedback.toml.")
    ] = None,
    by: _By = None,
    json: Json = False,
) -> None:
    """Answer where the feedback was given (a dry run unless told to --send), or note an answer.

    A case's first answer stops the clock of its due time; --due is what was agreed instead.
    """
    if send and recorded:
        raise CommandError("answering: --send or --recorded, not both", ExitStatus.USAGE)
    case, agreed = _named(identifier), until(due)
    if recorded:
        _say(answers.record_answer(case, text, by, agreed), json)
        return
    if text is None:
        raise CommandError("answering: the text is missing", ExitStatus.USAGE)
    request, after = answers.answer(
        case, text, by=by, due=agreed, instance=instance, config=config, send=send
    )
    if json:
        print_json(
            {"sent": send, "method": request.method, "path": request.path, "json": request.json}
        )
        return
    answers.show_request(request, sent=send)
    _say(after, json)


@app.command()
def resolve(
    identifier: _Id,
    resolution: Annotated[str, typer.Argument(help="How it ended.")],
    changed: Annotated[
        str | None, typer.Option(help="What was changed because of it, to be told to patients.")
    ] = None,
    by: _By = None,
    json: Json = False,
) -> None:
    """Close a case, with how it ended and what was changed because of it."""
    case = _named(identifier)
    if case.status is CaseStatus.RESOLVED:
        raise CommandError(f"resolving {case.case_id[:8]}: it is resolved", ExitStatus.USAGE)
    _do(case, CaseEventType.RESOLVED, by, json, resolution=resolution, changed=changed)


@app.command()
def reopen(
    identifier: _Id,
    reason: Annotated[str, typer.Argument(help="Why.")],
    due: _Due = "3d",
    by: _By = None,
    json: Json = False,
) -> None:
    """Open a resolved case again."""
    case = _named(identifier)
    if case.status is not CaseStatus.RESOLVED:
        raise CommandError(f"reopening {case.case_id[:8]}: it is not resolved", ExitStatus.USAGE)
    _do(case, CaseEventType.REOPENED, by, json, text=reason, due_at=until(due))


@app.command()
def due(
    identifier: _Id,
    when: Annotated[str, typer.Argument(help="4h, 3d, or a date, itself included.")],
    by: _By = None,
    json: Json = False,
) -> None:
    """Change until when a case is due."""
    _do(_named(identifier), CaseEventType.DUE_CHANGED, by, json, due_at=until(when))


def _named(identifier: str) -> Case:
    return case_named(settings(), identifier)


def _do(case: Case, kind: CaseEventType, by: str | None, json: bool, **fields: Any) -> None:
    _carry_out(event_of(case.case_id, kind, by, **fields), json)


def _carry_out(event: Any, json: bool) -> None:
    _say(carry_out(event), json)


def _say(case: Case | None, json: bool) -> None:
    if json:
        print_json({"shown": case is not None, "case": None if case is None else case_json(case)})
    elif case is not None:
        out.print(done(case), markup=False)
