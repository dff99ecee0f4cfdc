"""The services: LibreTranslate, DeepL and Azure AI Translator, each by its documented interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pipeline.translate.service import (
    TARGET,
    AnswerUnusable,
    Limits,
    ServiceApi,
    Translated,
    TranslationService,
    check_count,
)
from pipeline.translate.settings import Service, TranslateSettings

_UNUSABLE: Final = "the answer has another form than documented"


class LibreTranslate:
    """LibreTranslate: https://docs.libretranslate.com/guides/api_usage/.

    It detects one language for all texts of a request. Its own limits are settings of its operator;
    the ones here keep a request short on a machine without a graphics card.
    """

    name: str = Service.LIBRETRANSLATE.value
    limits = Limits(texts=20, characters=10_000, bytes=1_000_000, detected_texts=1)

    def __init__(self, api: ServiceApi, key: str) -> None:
        self._api = api
        self._key = {"api_key": key} if key else {}

    async def list_languages(self) -> frozenset[str]:
        """Return the languages that it translates into English."""
        languages = await self._api.get_json("/languages")
        try:
            return frozenset(
                each["code"] for each in languages if TARGET in each.get("targets", (TARGET,))
            )
        except (KeyError, TypeError, AttributeError):
            raise AnswerUnusable(f"LibreTranslate: {_UNUSABLE}") from None

    async def translate(self, texts: Sequence[str], language: str | None) -> list[Translated]:
        """Return the translations of the texts."""
        body = {"q": list(texts), "source": language or "auto", "target": TARGET, "format": "text"}
        answer = await self._api.post_json("/translate", {**body, **self._key})
        try:
            translations, detected = answer["translatedText"], answer.get("detectedLanguage")
            check_count("LibreTranslate", translations, texts)
            languages = [each["language"] for each in detected] if detected else [None] * len(texts)
            return [_read(*pair) for pair in zip(translations, languages, strict=True)]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise AnswerUnusable(f"LibreTranslate: {_UNUSABLE}") from None


class DeepL:
    """DeepL API: https://developers.deepl.com/api-reference/translate.

    Limits: https://developers.deepl.com/docs/translate/translating-large-volumes.
    """

    name: str = Service.DEEPL.value
    limits = Limits(texts=50, characters=50_000, bytes=120 * 1024, detected_texts=50)

    def __init__(self, api: ServiceApi) -> None:
        self._api = api

    async def list_languages(self) -> frozenset[str]:
        """Return the languages that it translates from."""
        languages = await self._api.get_json("/v3/languages", {"resource": "translate_text"})
        try:
            return frozenset(each["lang"] for each in languages if each["usable_as_source"])
        except (KeyError, TypeError):
            raise AnswerUnusable(f"DeepL: {_UNUSABLE}") from None

    async def translate(self, texts: Sequence[str], language: str | None) -> list[Translated]:
        """Return the translations of the texts."""
        source = {} if language is None else {"source_lang": language.upper()}
        body = {"text": list(texts), "target_lang": "EN-GB", **source}
        answer = await self._api.post_json("/v2/translate", body)
        try:
            check_count("DeepL", answer["translations"], texts)
            return [
                _read(each["text"], each.get("detected_source_language"))
                for each in answer["translations"]
            ]
        except (KeyError, TypeError, AttributeError):
            raise AnswerUnusable(f"DeepL: {_UNUSABLE}") from None


class AzureTranslator:
    """Azure AI Translator 3.0.

    https://learn.microsoft.com/azure/ai-services/translator/text-translation/reference/v3/translate.
    Limits: https://learn.microsoft.com/azure/ai-services/translator/service-limits.
    """

    name: str = Service.AZURE.value
    limits = Limits(texts=1_000, characters=50_000, bytes=1_000_000, detected_texts=1_000)

    def __init__(self, api: ServiceApi) -> None:
        self._api = api

    async def list_languages(self) -> frozenset[str]:
        """Return the languages that it translates from."""
        params = {"api-version": "3.0", "scope": "translation"}
        answer = await self._api.get_json("/languages", params)
        try:
            return frozenset(answer["translation"])
        except (KeyError, TypeError):
            raise AnswerUnusable(f"Azure: {_UNUSABLE}") from None

    async def translate(self, texts: Sequence[str], language: str | None) -> list[Translated]:
        """Return the translations of the texts."""
        params = {"api-version": "3.0", "to": TARGET, "textType": "plain"}
        if language is not None:
            params["from"] = language
        answer = await self._api.post_json("/translate", [{"Text": text} for text in texts], params)
        check_count("Azure", answer, texts)
        try:
            return [
                _read(each["translations"][0]["text"], _detected(each.get("detectedLanguage")))
                for each in answer
            ]
        except (KeyError, IndexError, TypeError, AttributeError):
            raise AnswerUnusable(f"Azure: {_UNUSABLE}") from None


def create_service(settings: TranslateSettings) -> tuple[TranslationService, ServiceApi]:
    """Return the service of these settings, and the connections that the caller closes.

    To be called inside a running loop.
    """
    key, address, timeout = settings.secret, settings.address, settings.timeout
    match settings.service:
        case Service.LIBRETRANSLATE:
            api = ServiceApi("LibreTranslate", address, {}, timeout)
            return LibreTranslate(api, key), api
        case Service.DEEPL:
            headers = {"Authorization": f"DeepL-Auth-Key {key}"}
            api = ServiceApi("DeepL", address, headers, timeout)
            return DeepL(api), api
        case Service.AZURE:
            headers = {"Ocp-Apim-Subscription-Key": key}
            if settings.region is not None:
                headers["Ocp-Apim-Subscription-Region"] = settings.region
            api = ServiceApi("Azure", address, headers, timeout)
            return AzureTranslator(api), api


def _read(text: Any, detected: Any) -> Translated:
    """Return a translation; raise ``TypeError`` for other types than text."""
    if not isinstance(text, str) or not isinstance(detected, str | None):
        raise TypeError
    return Translated(text, detected.lower() if detected else None)


def _detected(language: Any) -> Any:
    return None if language is None else language["language"]
