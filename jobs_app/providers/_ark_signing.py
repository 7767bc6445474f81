"""Volcengine's request signature (HMAC-SHA256 over a canonical request), for Ark's control plane and for TOS.

Source: volcenginesdkcore.signv4 5.0.54 and the TOS SDK 2.9.3 for Python. A signature is a pure function of the request,
the keys and the time; a server refuses one whose time is too far from its own clock.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

import httpx2

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_UNRESERVED = "-_.~"
_DEFAULT_PORTS = (":80", ":443")


@dataclass(frozen=True, slots=True)
class Scheme:
    """What differs between the two services: the algorithm's name and the headers of the time and the body's hash."""

    algorithm: str
    date: str
    body: str


CONTROL = Scheme("HMAC-SHA256", "x-date", "x-content-sha256")
STORAGE = Scheme("TOS4-HMAC-SHA256", "x-tos-date", "x-tos-content-sha256")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs requests of one account to one service in one region."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str
    service: str
    scheme: Scheme = CONTROL

    def headers(
        self,
        method: str,
        path: str,
        query: Iterable[tuple[str, str]],
        headers: Mapping[str, str],
        body_sha256: str,
        at: datetime,
    ) -> dict[str, str]:
        """The headers to add to a request. `path` is as it stands on the wire; `query` is not yet encoded.

        `headers` are those that the request has; `body_sha256` is the hexadecimal hash of its body.
        """
        moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        added = {self.scheme.date: moment, self.scheme.body: body_sha256}
        request, names = canonical_request(method, path, query, {**headers, **added}, body_sha256)
        scope = f"{moment[:8]}/{self.region}/{self.service}/request"
        text = string_to_sign(self.scheme.algorithm, moment, scope, request)
        signature = hmac.new(self._key(moment[:8]), text.encode(), hashlib.sha256).hexdigest()
        said = f"Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**added, "authorization": f"{self.scheme.algorithm} {said}"}

    def sign(self, request: httpx2.Request, at: datetime, *, body_sha256: str | None = None) -> None:
        """Add the signature to a request. `body_sha256` spares reading a body that is streamed from the disk."""
        body = body_sha256 or hashlib.sha256(request.read()).hexdigest()
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        request.headers.update(self.headers(request.method, path, pairs, request.headers, body, at))

    def _key(self, day: str) -> bytes:
        key = self.secret_key.encode()
        for part in (day, self.region, self.service, "request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


def canonical_request(
    method: str, path: str, query: Iterable[tuple[str, str]], headers: Mapping[str, str], body_sha256: str
) -> tuple[str, str]:
    """The request in the one form that both sides hash, and the names of the headers that are in it."""
    signed = {name.lower(): value.strip() for name, value in headers.items() if _is_signed(name.lower())}
    if "host" in signed and signed["host"].endswith(_DEFAULT_PORTS):
        signed["host"] = signed["host"].rpartition(":")[0]
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    return "\n".join([method.upper(), path or "/", canonical_query(query), lines, names, body_sha256]), names


def canonical_query(query: Iterable[tuple[str, str]]) -> str:
    """The query percent-encoded by RFC 3986 and sorted."""
    return "&".join(f"{name}={value}" for name, value in sorted((_encoded(n), _encoded(v)) for n, v in query))


def string_to_sign(algorithm: str, moment: str, scope: str, request: str) -> str:
    return "\n".join([algorithm, moment, scope, hashlib.sha256(request.encode()).hexdigest()])


def _is_signed(name: str) -> bool:
    return name in ("content-type", "content-md5", "host") or name.startswith("x-")


def _encoded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)
