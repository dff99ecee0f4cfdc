"""The only place that opens Elasticsearch clients.

The client's own retries are off, since they do not wait between attempts: callers retry.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from elasticsearch import AsyncElasticsearch, Elasticsearch

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings

__all__ = ["AsyncElasticsearch", "Elasticsearch", "connect", "connect_async", "shown_urls"]

_REQUEST_TIMEOUT_S: Final = 30.0


def connect(settings: Settings) -> Elasticsearch:
    """Return a client for commands; it connects on its first request, and the caller closes it.

    Raises ``CommandError`` if the settings have no valid address.
    """
    try:
        return Elasticsearch(**_options(settings))
    except (ValueError, OSError) as error:
        raise _invalid_settings(error) from None


def connect_async(settings: Settings) -> AsyncElasticsearch:
    """Return a client for the worker; call it inside a running loop, and close the client.

    Raises ``CommandError`` if the settings have no valid address.
    """
    try:
        return AsyncElasticsearch(**_options(settings))
    except (ValueError, OSError) as error:
        raise _invalid_settings(error) from None


def _options(settings: Settings) -> dict[str, Any]:
    urls = (url.strip() for url in settings.elasticsearch_url.split(","))
    options: dict[str, Any] = {
        "hosts": [url for url in urls if url],
        "request_timeout": _REQUEST_TIMEOUT_S,
        "max_retries": 0,
        "retry_on_timeout": False,
    }
    if settings.elasticsearch_api_key is not None:
        options["api_key"] = settings.elasticsearch_api_key.get_secret_value()
    if settings.elasticsearch_ca_certs is not None:
        options["ca_certs"] = str(settings.elasticsearch_ca_certs)
    return options


def _invalid_settings(error: Exception) -> CommandError:
    # The address may contain a password, so the message has the client's reason and not the value.
    return CommandError(
        "reading FEEDBACK_ELASTICSEARCH_URL and FEEDBACK_ELASTICSEARCH_CA_CERTS: "
        f"{str(error) or type(error).__name__}",
        ExitStatus.USAGE,
    )


def shown_urls(settings: Settings) -> str:
    """Return the addresses for messages: without user names and passwords."""
    shown = []
    for url in settings.elasticsearch_url.split(","):
        parts = urlsplit(url.strip())
        shown.append(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
    return ", ".join(shown)
