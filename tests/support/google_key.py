"""A service account's key file, and how Google's token endpoint checks what was signed with it.

Built from https://developers.google.com/identity/protocols/oauth2/service-account; the signature is
checked without the library that made it.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ROBOT: Final = "feedback@eastgate.iam.gserviceaccount.com"
_KEY_ID: Final = "1f3a9b"


@cache
def _key(*, known: bool) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@cache
def key_file(*, known: bool = True) -> str:
    """The file as the console gives it out; ``known``: whether Google knows the key still."""
    pem = _key(known=known).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key = {
        "type": "service_account",
        "project_id": "eastgate",
        "private_key_id": _KEY_ID,
        "private_key": pem.decode(),
        "client_email": ROBOT,
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return orjson.dumps(key).decode()


def read_claims(form: Mapping[str, Any], *, audience: str) -> dict[str, Any] | None:
    """The claims of a request for a token; None where Google would refuse it."""
    if form.keys() != {"grant_type", "assertion"} or form["grant_type"] != GRANT:
        return None
    signed, _, signature = form["assertion"].rpartition(".")
    header, claims = (orjson.loads(_decode(part)) for part in signed.split("."))
    try:
        _key(known=True).public_key().verify(
            _decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return None
    now = time.time()
    good = (
        header == {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}
        and (claims["iss"], claims["aud"]) == (ROBOT, audience)
        and claims["iat"] <= now < claims["exp"] <= claims["iat"] + 3_600
    )
    return claims if good else None


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
