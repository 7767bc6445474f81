"""Signatures of Standard Webhooks (standardwebhooks.com): for what providers send to us and for what we send out.

Signed is `{id}.{timestamp}.{body}` with HMAC-SHA256; the key is what stands base64-encoded behind `whsec_`. The header
`webhook-signature` holds one or more `v1,<base64>`, separated by spaces, so that a secret can be changed without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

PREFIX = "whsec_"
TOLERANCE = 300  # seconds between the signature and its arrival
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class BadSignature(ValueError):
    """What came was not signed with this secret, or not lately. The text says which, for our log only."""


def new_secret() -> str:
    """A secret of 32 random bytes, as it is shown to people."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key inside a secret. Raises BadSignature for one that is not base64 (padding may be missing).

    A secret without the prefix is the key itself, as OpenAI's clients take it.
    """
    plain = secret.strip()
    if plain and not plain.startswith(PREFIX):
        return plain.encode()
    text = plain.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature("the secret is not base64") from error
    if not key:
        raise BadSignature("the secret is empty")
    return key


def sign(body: bytes, *, id: str, timestamp: int, secret: str) -> str:
    """The value of `webhook-signature` for `body`, sent as `id` at `timestamp` (seconds since 1970)."""
    content = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), content, hashlib.sha256).digest()).decode()


def headers_of(body: bytes, *, id: str, timestamp: int, secret: str) -> dict[str, str]:
    """The three headers of a signed message."""
    signature = sign(body, id=id, timestamp=timestamp, secret=secret)
    return {ID: id, TIMESTAMP: str(timestamp), SIGNATURE: signature}


def verify(body: bytes, headers: Mapping[str, str], *, secret: str, now: float, tolerance: float = TOLERANCE) -> str:
    """The id of a message that was signed with `secret` at most `tolerance` seconds before or after `now`.

    `headers` in any case. Raises BadSignature for everything else. An id that was seen before is the caller's to know.
    """
    given = {name.lower(): value for name, value in headers.items()}
    id, sent, signatures = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (id and signatures and sent.isascii() and sent.isdecimal() and len(sent) < 20):
        raise BadSignature("a header is missing")
    if abs(now - int(sent)) > tolerance:
        raise BadSignature("too old or too new")
    right = sign(body, id=id, timestamp=int(sent), secret=secret).encode()
    # All are compared, so that the time taken says nothing about which one was nearly right.
    found = [hmac.compare_digest(right, one.encode()) for one in signatures.split() if one.startswith("v1,")]
    if not any(found):
        raise BadSignature("no signature fits")
    return id
