"""Mail about what somebody has not read: one message for all of it, never one for each."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Max, Min, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from ftstudio.accounts import preferences
from ftstudio.accounts.models import Notification, User

logger = logging.getLogger(__name__)

PATIENCE = timedelta(hours=1)  # who looks in within this time needs no mail
EVERY = {"hourly": timedelta(hours=1), "daily": timedelta(days=1)}
SHOWN = 30
PEOPLE = 200  # mails of one call


def due(now: datetime) -> list[User]:
    """People with something unread and unmailed for an hour, whose last mail is as long ago as they wish."""
    waiting = User.objects.filter(is_active=True, notifications__read_at=None, notifications__mailed_at=None)
    oldest = Min("notifications__at", filter=Q(notifications__read_at=None, notifications__mailed_at=None))
    found: list[User] = []
    for person in waiting.annotate(oldest=oldest).filter(oldest__lt=now - PATIENCE).order_by("pk"):
        every = EVERY.get(preferences.of(person).digest)
        if every is None:
            continue
        mailed = Notification.objects.of(person).aggregate(last=Max("mailed_at"))["last"]
        if mailed is None or mailed <= now - every:
            found.append(person)
    return found[:PEOPLE]


def send(person: User, now: datetime) -> int:
    """Mail what the person has not read; returns how many notifications it told of. Two workers never mail the same:
    rows are claimed first, and given back when the mail cannot be handed over."""
    rows = Notification.objects.of(person).filter(read_at=None, mailed_at=None)
    claimed = list(rows.values_list("pk", flat=True))
    if not rows.filter(pk__in=claimed).update(mailed_at=now):
        return 0
    mine = Notification.objects.of(person).filter(pk__in=claimed, mailed_at=now).select_related("by", "project")
    told = list(mine.order_by("-id"))
    try:
        with translation.override(person.language or settings.LANGUAGE_CODE):
            _mail(person, told)
    except OSError as error:  # the mail server is away: the next round tries again
        Notification.objects.filter(pk__in=[row.pk for row in told]).update(mailed_at=None)
        logger.warning("The digest for person %s could not be mailed: %s", person.pk, error)
        return 0
    return len(told)


def send_due() -> int:
    """Mail everybody who is due; returns how many people got mail."""
    now = timezone.now()
    return sum(send(person, now) > 0 for person in due(now))


def _mail(person: User, told: list[Notification]) -> None:
    context = {"person": person, "rows": told[:SHOWN], "more": max(0, len(told) - SHOWN), "site": settings.SITE_URL}
    subject = " ".join(render_to_string("notifications/digest_subject.txt", {**context, "n": len(told)}).split())
    mail = EmailMultiAlternatives(subject, render_to_string("notifications/digest.txt", context), to=[person.email])
    mail.attach_alternative(render_to_string("notifications/digest.html", context), "text/html")
    mail.send()
