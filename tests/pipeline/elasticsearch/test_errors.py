"""Elasticsearch's errors as the worker's outcomes."""

from __future__ import annotations

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError, ConnectionTimeout

from pipeline.elasticsearch.errors import RequestTooLarge, role_errors
from pipeline.failures import PermanentError, TransientError


def api_error(status: int) -> ApiError:
    node = NodeConfig("http", "127.0.0.1", 9200)
    return ApiError("refused", ApiResponseMeta(status, "1.1", HttpHeaders(), 0.1, node), {})


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (api_error(408), TransientError, "writing: status 408"),
        (api_error(429), TransientError, "writing: status 429"),
        (api_error(503), TransientError, "writing: status 503"),
        (api_error(500), TransientError, "writing: status 500"),
        (ConnectionTimeout("secret"), TransientError, "writing: ConnectionTimeout"),
        (api_error(400), PermanentError, "writing: rejected by the server with status 400"),
        (api_error(403), PermanentError, "writing: rejected by the server with status 403"),
        (api_error(413), RequestTooLarge, "writing: rejected by the server with status 413"),
    ],
)
def test_an_error_is_transient_or_permanent(
    error: Exception, expected: type[Exception], message: str
) -> None:
    with pytest.raises(expected) as raised, role_errors("writing"):
        raise error
    assert type(raised.value) is expected
    assert str(raised.value) == message
