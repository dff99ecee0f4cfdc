"""`feedback reply`: answer a piece of feedback where it was given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connectors.sdk.errors import BadRecord
from connectors.sdk.source import Answering
from pipeline.commands.shared.options import Json
from pipeline.commands.sources.select import author_key, chosen, sentences
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import out, print_json


def reply(
    name: Annotated[str, typer.Argument(help="CONNECTOR.INSTANCE of the settings file.")],
    native_id: Annotated[str, typer.Argument(help="Which: `native_id` of the search's hit.")],
    text: Annotated[str, typer.Argument(help="The answer.")],
    send: Annotated[
        bool, typer.Option("--send", help="Publish it; without, only show what would be sent.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; default: FEEDBACK_CONFIG or feedback.toml.")
    ] = None,
    json: Json = False,
) -> None:
    """Answer feedback where it was given; a dry run unless told to --send."""
    source = _answering(name, config)
    with source, sentences():
        try:
            request = source.build_reply(native_id, text)
        except BadRecord as error:
            raise CommandError(error.reason, ExitStatus.USAGE) from None
        if send:
            source.send_reply(request)
    if json:
        print_json(
            {"sent": send, "method": request.method, "path": request.path, "json": request.json}
        )
        return
    out.print(f"{request.method} {request.path}", markup=False)
    print_json(request.json)
    out.print("sent" if send else "not sent: add --send")


def _answering(name: str, config: Path | None) -> Answering:
    instances = chosen([name], everything=False, path=config, given=[])
    if len(instances) > 1:
        labels = ", ".join(one.label for one in instances)
        raise CommandError(f"replying: which of {labels}?", ExitStatus.USAGE)
    source = instances[0].build(author_key())
    if not isinstance(source, Answering):
        raise CommandError(f"replying: {source.title} takes no answers", ExitStatus.USAGE)
    return source
