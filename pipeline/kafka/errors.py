"""aiokafka's errors, by what follows from them."""

from __future__ import annotations

from aiokafka.errors import (
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedVersionError,
)

from pipeline.failures import PermanentError, TransientError

_NEEDS_OPERATOR = (
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedVersionError,
)


def classify_error(
    action: str, error: BaseException, *, reconnects: bool = False
) -> TransientError | PermanentError:
    """Return what a client's error means while doing ``action``: "publishing to Kafka".

    Transient are time-outs and what Kafka calls retriable; with ``reconnects``, for callers that
    replace the client before they try again, all that needs no operator. The message names the
    error's class and never its text, which may quote a record.
    """
    sentence = f"{action}: {type(error).__name__}"
    if isinstance(error, _NEEDS_OPERATOR):
        return PermanentError(sentence)
    is_retriable = isinstance(error, KafkaTimeoutError | TimeoutError) or bool(
        getattr(error, "retriable", False)
    )
    return TransientError(sentence) if reconnects or is_retriable else PermanentError(sentence)
