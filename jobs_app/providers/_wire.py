"""Reading the OpenAI wire: errors into kinds, odd bodies into values. Shared by every provider that speaks it."""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2

from ftstudio.errors import Text
from jobs_app.core.metrics import from_data
from jobs_app.providers.base import CheckpointIn, ErrorKind, EventIn, ProviderError

if TYPE_CHECKING:
    import openai

DAILY_WAIT = 6 * 3600.0  # a daily share comes back at an hour that nobody tells us
_LEVELS = {"warn": "warning", "warning": "warning", "error": "error", "info": "info"}
_SENTENCES: Mapping[ErrorKind, Text] = {
    "auth": Text("The provider does not accept the credential. {says}"),
    "closed": Text("The provider does not let your organisation do what was asked. {says}"),
    "request": Text("The provider cannot use what was sent. {says}"),
    "missing": Text("The provider does not know what was asked for (any more). {says}"),
    "conflict": Text("At the provider the state has already changed. {says}"),
    "rate": Text("The provider asks us to slow down. {says}"),
    "quota": Text("The account at the provider has no credit left. {says}"),
    "daily": Text("The provider's limit for today is reached. {says}"),
    "unavailable": Text("The provider has a fault. {says}"),
    "unknown-outcome": Text("The provider did not say whether it did what was asked. {says}"),
}
_NO_CODES: Mapping[str, ErrorKind] = {}
# A model does not take what was sent under this name; OpenAI and Azure say it alike, not always with its code.
_UNSUPPORTED = re.compile(r"unsupported (?:parameter|value): ['\"](\w+)['\"]", re.IGNORECASE)
SECRET_FROM = 8  # a shorter “credential” may be part of any text
LONGEST_WAIT = 24 * 3600.0  # whatever a header says: a job that is never asked about again is lost
# How a closed programme may say so. The exact code is not published (OpenAI's notice says 2026 and 2027), so the
# sentence is looked at: it speaks of training and of whom it is closed to, not of one model.
_CLOSED = re.compile(
    r"(?=.*(fine[- ]?tun|training))"
    r"(?=.*(no longer|not (currently )?(available|enabled|permitted|allowed|eligible)|closed))"
    r"(?=.*(organi[sz]ation|account|project|customer|no longer))",
    re.IGNORECASE | re.DOTALL,
)


def refused(
    error: openai.APIStatusError, *, secret: str, creating: bool, codes: Mapping[str, ErrorKind] = _NO_CODES
) -> ProviderError:
    """The kind of a refusal that came through the openai client, with a sentence that quotes the provider.

    `codes` says what the provider's codes (in lower case) mean where the status does not. A fault while creating is a
    fault, whatever its code.
    """
    code, says = str(error.code or "").lower(), quoted(error.body, secret)
    found = refusal(
        error.status_code,
        says,
        code=code,
        wait=retry_after(error.response.headers),
        creating=creating,
        about_a_model=code.startswith("model") or error.param == "model",
        known=None if error.status_code >= 500 else codes.get(code),
    )
    if error.status_code == 400:
        spoken = _UNSUPPORTED.search(says)
        if spoken or code in ("unsupported_value", "unsupported_parameter"):
            # What the provider names itself comes first: its sentence may quote a question that speaks of another.
            found.unsupported = str(error.param or (spoken[1] if spoken else ""))
    return found


def refusal(
    status: int,
    says: str,
    *,
    code: str = "",
    wait: float | None = None,
    creating: bool = False,
    about_a_model: bool = False,
    known: ErrorKind | None = None,
) -> ProviderError:
    """The kind of a refusal that came as an HTTP status. `known` is what the provider's own table says of the code."""
    if known is not None:
        return of_kind(known, says, wait=wait, creating=creating)
    if status == 401:
        return of_kind("auth", says)
    if status == 403 or (creating and status in (400, 404) and not about_a_model and _CLOSED.match(says)):
        return of_kind("closed", says, creating=creating)
    if status == 404:
        return of_kind("missing", says)
    if status == 409:
        return of_kind("conflict", says)
    if status == 429:
        return _limited(code.lower(), says, wait)
    if status >= 500 or status == 408:
        kind: ErrorKind = "unknown-outcome" if creating else "unavailable"
        return ProviderError(
            Text("The provider has a fault (HTTP {status}). {says}", status=status, says=says), kind, wait
        )
    if 300 <= status < 400:
        return ProviderError(Text("The address answers with a redirect. Give the final address."), "request")
    return of_kind("request", says)


def of_kind(kind: ErrorKind, says: str, *, wait: float | None = None, creating: bool = False) -> ProviderError:
    """The refusal of a kind, in a sentence that quotes the provider."""
    if kind == "closed" and creating:
        return ProviderError(
            Text(
                "The provider does not let this organisation create fine-tune jobs, and this refusal stays. Move the "
                "job to another connection. {says}",
                says=says,
            ),
            kind,
        )
    if kind == "daily":
        wait = wait or DAILY_WAIT
    return ProviderError(Text(_SENTENCES[kind].template, says=says), kind, wait)


