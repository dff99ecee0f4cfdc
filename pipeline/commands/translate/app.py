"""`feedback translate`: checks the translation service, and shows what it would cost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from pipeline.commands.shared.context import settings
from pipeline.commands.shared.elasticsearch import read_pages
from pipeline.commands.shared.options import Json
from pipeline.errors import CommandError, Unavailable
from pipeline.failures import TransientError
from pipeline.search.untranslated import count_characters, untranslated_query
from pipeline.settings import Settings
from pipeline.terminal import figures_table, out, print_json
from pipeline.translate.batching import match_language
from pipeline.translate.ledger import Ledger, Spent
from pipeline.translate.service import TextsRefused, TranslationService
from pipeline.translate.services import create_service
from pipeline.translate.settings import TranslateSettings, require_translate_settings
from pipeline.translate.translator import PROBE, PROBE_LANGUAGE
from schemas.documents import READ_ALIAS

_PAGE_SIZE: Final = 1_000
_SHOWN_LANGUAGES: Final = 8

app = typer.Typer(
    help="Check the translation service of [translate], and what it would cost.",
    no_args_is_help=True,
)


@app.callback()
def _root() -> None:
    """Keep `check` a subcommand of its own."""


@dataclass(frozen=True)
class Answer:
    """The answer of the service."""

    translation: str
    seconds: float
    languages: frozenset[str]


@dataclass(frozen=True)
class Waiting:
    """Comments without a translation."""

    comments: Counter[str]
    """By language."""
    characters: int
    unsupported: tuple[str, ...]
    """Languages of theirs, and of the settings, that the service does not translate."""


@app.command("check")
def check(
    days: Annotated[
        int, typer.Option(min=1, max=3_650, help="Count the comments collected in so many days.")
    ] = 30,
    json: Json = False,
) -> None:
    """Ask the service for one short translation, and count the characters of what waits.

    Sends the ten characters of "Guten Tag." and no comment. Exits with 3 if it does not answer.
    """
    options = require_translate_settings(settings())
    now = datetime.now(UTC)
    answer = asyncio.run(_ask(options))
    spent = asyncio.run(_read_spent(settings()))
    waiting = _count_waiting(settings(), options, answer, now - timedelta(days=days))
    if json:
        print_json(_to_json(options, answer, spent, waiting, now))
    else:
        out.print(figures_table(_to_figures(options, answer, spent, waiting, days, now)))


async def _ask(options: TranslateSettings) -> Answer:
    service, api = create_service(options)
    try:
        return await _probe(service)
    except TransientError as error:
        raise Unavailable(f"asking the translation service: {error}") from None
    except TextsRefused as error:
        raise CommandError(f"asking the translation service: {error}") from None
    finally:
        await api.close()


async def _probe(service: TranslationService) -> Answer:
    languages = await service.list_languages()
    started = time.monotonic()
    (translated,) = await service.translate([PROBE], match_language(PROBE_LANGUAGE, languages))
    return Answer(translated.text, time.monotonic() - started, languages)


async def _read_spent(configuration: Settings) -> Spent:
    ledger = Ledger(configuration.kafka, None, size=0)
    try:
        await ledger.refresh()
    except TransientError as error:
        raise Unavailable(str(error)) from None
    finally:
        await ledger.close()
    return ledger.spent


def _count_waiting(
    configuration: Settings, options: TranslateSettings, answer: Answer, since: datetime
) -> Waiting:
    body = untranslated_query(since, options.languages, size=_PAGE_SIZE)
    action = "counting the comments that wait for a translation"
    pages = read_pages(configuration, action, READ_ALIAS, body)
    documents = (document for page in pages for document in page)
    comments, characters = count_characters(documents, max_length=options.max_length)
    unsupported = find_unsupported({*comments, *options.languages}, answer.languages)
    return Waiting(comments, characters, unsupported)


def find_unsupported(codes: Iterable[str], supported: frozenset[str]) -> tuple[str, ...]:
    """Return the languages that the service does not translate; none if it does not tell."""
    if not supported:
        return ()
    return tuple(c for c in sorted(codes) if c != "und" and match_language(c, supported) is None)


def _to_json(
    options: TranslateSettings, answer: Answer, spent: Spent, waiting: Waiting, now: datetime
) -> dict[str, Any]:
    return {
        "service": options.service,
        "url": options.address,
        "translation": answer.translation,
        "seconds": round(answer.seconds, 3),
        "languages": sorted(answer.languages),
        "characters": {
            "day": spent.count_day(options.service, now),
            "day_budget": options.characters_per_day,
            "month": spent.count_month(options.service, now),
            "month_budget": options.characters_per_month,
        },
        "waiting": {
            "comments": waiting.comments.total(),
            "characters": waiting.characters,
            "languages": dict(waiting.comments.most_common()),
            "unsupported": list(waiting.unsupported),
        },
    }


def _to_figures(
    options: TranslateSettings,
    answer: Answer,
    spent: Spent,
    waiting: Waiting,
    days: int,
    now: datetime,
) -> list[tuple[str, str]]:
    figures = [
        ("service", f"{options.service} at {options.address}"),
        ("answer", f"“{PROBE}” is “{answer.translation}”, in {answer.seconds:.2f} s"),
        ("languages", f"{len(answer.languages)}; {_describe_wanted(options)}"),
        (
            "this month",
            _describe_budget(spent.count_month(options.service, now), options.characters_per_month),
        ),
        (
            "today",
            _describe_budget(spent.count_day(options.service, now), options.characters_per_day),
        ),
        (
            "untranslated",
            f"{waiting.comments.total():,} comments of the last {days} days, "
            f"{waiting.characters:,} characters to send",
        ),
    ]
    if waiting.comments:
        figures.append(("by language", _describe_languages(waiting.comments)))
    if waiting.unsupported:
        figures.append(("not supported", ", ".join(waiting.unsupported)))
    return figures


def _describe_wanted(options: TranslateSettings) -> str:
    wanted = ", ".join(options.languages)
    return f"translated: {wanted}" if wanted else "translated: all but English"


def _describe_budget(characters: int, budget: int | None) -> str:
    of_budget = "" if budget is None else f" of {budget:,}"
    return f"{characters:,}{of_budget} characters sent (UTC)"


def _describe_languages(comments: Mapping[str, int]) -> str:
    shown = Counter(comments).most_common(_SHOWN_LANGUAGES)
    return ", ".join(f"{code} {number:,}" for code, number in shown)
