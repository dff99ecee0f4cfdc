"""Translations by each service over real HTTP: batches, limits, waits, budgets and the cache."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from pipeline.translate.translator import PROBE, Outcome, Untranslated
from schemas.cached_translation import CachedTranslation
from tests.pipeline.translate.ledgers import LocalLedger, open_desk
from tests.support.translators import (
    ENGLISH,
    FAKES,
    KEY,
    FakeAzure,
    FakeDeepL,
    FakeLibreTranslate,
    FakeTranslator,
)

THANKS, WAITED = list(ENGLISH)[1:3]
every_service = pytest.mark.parametrize("kind", FAKES, ids=lambda kind: kind.name)
Kind = type[FakeTranslator]


def texts_of(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {
        text: outcome.text if isinstance(outcome, CachedTranslation) else outcome.value
        for text, outcome in outcomes.items()
    }


@every_service
async def test_texts_are_translated_in_one_request_and_in_order(kind: Kind) -> None:
    fake = kind()
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(THANKS, WAITED)
    assert texts_of(outcomes) == {THANKS: ENGLISH[THANKS], WAITED: ENGLISH[WAITED]}
    assert fake.sent == [[THANKS, WAITED]]
    assert [entry.language for entry in desk.ledger.entries] == ["de", "de"]
    assert {entry.service for entry in desk.ledger.entries} == {kind.name}
    assert desk.ledger.spent.count_day(kind.name, desk.clock.now) == len(THANKS) + len(WAITED)


@every_service
async def test_a_language_that_is_not_determined_is_detected_by_the_service(kind: Kind) -> None:
    fake = kind()
    async with open_desk(fake) as desk:
        outcomes = await desk.translate("Dziękuję", "Dobra opieka", language=None)
    assert len(outcomes) == 2
    assert {entry.language for entry in desk.ledger.entries} == {"pl"}
    # LibreTranslate detects one language for a whole request.
    assert len(fake.sent) == (2 if kind is FakeLibreTranslate else 1)


@every_service
async def test_a_language_that_the_service_does_not_know_is_not_sent(kind: Kind) -> None:
    fake = kind()
    async with open_desk(fake) as desk:
        outcomes = await desk.translate("Asante sana", language="sw")
    assert outcomes == {"Asante sana": Untranslated.LANGUAGE}
    assert fake.sent == []


@pytest.mark.parametrize(("detected", "sent"), [("zh", "zh-Hans"), ("no", "nb"), ("de", "de")])
async def test_a_language_is_sent_by_the_services_own_code(detected: str, sent: str) -> None:
    fake = FakeAzure()
    async with open_desk(fake) as desk:
        await desk.translate("一二三", language=detected)
    assert fake.sources == [sent]


async def test_a_regional_resource_of_azure_is_named() -> None:
    fake = FakeAzure()
    async with open_desk(fake, region="uksouth") as desk:
        await desk.translate(THANKS)
    assert fake.regions == {"uksouth"}


@pytest.mark.parametrize(
    ("kind", "texts", "sizes"),
    [
        (FakeDeepL, [f"Text {n}" for n in range(120)], [50, 50, 20]),
        (FakeDeepL, [f"{n}" + "日" * 4_900 for n in range(20)], [8, 8, 4]),  # 128 KiB
        (FakeAzure, [f"Text {n}" for n in range(1_001)], [1_000, 1]),
        (FakeAzure, [f"{n:02}" + "x" * 4_998 for n in range(12)], [10, 2]),  # 50,000 characters
        (FakeLibreTranslate, [f"Text {n}" for n in range(21)], [20, 1]),
    ],
)
async def test_requests_keep_the_limits_of_the_service(
    kind: Kind, texts: Sequence[str], sizes: list[int]
) -> None:
    fake = kind()
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(*texts)
    assert [len(request) for request in fake.sent] == sizes
    assert all(isinstance(outcome, CachedTranslation) for outcome in outcomes.values())


@every_service
@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [
        (429, {"Retry-After": "7"}, [7.0]),
        (429, {}, [2.0]),
        (500, {}, [2.0]),
        (503, {"Retry-After": "90"}, [90.0]),
        (529, {}, [2.0]),
        (456, {}, [3600.0]),
        (403, {}, [300.0]),
    ],
)
async def test_a_service_that_does_not_answer_is_asked_again(
    kind: Kind, status: int, headers: dict[str, str], waits: list[float]
) -> None:
    fake = kind()
    fake.answers.append((status, headers))
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(THANKS)
    assert texts_of(outcomes) == {THANKS: ENGLISH[THANKS]}
    assert desk.clock.slept == waits
    assert fake.sent == [[THANKS]]


@every_service
async def test_waits_grow_to_five_minutes_and_end_when_the_text_has_waited_too_long(
    kind: Kind,
) -> None:
    fake = kind()
    fake.answers.extend([(502, {})] * 1_000)
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(THANKS, hours=1)
    assert outcomes == {THANKS: Untranslated.TOO_LATE}
    assert sum(desk.clock.slept) == 3600
    assert desk.clock.slept[:3] == [2, 4, 8]
    assert max(desk.clock.slept) == 300


async def test_a_server_that_is_not_there_is_waited_for() -> None:
    async with open_desk(FakeLibreTranslate(), url="http://127.0.0.1:9") as desk:
        outcomes = await desk.translate(THANKS, hours=0.01)
    assert outcomes == {THANKS: Untranslated.TOO_LATE}


async def test_a_text_that_waited_too_long_already_is_not_sent() -> None:
    fake = FakeDeepL()
    async with open_desk(fake) as desk:
        assert await desk.translate(THANKS, hours=-1) == {THANKS: Untranslated.TOO_LATE}
    assert fake.sent == []


@every_service
async def test_only_the_text_that_is_refused_has_no_translation(kind: Kind) -> None:
    fake = kind()
    texts = [f"Satz {number}" for number in range(8)]
    fake.refused = {texts[5]}
    async with open_desk(fake) as desk:
        outcomes = await desk.translate(*texts)
    assert [text for text, each in outcomes.items() if each is Untranslated.REFUSED] == [texts[5]]
    assert len(outcomes) == 8
    assert desk.clock.slept == []


@every_service
async def test_a_service_that_refuses_everything_is_taken_for_wrong_settings(kind: Kind) -> None:
    fake = kind()
    fake.refused = {"*"}
    async with open_desk(fake) as desk:
        with capture_logs() as logs:
            outcomes = await desk.translate(THANKS, hours=0.2)
    assert outcomes == {THANKS: Untranslated.TOO_LATE}
    assert desk.clock.slept[0] == 300
    assert "are the settings right?" in logs[0]["reason"]


@pytest.mark.parametrize(
    "answer", [b"<h1>Sorry</h1>", b'{"translations": []}', b"[]", b'{"translations": [{"a": 1}]}']
)
async def test_an_answer_of_another_form_is_no_translation(answer: bytes) -> None:
    from starlette.responses import Response
    from starlette.routing import Route

    fake = FakeDeepL()
    fake.routes[1] = Route("/v2/translate", lambda _: Response(answer), methods=["POST"])
    async with open_desk(fake) as desk:
        assert await desk.translate(THANKS, hours=0.1) == {THANKS: Untranslated.TOO_LATE}
    assert not any(entry.text for entry in desk.ledger.entries)


async def test_a_repeated_text_is_sent_once() -> None:
    fake = FakeDeepL()
    async with open_desk(fake) as desk:
        await desk.translate(THANKS, THANKS)
        await desk.translate(THANKS, WAITED)
    assert fake.texts == [THANKS, WAITED]


async def test_a_restart_finds_the_translations_in_the_ledger() -> None:
    fake, ledger = FakeDeepL(), LocalLedger()
    for _ in range(2):
        async with open_desk(fake, ledger) as desk:
            outcomes = await desk.translate(THANKS, hours=-1)  # the cache is free
            if not ledger.entries:
                outcomes = await desk.translate(THANKS)
    assert texts_of(outcomes) == {THANKS: ENGLISH[THANKS]}
    assert fake.texts == [THANKS]


async def test_the_cache_keeps_what_was_used_last() -> None:
    fake = FakeDeepL()
    async with open_desk(fake, cache=2) as desk:
        for text in ("eins", "zwei", "eins", "drei", "eins", "zwei"):
            await desk.translate(text)
    assert fake.texts == ["eins", "zwei", "drei", "zwei"]


async def test_without_a_cache_every_text_is_sent() -> None:
    fake = FakeDeepL()
    async with open_desk(fake, cache=0) as desk:
        await desk.translate("eins")
        await desk.translate("eins")
    assert fake.texts == ["eins", "eins"]


async def test_a_days_budget_is_waited_for_until_midnight() -> None:
    fake = FakeDeepL()
    async with open_desk(fake, characters_per_day=100) as desk:
        await desk.translate("x" * 60)
        assert desk.clock.slept == []
        outcomes = await desk.translate("y" * 60)
    assert isinstance(outcomes["y" * 60], CachedTranslation)
    assert desk.clock.slept == [12 * 3600]
    assert desk.clock.now == datetime(2026, 11, 21, tzinfo=UTC)


async def test_what_fits_the_rest_of_the_budget_is_sent_before_the_wait() -> None:
    fake = FakeDeepL()
    texts = [f"{number}" * 30 for number in range(5)]
    async with open_desk(fake, characters_per_day=100) as desk:
        outcomes = await desk.translate(*texts)
    assert all(isinstance(outcome, CachedTranslation) for outcome in outcomes.values())
    assert fake.texts == texts
    assert desk.clock.slept == [12 * 3600]  # three today, two tomorrow


async def test_a_months_budget_outlasts_the_patience_of_a_comment() -> None:
    fake = FakeDeepL()
    async with open_desk(fake, characters_per_month=100) as desk:
        await desk.translate("x" * 60)
        outcomes = await desk.translate("y" * 60, hours=48)
        assert outcomes == {"y" * 60: Untranslated.TOO_LATE}
        desk.clock.now = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
        outcomes = await desk.translate("y" * 60)
    assert isinstance(outcomes["y" * 60], CachedTranslation)
    assert fake.texts == ["x" * 60, "y" * 60]


async def test_what_was_spent_before_a_restart_counts() -> None:
    fake, ledger = FakeDeepL(), LocalLedger()
    async with open_desk(fake, ledger, characters_per_month=100) as desk:
        await desk.translate("x" * 60)
    async with open_desk(fake, ledger, characters_per_month=100) as desk:
        assert await desk.translate("y" * 60) == {"y" * 60: Untranslated.TOO_LATE}


async def test_longer_comments_than_the_settings_allow_are_not_sent() -> None:
    fake = FakeDeepL()
    async with open_desk(fake, max_characters=100) as desk:
        assert await desk.translate("x" * 101) == {"x" * 101: Untranslated.TOO_LONG}
    assert fake.sent == []


@every_service
@pytest.mark.parametrize("trouble", ["wrong key", 500, 429, 400])
async def test_no_log_holds_a_text_or_the_key(kind: Kind, trouble: Any) -> None:
    changes: dict[str, Any] = {}
    fake = kind()
    if trouble == "wrong key":
        changes = {"key": "wrong-key-0815"}
    elif trouble == 400:
        fake.refused = {"*"}
    else:
        fake.answers.extend([(trouble, {})] * 5)
    async with open_desk(fake, **changes) as desk:
        with capture_logs() as logs:
            await desk.translate(THANKS, hours=0.1)
    assert logs
    for secret in (KEY, "wrong-key-0815", THANKS, ENGLISH[THANKS], PROBE, "127.0.0.1"):
        assert secret not in str(logs)


async def test_a_text_waits_at_most_until_its_own_time() -> None:
    fake = FakeDeepL()
    fake.answers.extend([(500, {"Retry-After": "86400"})] * 2)
    async with open_desk(fake) as desk:
        begun = desk.clock.now
        await desk.translate(THANKS, hours=2)
    assert desk.clock.now - begun == timedelta(hours=2)
