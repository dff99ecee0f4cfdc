"""Connector SDK: all that a connector imports of this project, apart from ``schemas``.

A connector declares a source, mixes in what it can do (``Polled``, ``Streamed``, ``Webhook``,
``Answering``) and implements ``fetch``, ``stream`` or ``handle``, and ``parse``.
"""

from connectors.sdk.answer_roles import REMOVED_QUESTION
from connectors.sdk.answering import Answering, Reply
from connectors.sdk.answers import AnswerType, FormAnswer
from connectors.sdk.backward_pagination import BackwardPaginator, describe_item
from connectors.sdk.base import Item, Page
from connectors.sdk.changes_since import ChangesSince
from connectors.sdk.empty_answers import says_nothing
from connectors.sdk.errors import (
    BadRecord,
    Fatal,
    Forged,
    Malformed,
    Misconfigured,
    Rejected,
    Retry,
    Skip,
    Stale,
    Unauthorized,
)
from connectors.sdk.google import GoogleConfig
from connectors.sdk.html import plain_text
from connectors.sdk.http import (
    USER_AGENT,
    Http,
    HttpResponse,
    classify_response,
)
from connectors.sdk.http_auth import Bearer, OAuth2, read_token
from connectors.sdk.http_status import retry_after_seconds
from connectors.sdk.item_memory import ItemMemory, hash_id, share_memory
from connectors.sdk.json_parts import (
    get_object,
    get_objects,
    get_text,
    json_object,
    load_json,
    require_list,
    require_object,
    require_objects,
)
from connectors.sdk.leniency import FIRST_SEEN, validate_leniently
from connectors.sdk.moments import AnyMoment, Moment, is_plausible, read_moment, read_moment_ms
from connectors.sdk.oauth import request_access_token
from connectors.sdk.personal_questions import is_personal
from connectors.sdk.places import read_places
from connectors.sdk.questions import FormSourceConfig
from connectors.sdk.ratings import NativeId, Rating, to_stars
from connectors.sdk.recent_posts import Deletion, SeenPosts, deletion_record
from connectors.sdk.recheck import UNCHECKED, RecheckedConfig, RecheckedCursor, RecheckedSource
from connectors.sdk.request_bodies import read_document, read_form, unpack_json
from connectors.sdk.short_answers import guess_text_type, is_other_comment
from connectors.sdk.signatures import require_equal, require_hmac, require_recent
from connectors.sdk.signed_webhook import SignedConfig, SignedForm
from connectors.sdk.source import (
    Capability,
    Context,
    Polled,
    Source,
    SourceConfig,
    Streamed,
    Webhook,
    WebhookRequest,
)
from connectors.sdk.sse import iter_events
from connectors.sdk.submissions import FormSource, Submission
from connectors.sdk.timestamps import (
    from_unix,
    iso_utc,
    parse_iso,
    parse_iso_ms,
    parse_plausible,
    unix_ms,
    with_zone,
)
from connectors.sdk.websocket import iter_messages

__all__ = [
    "FIRST_SEEN",
    "REMOVED_QUESTION",
    "UNCHECKED",
    "USER_AGENT",
    "AnswerType",
    "Answering",
    "AnyMoment",
    "BackwardPaginator",
    "BadRecord",
    "Bearer",
    "Capability",
    "ChangesSince",
    "Context",
    "Deletion",
    "Fatal",
    "Forged",
    "FormAnswer",
    "FormSource",
    "FormSourceConfig",
    "GoogleConfig",
    "Http",
    "HttpResponse",
    "Item",
    "ItemMemory",
    "Malformed",
    "Misconfigured",
    "Moment",
    "NativeId",
    "OAuth2",
    "Page",
    "Polled",
    "Rating",
    "RecheckedConfig",
    "RecheckedCursor",
    "RecheckedSource",
    "Rejected",
    "Reply",
    "Retry",
    "SeenPosts",
    "SignedConfig",
    "SignedForm",
    "Skip",
    "Source",
    "SourceConfig",
    "Stale",
    "Streamed",
    "Submission",
    "Unauthorized",
    "Webhook",
    "WebhookRequest",
    "classify_response",
    "deletion_record",
    "describe_item",
    "from_unix",
    "get_object",
    "get_objects",
    "get_text",
    "guess_text_type",
    "hash_id",
    "is_other_comment",
    "is_personal",
    "is_plausible",
    "iso_utc",
    "iter_events",
    "iter_messages",
    "json_object",
    "load_json",
    "parse_iso",
    "parse_iso_ms",
    "parse_plausible",
    "plain_text",
    "read_document",
    "read_form",
    "read_moment",
    "read_moment_ms",
    "read_places",
    "read_token",
    "request_access_token",
    "require_equal",
    "require_hmac",
    "require_list",
    "require_object",
    "require_objects",
    "require_recent",
    "retry_after_seconds",
    "says_nothing",
    "share_memory",
    "to_stars",
    "unix_ms",
    "unpack_json",
    "validate_leniently",
    "with_zone",
]
