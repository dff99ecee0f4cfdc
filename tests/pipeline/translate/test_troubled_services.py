"""What services answer on a bad day: failures by one text, answers without use, lost characters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.translate import service
from pipeline.translate.translator import PROBE, Untranslated
from schemas.cached_translation import CachedTranslation, derive_text_id
from tests.pipeline.translate.ledgers import NOW, LocalLedger, open_desk
from tests.support.translators import (
    ENGLISH,
    FAKES,
    FakeDeepL,
    FakeLibreTranslate,
    FakeTranslator,
)

THANKS, WAITED = list(ENGLISH)[1:3]
POISON = "Satz 5"
every_service = pytest.mark.parametrize("kind", FAKES, ids=lambda kind: kind.name)
Kind = type[FakeTranslator]


def fail_at(fake: FakeTranslator, text: str, status: int) -> None:
    """Let the service fail whenever it has to translate this text."""
    answer = fake.answer

    def fail(texts: Sequence[str], source: str | None) -> list[str] | Response:
        return fake.refuse(status, "failed") if text in texts else answer(texts, source)

    fake.answer = fail  # type: ignore[method-assign]


def answering(body: bytes, status: int = 200) -> FakeDeepL:
    """Return a service that answers every translation with this body."""

    async def answer(request: Request) -> Response:
        fake.sent.append((await request.json())["text"])
        return Response(body, status)

    fake = FakeDeepL()
    fake.routes[1] = Route("/v2/translate", answer, methods=["POST"])
    return fake


@every_service
@pytest.mark.parametrize("status", [500, 503])
async def test_a_text_at_which_the_service_fails_keeps_no_other_waiting(
    kind: Kind, status: int
) -> None:
    fake = kind()
    fail_at(fake, POISON, status)
    texts = [f"Satz {number}" for number in range(8)]
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(*texts)
    assert [text for text, each in outcomes.items() if each is Untranslated.REFUSED] == [POISON]
    assert len(outcomes) == 8
    assert desk.clock.now - NOW < timedelta(minutes=5)


async def test_a_text_at_which_the_service_hangs_up_keeps_no_other_waiting() -> None:
    fake = FakeDeepL()
    answer = fake.answer

    def hang_up(texts: Sequence[str], source: str | None) -> list[str] | Response:
        if POISON in texts:
            return Response(b'{"transl', headers={"Content-Length": "1000"})
        return answer(texts, source)

    fake.answer = hang_up  # type: ignore[method-assign]
    async with open_desk(fake) as desk:
        outcomes = await desk.translate("Satz 4", POISON)
    assert isinstance(outcomes["Satz 4"], CachedTranslation)
    assert outcomes[POISON] is Untranslated.REFUSED


async def test_a_service_that_is_away_for_a_while_loses_no_text() -> None:
    fake = FakeDeepL()
    fake.answers.extend([(503, {})] * 40)
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(THANKS, WAITED)
    assert all(isinstance(each, CachedTranslation) for each in outcomes.values())


async def test_a_text_at_which_the_service_fails_at_times_is_translated() -> None:
    fake = FakeDeepL()
    answer, failures = fake.answer, iter(range(4))

    def fail(texts: Sequence[str], source: str | None) -> list[str] | Response:
        if THANKS in texts and next(failures, None) is not None:
            return fake.refuse(500, "failed")
        return answer(texts, source)

    fake.answer = fail  # type: ignore[method-assign]
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(THANKS)
    assert isinstance(outcomes[THANKS], CachedTranslation)


async def test_requests_that_take_too_long_are_made_smaller() -> None:
    fake = FakeDeepL()
    answer = fake.answer

    async def translate(request: Request) -> Response:
        texts = (await request.json())["text"]
        if len(texts) > 1:
            await asyncio.sleep(0.5)
        translated = answer(texts, "DE")
        assert isinstance(translated, list)
        entries = b",".join(b'{"text": "%s"}' % each.encode() for each in translated)
        return Response(b'{"translations": [%s]}' % entries)

    fake.routes[1] = Route("/v2/translate", translate, methods=["POST"])
    async with open_desk(fake, timeout="0.2s") as desk:
        outcomes = await desk.translate("eins", "zwei")
    assert all(isinstance(each, CachedTranslation) for each in outcomes.values())


async def test_a_service_that_asks_to_wait_no_time_is_not_asked_at_once() -> None:
    fake = FakeDeepL()
    fake.answers.extend([(429, {"Retry-After": "0"})] * 3)
    async with open_desk(fake) as desk:
        await desk.translate(THANKS)
    assert desk.clock.slept == [2, 4, 8]


async def test_settings_are_probed_in_a_language_that_the_service_has() -> None:
    fake = FakeLibreTranslate()
    fake.languages = ("pl", "en")  # type: ignore[misc]
    fake.refused = {"Dziękuję"}
    async with open_desk(fake) as desk:
        outcomes = await desk.translate("Dziękuję", language="pl")
    assert outcomes == {"Dziękuję": Untranslated.REFUSED}
    assert fake.texts == [PROBE]


async def test_an_answer_without_end_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "_MAX_ANSWER_BYTES", 10_000)
    fake = answering(b'{"translations": [{"text": "%s"}]}' % (b"x" * 20_000))
    async with open_desk(fake) as desk:
        assert await desk.translate(THANKS, hours=0.1) == {THANKS: Untranslated.TOO_LATE}


async def test_a_translation_of_absurd_length_is_none() -> None:
    fake = answering(b'{"translations": [{"text": "%s"}]}' % (b"the " * 500_000))
    async with open_desk(fake) as desk:
        (outcome,) = (await desk.translate(THANKS)).values()
    assert isinstance(outcome, CachedTranslation)
    assert outcome.text == ""
    assert desk.ledger.spent.count_day("deepl", NOW) == len(THANKS)


@pytest.mark.parametrize("body", [b"<h1>Sorry</h1>", b'{"translations": []}', b"[]"])
async def test_characters_whose_translation_is_lost_are_counted(body: bytes) -> None:
    fake = answering(body)
    async with open_desk(fake) as desk:
        await desk.translate(THANKS, WAITED, hours=24)
        sent = sum(len(text) for text in fake.texts if text != PROBE)
        assert desk.ledger.spent.count_month("deepl", NOW) == sent
        # In the long run only the other text is tried.
        assert fake.texts.count(PROBE) > 100
        assert 0 < sent <= 10 * (len(THANKS) + len(WAITED))


@pytest.mark.parametrize("status", [400, 403, 429, 456, 500])
async def test_characters_that_the_service_refuses_are_not_counted(status: int) -> None:
    async with open_desk(answering(b"{}", status)) as desk:
        await desk.translate(THANKS, hours=0.2)
        assert desk.ledger.spent.count_month("deepl", NOW) == 0


def cached(text: str, translation: str, service_: str, characters: int = 9) -> CachedTranslation:
    return CachedTranslation(
        text_id=derive_text_id(text), text=translation, language="de", service=service_,
        characters=characters, at=NOW,
    )  # fmt: skip


async def test_another_services_characters_are_not_in_the_budget() -> None:
    fake, ledger = FakeDeepL(), LocalLedger()
    await ledger.add([cached("eins", "one", "libretranslate", 5_000_000)])
    async with open_desk(fake, ledger, characters_per_month=100) as desk:
        outcomes = await desk.translate(THANKS)
    assert isinstance(outcomes[THANKS], CachedTranslation)


@pytest.mark.parametrize(
    ("translation", "service_", "texts"),
    [
        (THANKS, "libretranslate", [THANKS]),
        ("", "libretranslate", [THANKS]),
        ("Many thanks.", "libretranslate", []),
        (THANKS, "deepl", []),
    ],
)
async def test_a_new_service_is_asked_for_what_the_former_left_as_it_was(
    translation: str, service_: str, texts: list[str]
) -> None:
    fake, ledger = FakeDeepL(), LocalLedger()
    await ledger.add([cached(THANKS, translation, service_)])
    async with open_desk(fake, ledger) as desk:
        await desk.translate(THANKS)
    assert fake.texts == texts


@pytest.mark.parametrize("key", ["translation-key-4711\n", " translation-key-4711 "])
async def test_a_key_with_blanks_around_it_is_the_key(key: str) -> None:
    changes: dict[str, Any] = {"key": key}
    async with open_desk(FakeDeepL(), **changes) as desk:
        outcomes = await desk.translate(THANKS)
    assert isinstance(outcomes[THANKS], CachedTranslation)
