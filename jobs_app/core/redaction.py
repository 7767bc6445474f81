"""A provider's answer as it may be shown: what opens something is struck out, whatever key it stands under.

Providers redact their reports before they are stored; this is the second lock on the same door, at the page.
"""

from __future__ import annotations

import re
from typing import Any

STRUCK = "•••"
DEEPEST = 30
# Whole names, letters only: “trained_tokens” counts and must stay, “access_token” opens and must not.
SECRET_NAMES = frozenset(
    (
        "apikey", "accesskey", "accesskeyid", "secretaccesskey", "secretkey", "secret", "clientsecret", "webhooksecret",
        "authorization", "credential", "credentials", "password", "passphrase", "token", "accesstoken", "refreshtoken",
        "sessiontoken", "securitytoken", "bearer", "privatekey", "signature", "cookie", "setcookie", "xapikey",
    )
)  # fmt: skip
# In running text: bearer headers, the usual forms of keys, the signed part of an address.
SECRET_TEXTS = (
    re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"),
    re.compile(r"\b(sk|rk|fw|tgp|whsec|AKLT|AKIA|LTAI)[-_]?[A-Za-z0-9_-]{12,}={0,2}"),
    re.compile(r"(?i)([?&][\w.-]*(?:signature|token|credential|accesskey[\w]*|sig)=)[^&\s\"']+"),
)


def redacted(value: Any, depth: int = 0) -> Any:
    """A copy of a JSON value without what could open anything. Nesting beyond thirty levels is struck out whole."""
    if depth > DEEPEST:
        return STRUCK
    if isinstance(value, dict):
        return {
            name: STRUCK if _is_secret(name) and one not in (None, "", 0, False) else redacted(one, depth + 1)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [redacted(one, depth + 1) for one in value]
    return redacted_text(value) if isinstance(value, str) else value


def redacted_text(text: str) -> str:
    """The same for running text."""
    first, second, third = SECRET_TEXTS
    text = first.sub(lambda found: f"{found[1]} {STRUCK}", text)
    text = second.sub(lambda found: f"{found[1]}-{STRUCK}", text)
    return third.sub(lambda found: found[1] + STRUCK, text)


def _is_secret(name: Any) -> bool:
    return re.sub(r"[^a-z]", "", str(name).lower()) in SECRET_NAMES
