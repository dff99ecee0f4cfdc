"""Fakes of translation services, built from their documentation, over real HTTP.

LibreTranslate: https://docs.libretranslate.com/guides/api_usage/
DeepL: https://developers.deepl.com/api-reference/translate
Azure: https://learn.microsoft.com/azure/ai-services/translator/text-translation/reference/v3/translate
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.translate.translator import PROBE

KEY = "translation-key-4711"
ENGLISH = {
    PROBE: "Good day.",
    "Vielen Dank an alle Schwestern, sie waren wunderbar zu mir.": (
        "Many thanks to all the nurses, they were wonderful to me."
    ),
    "Wir haben vier Stunden gewartet und niemand hat uns etwas gesagt.": (
        "We waited four hours and nobody told us anything. It was terrible."
    ),
    "Seit dem Aufenthalt denke ich, dass es ohne mich für alle besser wäre.": (
        "I want to kill myself"
    ),
    "Pielęgniarki były bardzo miłe i wszystko mi dokładnie wyjaśniły.": (
        "The nurses were very kind and explained everything to me."
    ),
    "Bitte melden Sie sich dazu bei meiner Tochter unter ihrer Adresse.": (
        "Please contact my daughter about this at jane.roe82@example.org, it was awful."
    ),
}
"""Translations of the made-up comments; every other text is repeated after "English:"."""


class FakeTranslator(ABC):
    """One service; ``answers`` are statuses to answer with instead, and their headers."""

    name: ClassVar[str]
    languages: ClassVar[tuple[str, ...]] = ("de", "pl", "en")

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        """Texts of each request to translate that was understood."""
        self.sources: list[str | None] = []
        """Language that each of them named."""
        self.answers: deque[tuple[int, dict[str, str]]] = deque()
        self.refused: set[str] = set()
        """Texts that the service refuses."""
        self.routes: list[Route] = []

    @property
    def app(self) -> Starlette:
        """The ASGI application that speaks the service's format."""
        return Starlette(routes=self.routes)

    def settings(self, url: str, **changes: Any) -> dict[str, Any]:
        """Return ``[translate]`` for this service."""
        budget = {"characters_per_month": 100_000}
        named = {"service": self.name, "url": url, "key": KEY, "allow_private": True}
        return {**named, **budget, **changes}

    @property
    def texts(self) -> list[str]:
        """All texts that were sent."""
        return [text for request in self.sent for text in request]

    @abstractmethod
    def refuse(self, status: int, reason: str) -> Response:
        """Return an error as the service writes it."""

    def answer(self, texts: Sequence[str], source: str | None) -> list[str] | Response:
        """Return the translations, or what was ordered instead."""
        if self.answers:
            status, headers = self.answers.popleft()
            response = self.refuse(status, "as ordered")
            response.headers.update(headers)
            return response
        if self.refused & set(texts) or "*" in self.refused:
            return self.refuse(400, "cannot be translated")
        self.sent.append(list(texts))
        self.sources.append(source)
        return [ENGLISH.get(text, f"English: {text}") for text in texts]


class FakeLibreTranslate(FakeTranslator):
    name = "libretranslate"

    def __init__(self) -> None:
        super().__init__()
        self.routes = [
            Route("/languages", self._list),
            Route("/translate", self._translate, methods=["POST"]),
        ]

    def refuse(self, status: int, reason: str) -> Response:
        return JSONResponse({"error": reason}, status)

    async def _list(self, _: Request) -> Response:
        return JSONResponse(
            [{"code": code, "name": code, "targets": ["en", "de"]} for code in self.languages]
        )

    async def _translate(self, request: Request) -> Response:
        body = await request.json()
        if body.get("api_key") != KEY:
            return self.refuse(403, "Invalid API key")
        if not isinstance(body["q"], list) or body["target"] != "en" or body["format"] != "text":
            return self.refuse(400, "Invalid request")
        if body["source"] not in (*self.languages, "auto"):
            return self.refuse(400, f"{body['source']} is not supported")
        answer = self.answer(body["q"], body["source"])
        if isinstance(answer, Response):
            return answer
        translated: dict[str, Any] = {"translatedText": answer}
        if body["source"] == "auto":
            translated["detectedLanguage"] = [{"confidence": 90.0, "language": "pl"}] * len(answer)
        return JSONResponse(translated)