def unreachable(error: openai.APIConnectionError, *, creating: bool) -> ProviderError:
    """The kind of a failure without an answer. A connection that was never made has created nothing."""
    import openai  # not above: see providers/_openai_client.py

    never_sent = isinstance(error.__cause__, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout))
    if creating and not never_sent:
        return ProviderError(
            Text("The connection broke before the provider answered, so the job may exist or not."), "unknown-outcome"
        )
    if isinstance(error, openai.APITimeoutError):
        return ProviderError(Text("The provider took too long to answer."), "unavailable")
    return ProviderError(Text("The provider cannot be reached."), "unavailable")


def unreached(error: httpx2.HTTPError) -> ProviderError:
    """The kind of a request that failed without an answer, where asking again does no harm."""
    late = isinstance(error, httpx2.TimeoutException)
    says = Text("The provider took too long to answer.") if late else Text("The provider cannot be reached.")
    return ProviderError(says, "unavailable")


def document(content: bytes, *, creating: bool = False) -> dict[str, Any]:
    """The JSON object of an answer. An answer that is cut off or is no JSON is no answer."""
    try:
        data = storable(json.loads(content))  # not orjson: it refuses NaN, which a diverged run reports
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ProviderError(
            Text("The provider's answer cannot be read."), "unknown-outcome" if creating else "unavailable"
        )
    return data


def spellings(*secrets: str) -> tuple[bytes, ...]:
    """The secrets as they are and as JSON may write them; what is shorter than 8 characters protects nothing."""
    return tuple(
        spelling.encode()
        for secret in secrets
        if len(secret) >= SECRET_FROM
        for spelling in dict.fromkeys((secret, json.dumps(secret)[1:-1], secret.replace("/", "\\/")))
    )


def redacted(content: bytes, secrets: tuple[bytes, ...]) -> bytes:
    """An answer without our credential: what a server echoes ends up in rows and on pages."""
    for secret in secrets:
        content = content.replace(secret, b"*" * 8)
    return content


def storable(value: Any) -> Any:
    """The value with a replacement character for what no database keeps: NUL and half characters."""
    if isinstance(value, str):
        text = value.replace("\0", "\ufffd")
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    return [storable(one) for one in value] if isinstance(value, list) else value


def items(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The objects of a list answer; `data: null` is an empty list."""
    data = page.get("data")
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def event(item: Mapping[str, Any]) -> EventIn:
    """One event. An id is made from its content where the provider gives none."""
    message = str(item.get("message") or "")
    data = item.get("data")
    return EventIn(
        id=str(item.get("id") or f"{item.get('created_at')}:{message}")[:200],
        at=moment(item.get("created_at")) or datetime.fromtimestamp(0, UTC),
        level=_LEVELS.get(str(item.get("level") or "").lower(), "info"),
        message=message,
        data=data if isinstance(data, dict) and data else None,
        raw=dict(item),
    )


def checkpoint(item: Mapping[str, Any]) -> CheckpointIn | None:
    """One checkpoint; None where the answer names no model that could be called."""
    model, step = item.get("fine_tuned_model_checkpoint"), item.get("step_number")
    if not isinstance(model, str) or not isinstance(step, int) or isinstance(step, bool):
        return None
    return CheckpointIn(
        id=str(item.get("id") or model),
        step=step,
        model=model,
        at=moment(item.get("created_at")) or datetime.fromtimestamp(0, UTC),
        metrics={point.name: point.value for point in from_data(item.get("metrics"), step)},
    )


def failure(error: object) -> str | None:
    """The sentence of a job's `error`: null, {} and an object with empty fields all mean that there is none."""
    if isinstance(error, str):
        return error or None
    if not isinstance(error, dict):
        return None
    message = str(error.get("message") or error.get("code") or "")
    param = error.get("param")
    return f"{message} ({param})" if message and param else message or None


def moment(seconds: object) -> datetime | None:
    """A Unix time as an aware datetime; None for anything that is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds a provider asks us to wait (`retry-after-ms`, `retry-after` in seconds or as a date)."""
    seconds = _seconds(headers.get("retry-after-ms", ""))
    if seconds is not None:
        seconds /= 1000
    else:
        text = headers.get("retry-after", "")
        seconds = _seconds(text)
        if seconds is None and (date := email.utils.parsedate_tz(text)) is not None:
            seconds = email.utils.mktime_tz(date) - time.time()
    return None if seconds is None else min(LONGEST_WAIT, max(0.0, seconds))


def quoted(body: object, secret: str) -> str:
    """The provider's own sentence out of an error body, short, without markup and without the credential."""
    message: object = body
    if isinstance(body, dict):
        inner = body.get("error")
        message = body.get("message") or (inner.get("message") if isinstance(inner, dict) else inner) or ""
    text = re.sub(r"<(style|script|title)\b.*?</\1>|<[^>]*>", " ", str(message or ""), flags=re.DOTALL | re.IGNORECASE)
    text = str(storable(" ".join(text.split())))
    if secret:
        text = text.replace(secret, "…")
    return text if len(text) <= 300 else text[:299] + "…"


def _seconds(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _limited(code: str, says: str, wait: float | None) -> ProviderError:
    if code in ("insufficient_quota", "exceeded_quota", "billing_hard_limit_reached"):
        return of_kind("quota", says)
    if code == "daily_rate_limit_exceeded" or "per day" in says.lower():
        return of_kind("daily", says, wait=wait)
    return of_kind("rate", says, wait=wait)
