"""`feedback reply`: replies to a piece of feedback through its connector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connectors.sdk.answering import Answering, Reply
from connectors.sdk.errors import BadRecord
from pipeline.commands.shared.options import ConfigFile, Json, Send
from pipeline.commands.sources.select import author_key, select_instances, translate_errors
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import out, print_json


def reply(
    name: Annotated[str, typer.Argument(help="CONNECTOR.INSTANCE of the settings file.")],
    native_id: Annotated[
        str, typer.Argument(help="native_id of the feedback, as in `feedback search --json`.")
    ],
    text: Annotated[str, typer.Argument(help="The reply.")],
    send: Send = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Reply to feedback on the platform it came from. A dry run without --send."""
    source = _find_answering_source(name, config)
    with source, translate_errors():
        request = build_request(source, native_id, text, send=send)
    print_request(request, send=send, json=json)


def build_request(source: Answering, native_id: str, text: str, *, send: bool) -> Reply:
    """Build the request of a reply, and send it if asked to; raises ``CommandError``."""
    try:
        request = source.build_reply(native_id, text)
    except BadRecord as error:
        raise CommandError(error.reason, ExitStatus.USAGE) from None
    if send:
        source.send_reply(request)
    return request


def print_request(request: Reply, *, send: bool, json: bool, hint: str = "") -> None:
    """Print the request of a reply; ``hint`` says what else to do than to send it."""
    if json:
        print_json(
            {"sent": send, "method": request.method, "path": request.path, "json": request.json}
        )
        return
    out.print(f"{request.method} {request.path}", markup=False)
    print_json(request.json)
    out.print("sent" if send else f"not sent: add --send{hint}")


def _find_answering_source(name: str, config: Path | None) -> Answering:
    instances = select_instances([name], all_=False, path=config, overrides=[])
    if len(instances) > 1:
        labels = ", ".join(instance.label for instance in instances)
        raise CommandError(f"replying: ambiguous: matches {labels}", ExitStatus.USAGE)
    source = instances[0].build(author_key())
    if not isinstance(source, Answering):
        raise CommandError(f"replying: {source.title} does not support replies", ExitStatus.USAGE)
    return source