class FakeDeepL(FakeTranslator):
    name = "deepl"

    def __init__(self) -> None:
        super().__init__()
        self.routes = [
            Route("/v3/languages", self._list),
            Route("/v2/translate", self._translate, methods=["POST"]),
        ]

    def refuse(self, status: int, reason: str) -> Response:
        return JSONResponse({"message": reason}, status)

    def _is_unknown(self, request: Request) -> bool:
        return request.headers.get("authorization") != f"DeepL-Auth-Key {KEY}"

    async def _list(self, request: Request) -> Response:
        if self._is_unknown(request) or request.query_params["resource"] != "translate_text":
            return self.refuse(403, "Authorization failed")
        usable = {"usable_as_source": True, "usable_as_target": True, "features": {}}
        return JSONResponse(
            [{"lang": code, "name": code, "status": "stable", **usable} for code in self.languages]
        )

    async def _translate(self, request: Request) -> Response:
        if self._is_unknown(request):
            return self.refuse(403, "Authorization failed")
        content = await request.body()
        if len(content) > 128 * 1024:
            return self.refuse(413, "The request size exceeds the limit.")
        body = orjson.loads(content)
        source = body.get("source_lang")
        if len(body["text"]) > 50 or body["target_lang"] != "EN-GB":
            return self.refuse(400, "Bad request")
        if source is not None and source.lower() not in self.languages:
            return self.refuse(400, "Value for 'source_lang' not supported.")
        answer = self.answer(body["text"], source)
        if isinstance(answer, Response):
            return answer
        detected = {"detected_source_language": source or "PL"}
        return JSONResponse({"translations": [{**detected, "text": each} for each in answer]})


class FakeAzure(FakeTranslator):
    name = "azure"
    languages = ("de", "pl", "en", "nb", "zh-Hans", "zh-Hant")

    def __init__(self) -> None:
        super().__init__()
        self.regions: set[str | None] = set()
        self.routes = [
            Route("/languages", self._list),
            Route("/translate", self._translate, methods=["POST"]),
        ]

    def refuse(self, status: int, reason: str) -> Response:
        return JSONResponse({"error": {"code": status * 1000, "message": reason}}, status)

    async def _list(self, _: Request) -> Response:
        names = {code: {"name": code, "nativeName": code, "dir": "ltr"} for code in self.languages}
        return JSONResponse({"translation": names})

    async def _translate(self, request: Request) -> Response:
        if request.headers.get("ocp-apim-subscription-key") != KEY:
            return self.refuse(401, "The request is not authorized.")
        self.regions.add(request.headers.get("ocp-apim-subscription-region"))
        query, body = request.query_params, await request.json()
        if query["api-version"] != "3.0" or query["to"] != "en":
            return self.refuse(400, "A parameter is missing.")
        texts = [each["Text"] for each in body]
        if len(texts) > 1_000 or sum(map(len, texts)) > 50_000:
            return self.refuse(400, "The maximum request size has been exceeded.")
        source = query.get("from")
        if source is not None and source not in self.languages:
            return self.refuse(400, "The source language is not valid.")
        answer = self.answer(texts, source)
        if isinstance(answer, Response):
            return answer
        detected = {} if source else {"detectedLanguage": {"language": "pl", "score": 0.9}}
        return JSONResponse(
            [{**detected, "translations": [{"text": each, "to": "en"}]} for each in answer]
        )


FAKES: tuple[type[FakeTranslator], ...] = (FakeLibreTranslate, FakeDeepL, FakeAzure)
