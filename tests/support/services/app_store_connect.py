"""The App Store Connect API, as https://developer.apple.com documents it.

The signatures of its tokens are checked without the library that made them.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from functools import cache
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

APP = "1059224316"
KEY_ID = "2X9R4HXF34"
ISSUER = "57246542-96fe-1a63-e053-0824d011072a"
PER_PAGE = 5
_MAX_S = 1_200
_QUERY = {"sort", "include", "limit", "cursor", "filter[territory]"}


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def key_file() -> str:
    """Return the file of the API key, as it is downloaded."""
    return (
        _key()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


class FakeAppStoreConnect(FakeService):
    name: ClassVar[str] = "app_store_connect"
    secrets: ClassVar = ("-----BEGIN PRIVATE KEY-----",)
    authors: ClassVar = ("jo.bloggs.1",)
    faults: ClassVar = ("429", "500", "truncated", "hang up", "401")
    edits_have_times: ClassVar[bool] = False

    def __init__(self) -> None:
        self.reviews = [self._review(number) for number in range(17)]
        self.replies: dict[str, str] = {f"r-{3:012}": "Thank you."}
        self.claims: list[dict[str, Any]] = []
        """Those of the tokens of all requests."""
        self.forgets_pages = False
        self.next_address: object = None
        """The address of the next page in place of the one that there is."""
        self.reply_named_in = "review"
        """What names a reply: its ``review``, or the reply's own entry, which is ``included``."""
        self.refusal: tuple[int, str, dict[str, str]] | None = None
        """Status, code and headers of what is returned to every request."""
        self.texts = {review["id"]: _text(review) for review in self.reviews}

    def _review(self, number: int) -> dict[str, Any]:
        return {
            "type": "customerReviews",
            "id": f"r-{number:012}",
            "attributes": {
                "rating": number % 5 + 1,
                "title": f"Visit {number}",
                "body": sentence(number),
                "reviewerNickname": "jo.bloggs.1",
                "createdDate": moment(number).isoformat(),
                "territory": "GBR" if number % 2 else "IRL",
            },
            "links": {"self": f"https://api.appstoreconnect.apple.com/v1/customerReviews/{number}"},
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/v1/apps/{app}/customerReviews", self._list),
                Route("/v1/customerReviewResponses", self._reply, methods=["POST"]),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "app": APP,
            "key_id": KEY_ID,
            "issuer_id": ISSUER,
            "private_key": key_file(),
            "per_page": PER_PAGE,
            "base_url": url,
        }

    def _refused(self, request: Request) -> Response | None:
        claims = _read_claims(request.headers.get("authorization", ""))
        if claims is None:
            return _error(401, "NOT_AUTHORIZED")
        self.claims.append(claims)
        if self.refusal is not None:
            status, code, headers = self.refusal
            return _error(status, code, headers)
        return None

    async def _list(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = request.query_params
        if {*asked} - _QUERY or asked.get("sort") != "-createdDate":
            return _error(400, "PARAMETER_ERROR.INVALID")
        if request.path_params["app"] != APP:
            return _error(404, "NOT_FOUND")
        if "cursor" in asked and self.forgets_pages:
            self.forgets_pages = False
            return _error(400, "PARAMETER_ERROR.INVALID")
        wanted = asked.get("filter[territory]", "GBR,IRL").split(",")
        reviews = [each for each in self.reviews if each["attributes"]["territory"] in wanted]
        reviews.sort(key=lambda each: str(each["attributes"]["createdDate"]), reverse=True)
        start, size = int(asked.get("cursor", "p0")[1:]), int(asked.get("limit", 50))
        shown = reviews[start : start + size]
        links: dict[str, Any] = {"self": str(request.url)}
        if start + size < len(reviews):
            query = {**asked, "cursor": f"p{start + size}"}
            query["cursor"] = query.pop("cursor")  # the last one
            links["next"] = f"https://api.appstoreconnect.apple.com{request.url.path}?" + urlencode(
                query
            )
            links["next"] = links["next"] if self.next_address is None else self.next_address
        document: dict[str, Any] = {
            "data": [self._with_reply(review) for review in shown],
            "links": links,
            "meta": {"paging": {"total": len(reviews), "limit": size}},
        }
        included = [self._included(each["id"]) for each in shown if each["id"] in self.replies]
        if included and asked.get("include") == "response":
            document["included"] = included
        return JSONResponse(document, headers={"X-Rate-Limit": "user-hour-lim:3500;"})

    def _with_reply(self, review: dict[str, Any]) -> dict[str, Any]:
        reply = {"type": "customerReviewResponses", "id": f"a-{review['id']}"}
        is_named = review["id"] in self.replies and self.reply_named_in == "review"
        data = {"data": reply} if is_named else {}
        return {**review, "relationships": {"response": data}}

    def _included(self, review_id: str) -> dict[str, Any]:
        included: dict[str, Any] = {
            "type": "customerReviewResponses",
            "id": f"a-{review_id}",
            "attributes": {"responseBody": self.replies[review_id], "state": "PUBLISHED"},
        }
        if self.reply_named_in == "included":
            review = {"type": "customerReviews", "id": review_id}
            included["relationships"] = {"review": {"data": review}}
        return included

    async def _reply(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        data = (await request.json())["data"]
        review = data["relationships"]["review"]["data"]
        assert (data["type"], review["type"]) == ("customerReviewResponses", "customerReviews")
        self.replies[review["id"]] = data["attributes"]["responseBody"]
        return JSONResponse({"data": self._included(review["id"])}, 201)

    def add(self) -> None:
        review = self._review(self.next_number())
        self.reviews.append(review)
        self.texts[review["id"]] = _text(review)

    def edit(self) -> None:
        review = self.reviews[2]
        review["attributes"]["body"] = "I take it back: they called and made it good."
        self.texts[review["id"]] = _text(review)


def _text(review: dict[str, Any]) -> str:
    return f"{review['attributes']['title']}\n{review['attributes']['body']}"


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    error = {"id": "088c", "status": str(status), "code": code, "title": "It is refused"}
    return JSONResponse({"errors": [error]}, status, headers)


def _read_claims(authorization: str) -> dict[str, Any] | None:
    """Return the claims of a token; None where Apple would refuse it."""
    signed, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
    if signed.count(".") != 1:
        return None
    header, claims = (orjson.loads(_decode(part)) for part in signed.split("."))
    raw = _decode(signature)
    first, second = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    try:
        _key().public_key().verify(
            utils.encode_dss_signature(first, second), signed.encode(), ec.ECDSA(hashes.SHA256())
        )
    except InvalidSignature:
        return None
    now = time.time()
    good = (
        header == {"alg": "ES256", "kid": KEY_ID, "typ": "JWT"}
        and claims["aud"] == "appstoreconnect-v1"
        and (claims.get("iss") == ISSUER or claims.get("sub") == "user")
        and claims["iat"] <= now < claims["exp"] <= claims["iat"] + _MAX_S
    )
    return claims if good else None


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
