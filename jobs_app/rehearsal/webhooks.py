"""What OpenAI would send when a job ends: signed deliveries (Standard Webhooks), good ones and bad ones.

The signed text is `{id}.{timestamp}.{body}`, HMAC-SHA256, base64; the key is what stands base64-encoded behind
`whsec_`, or the bytes of a secret without that prefix.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from jobs_app.rehearsal.wire import Refused

KINDS = ("valid", "expired", "future", "wrong-signature", "duplicate", "out-of-order")
_TOO_OLD = 600  # seconds: twice what receivers tolerate
_PATIENCE = 5.0  # seconds that a receiver may take
_STATES = ("succeeded", "failed", "cancelled")

Send = Callable[[str, Mapping[str, str], bytes], int]  # URL, headers, body → HTTP status


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, ready to be sent."""

    headers: Mapping[str, str]
    body: bytes


def deliveries(kind: str, *, secret: str, job: str, status: str, now: float) -> list[Delivery]:
    """The messages of a kind about the end of a job, in the order in which they arrive."""
    at = int(now)
    if kind == "expired":
        return [_signed(secret, job, status, at - _TOO_OLD)]
    if kind == "future":
        return [_signed(secret, job, status, at + _TOO_OLD)]
    if kind == "wrong-signature":
        return [_signed("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(), job, status, at)]
    if kind == "duplicate":
        return [_signed(secret, job, status, at)] * 2
    if kind == "out-of-order":  # the news of the end comes before that of an earlier one, which never was
        other = next(state for state in _STATES if state != status)
        return [_signed(secret, job, status, at), _signed(secret, job, other, at - 60)]
    return [_signed(secret, job, status, at)]


def check_url(url: str, own: Collection[str]) -> str:
    """The URL, if it leads to one of our `own` origins or, where there are none, to this machine.

    Nothing is ever sent elsewhere. Whoever reaches the product reaches its rehearsal, too, without an account: there it
    must not become a way to other servers of the machine.
    """
    origin = re.match(r"https?://[^/?#@\\\s]+(?=[/?#]|\Z)", url)
    allowed = origin is not None and (origin[0] in own if own else _is_here(origin[0]))
    if not allowed:
        where = ", ".join(own) or "this machine"
        raise Refused("request", f"Webhooks of the rehearsal go to {where} only.", param="url")
    return url


def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Send a message; the receiver's HTTP status, or 0 where there is none."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310  (check_url)
    try:
        with _OPENER.open(request, timeout=_PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except (OSError, ValueError):
        return 0


def shown(sent: Iterable[tuple[Delivery, int | None]]) -> list[dict[str, object]]:
    return [{"headers": dict(one.headers), "body": one.body.decode(), "status": status} for one, status in sent]


class _Straight(urllib.request.HTTPRedirectHandler):
    """A redirect could lead elsewhere."""

    def redirect_request(self, *args: object, **more: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Straight)


def _is_here(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _signed(secret: str, job: str, status: str, at: int) -> Delivery:
    event = {
        "id": f"evt_{secrets.token_hex(16)}",
        "object": "event",
        "type": f"fine_tuning.job.{status}",
        "created_at": at,
        "data": {"id": job},
    }
    body = json.dumps(event).encode()
    name = f"wh_{secrets.token_hex(16)}"
    text = f"{name}.{at}.".encode() + body
    signature = base64.b64encode(hmac.new(_key(secret), text, hashlib.sha256).digest()).decode()
    headers = {
        "content-type": "application/json",
        "user-agent": "ftstudio rehearsal",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{signature}",
    }
    return Delivery(headers, body)


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise Refused("request", "Behind whsec_ stands a key in base64.", param="secret") from None
