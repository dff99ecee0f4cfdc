"""The one place that opens Elasticsearch: the sink, set-up and the search all connect here.

The client's own retries are off, since they repeat without waiting; whoever writes retries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import CommandError, ExitStatus

if TYPE_CHECKING:
    from elasticsearch import AsyncElasticsearch, Elasticsearch

    from pipeline.settings import Settings

REQUEST_TIMEOUT_S: Final = 30.0


def connect(settings: Settings) -> Elasticsearch:
    """A client for commands; opens no connection yet, the caller closes it.

    Raises ``CommandError`` where the settings name no usable address.
    """
    from elasticsearch import Elasticsearch

    try:
        return Elasticsearch(**_options(settings))
    except (ValueError, OSError) as error:
        raise _unusable(error) from None


def connect_async(settings: Settings) -> AsyncElasticsearch:
    """A client for the worker; to be made inside a running loop, the caller closes it.

    Raises ``CommandError`` where the settings name no usable address.
    """
    from elasticsearch import AsyncElasticsearch

    try:
        return AsyncElasticsearch(**_options(settings))
    except (ValueError, OSError) as error:
        raise _unusable(error) from None


def _options(settings: Settings) -> dict[str, Any]:
    urls = (url.strip() for url in settings.elasticsearch_url.split(","))
    options: dict[str, Any] = {
        "hosts": [url for url in urls if url],
        "request_timeout": REQUEST_TIMEOUT_S,
        "max_retries": 0,
        "retry_on_timeout": False,
    }
    if settings.elasticsearch_api_key is not None:
        options["api_key"] = settings.elasticsearch_api_key.get_secret_value()
    if settings.elasticsearch_ca_certs is not None:
        options["ca_certs"] = str(settings.elasticsearch_ca_certs)
    return options


def _unusable(error: Exception) -> CommandError:
    # The address may carry a password, so the client's sentence is given and not the value.
    return CommandError(
        "reading FEEDBACK_ELASTICSEARCH_URL and FEEDBACK_ELASTICSEARCH_CA_CERTS: "
        f"{str(error) or type(error).__name__}",
        ExitStatus.USAGE,
    )


def shown_urls(settings: Settings) -> str:
    """The addresses for a message to a person: without a user name or a password."""
    from urllib.parse import urlsplit, urlunsplit

    shown = []
    for url in settings.elasticsearch_url.split(","):
        parts = urlsplit(url.strip())
        shown.append(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
    return ", ".join(shown)
