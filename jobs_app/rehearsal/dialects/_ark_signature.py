"""Checking a request's signature as Volcengine publishes the algorithm: HMAC-SHA256 over a canonical request.

Written from the published description, apart from the code that signs in `providers`: each is the other's proof.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import quote

from werkzeug.wrappers import Request

from jobs_app.rehearsal.wire import Refused

_SAID = re.compile(
    r"(?P<algorithm>(?:TOS4-)?HMAC-SHA256) Credential=(?P<key>[^/\s]+)/(?P<scope>\d{8}/[\w-]+/[\w-]+/request),\s*"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = 15 * 60  # seconds between the caller's clock and ours
_ALWAYS = {"HMAC-SHA256": ("host", "x-date"), "TOS4-HMAC-SHA256": ("host", "x-tos-date")}


def access_key(request: Request) -> str:
    """The access key that a request claims. Raises Refused("auth")."""
    return _said(request)["key"]


def verify(request: Request, body_digest: str, *, secret: str, service: str, now: float) -> None:
    """Return if the request was signed with `secret` lately. Raises Refused("auth"): which part does not fit, it says.

    `body_digest`: hex SHA-256 of what was sent. A header with the digest that does not fit is refused before the rest.
    """
    said = _said(request)
    date_header = "X-Tos-Date" if said["algorithm"].startswith("TOS4") else "X-Date"
    moment = request.headers.get(date_header, "")
    day, region, named, _ = said["scope"].split("/")
    names = said["names"].split(";")
    missing = [name for name in _ALWAYS[said["algorithm"]] if name not in names]
    if missing or names != sorted(names):
        raise _refused(f"SignedHeaders must be sorted and hold {', '.join(missing) or 'no others'}")
    if named != service or not moment.startswith(day):
        raise _refused("the scope does not fit the service or the date")
    _check_time(moment, now)
    claimed = request.headers.get("X-Tos-Content-Sha256" if service == "tos" else "X-Content-Sha256", body_digest)
    if claimed not in (body_digest, "UNSIGNED-PAYLOAD"):
        raise _refused("the body is not the one that was signed")
    canonical = "\n".join(
        [
            request.method,
            quote(request.environ.get("SCRIPT_NAME", "") + request.path, safe="/~"),
            _query(request),
            *(f"{name}:{request.headers.get(name, '').strip()}" for name in names),
            "",
            said["names"],
            claimed,
        ]
    )
    text = "\n".join([said["algorithm"], moment, said["scope"], hashlib.sha256(canonical.encode()).hexdigest()])
    key = secret.encode()
    for part in (day, region, service, "request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, said["signature"]):
        raise _refused("the signature does not match")


def _said(request: Request) -> re.Match[str]:
    found = _SAID.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise Refused("auth", "The request is not signed.", code="MissingAuthenticationToken")
    return found


def _check_time(moment: str, now: float) -> None:
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise _refused("the date is not written as YYYYMMDDTHHMMSSZ") from None
    if abs(at - now) > _SKEW:
        raise _refused("the caller's clock is more than 15 minutes away from ours")


def _query(request: Request) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in request.args.items(multi=True)
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def _refused(why: str) -> Refused:
    return Refused("auth", f"The request signature we calculated does not match: {why}.", code="SignatureDoesNotMatch")
