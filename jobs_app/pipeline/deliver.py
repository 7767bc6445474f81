"""Send what waits for a hook: signed, through the guarded client, again and again for a day.

A worker that is killed between the other side's answer and our note of it sends the message once more. It carries the
same `webhook-id` then, as every try does, by which the other side knows that it has had it.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ftstudio import version
from ftstudio.errors import StudioError, Text
from ftstudio.web.texts import to_line
from jobs_app.core import hooks, standard_webhooks
from jobs_app.models import Delivery, Hook
from jobs_app.providers.http import check_base_url, guarded_client

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
PATIENCE = 10.0  # seconds for each step of the call
LARGEST_ANSWER = 64 * 1024  # nothing of it is kept; more than that is not read either
GONE = 410  # Standard Webhooks: the other side wants no more messages


def may_reach(url: str) -> str:
    """The address as it may be stored. Raises InvalidInput(base_url=…) for one that no hook may use."""
    return check_base_url(url, allowed_hosts=None, allow_private=_is_ours(url))


def deliver(delivery_id: UUID | str) -> None:
    """Try once to send one message. Safe to call at any time, any number of times."""
    key = secrets.token_hex(16)
    if not Delivery.objects.filter(state=WAITING, hook__active=True).claim(delivery_id, key):
        return
    delivery = Delivery.objects.select_related("hook").defer("hook__secret").get(pk=delivery_id)
    answer: httpx2.Response | None = None
    error = ""
    try:
        answer = _send(delivery)
    except StudioError as refusal:
        error = to_line(refusal.message, 300)
    except httpx2.TimeoutException:
        error = to_line(Text("No answer within {n} seconds.", n=int(PATIENCE)), 300)
    except (httpx2.HTTPError, httpx2.InvalidURL) as failure:
        error = to_line(Text("Not reached: {says}", says=str(failure) or type(failure).__name__), 300)
    _note(delivery, key, answer, error)


def _send(delivery: Delivery) -> httpx2.Response:
    body = hooks.body_of(delivery.payload)
    headers = standard_webhooks.headers_of(
        body,
        id=f"msg_{delivery.pk.hex}",
        timestamp=int(timezone.now().timestamp()),
        secret=delivery.hook.secret,
    )
    headers |= {"Content-Type": "application/json", "User-Agent": f"ftstudio/{version.current()}"}
    url = delivery.hook.url
    with (
        guarded_client(
            allowed_hosts=None, allow_private=_is_ours(url), timeout=PATIENCE, max_bytes=LARGEST_ANSWER
        ) as http,
        http.stream("POST", url, content=body, headers=headers) as answer,
    ):
        return answer  # its status and headers; the body is nobody's business and is not read


@transaction.atomic
def _note(delivery: Delivery, key: str, answer: httpx2.Response | None, error: str) -> None:
    tries = delivery.tries + 1
    now = timezone.now()
    status = answer.status_code if answer is not None else None
    if status is not None and 200 <= status < 300:
        changes = {"state": DELIVERED, "delivered_at": now, "next_try_at": None, "error": ""}
    else:
        error = error or to_line(Text("The other side answered {status}.", status=status), 300)
        wait = None if status == GONE else hooks.wait_after(tries, _asked(answer))
        changes = {"state": FAILED, "next_try_at": None} if wait is None else {"next_try_at": now + wait}
        changes["error"] = error
    if Delivery.objects.release(delivery.pk, key, tries=tries, status=status, **changes) and status == GONE:
        Hook.objects.filter(pk=delivery.hook_id).update(active=False)


def _asked(answer: httpx2.Response | None) -> float | None:
    """The seconds of a Retry-After; a date in it is not worth the parsing here."""
    asked = answer.headers.get("Retry-After", "") if answer is not None and answer.status_code in (429, 503) else ""
    return float(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 8 else None


def _is_ours(url: str) -> bool:
    """Whether the address lies on a host that the operator has opened, which may be private."""
    try:
        host = (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:
        return False
    return host in {name.lower() for name in settings.PROVIDER_HOSTS}
