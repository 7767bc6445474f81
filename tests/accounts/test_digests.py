"""Who does not look in gets one mail about everything, as often as they wish, and never twice about the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from ftstudio.accounts.models import Notification
from ftstudio.accounts.services import digests, notifications
from ftstudio.errors import Text

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def tell(person: Any, project: Any, *, ago: timedelta, n: int = 1) -> None:
    for number in range(n):
        text = Text("{who} sent sample {n} back.", who="Rita", n=number)
        notifications.notify([person], kind="sent_back", text=text, project=project, url=f"/samples/{number}/")
    Notification.objects.filter(person=person, mailed_at=None).update(at=timezone.now() - ago)


def test_bob_gets_one_mail_about_two_things_and_no_second_one(bob: Any, project: Any):
    tell(bob, project, ago=2 * HOUR, n=2)
    assert digests.send_due() == 1
    [message] = mail.outbox
    assert message.to == [bob.email]
    assert "2 things" in message.subject
    assert "Rita sent sample 0 back." in message.body
    assert "/samples/1/" in message.body
    assert digests.send_due() == 0


def test_nobody_is_mailed_about_what_is_fresh_or_read_or_while_the_day_is_not_over(bob: Any, project: Any):
    tell(bob, project, ago=HOUR / 2)
    assert digests.send_due() == 0
    tell(bob, project, ago=2 * HOUR)
    assert digests.send_due() == 1
    tell(bob, project, ago=2 * HOUR)
    assert digests.send_due() == 0  # daily: tomorrow again
    Notification.objects.filter(mailed_at__isnull=False).update(mailed_at=timezone.now() - 25 * HOUR)
    notifications.mark_read(actor=bob)
    assert digests.send_due() == 0


def test_who_switched_it_off_gets_none(bob: Any, project: Any):
    bob.preferences = {**bob.preferences, "digest": "off"}
    bob.save()
    tell(bob, project, ago=48 * HOUR)
    assert digests.send_due() == 0


def test_a_mail_that_cannot_be_handed_over_is_tried_again(bob: Any, project: Any, settings: Any, monkeypatch: Any):
    tell(bob, project, ago=2 * HOUR)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens
    assert digests.send_due() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert digests.send_due() == 1


def test_it_is_written_in_the_readers_language(bob: Any, project: Any):
    bob.language = "zh-hans"
    bob.save()
    tell(bob, project, ago=2 * HOUR)
    digests.send_due()
    assert mail.outbox[0].subject
