"""Telling people what waits for them: in the application at once, by mail as a digest (`digests`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils import timezone

from ftstudio.accounts.models import Membership, Notification, Project, User
from ftstudio.accounts.models.notification import NotificationQuerySet
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

ASSIGNED, SENT_BACK, MENTIONED, COMMENTED, IMPORTED, GUIDELINE, *_JOBS = KINDS = (
    "assigned", "sent_back", "mentioned", "commented", "imported", "guideline",
    "job_succeeded", "job_failed", "job_needs_you", "job_callable", "model_stops",
)  # fmt: skip
JOB_SUCCEEDED, JOB_FAILED, JOB_NEEDS_YOU, JOB_CALLABLE, MODEL_STOPS = _JOBS
KEPT_DAYS = 90


def notify(
    people: Iterable[User | int],
    *,
    kind: str,
    text: Text,
    project: Project,
    url: str = "",
    by: User | None = None,
    key: str | None = None,
) -> int:
    """Tell each of the people, but never who did it (`by`) nor anybody outside the project; returns to how many.

    `text` is shown in each reader's own language. `url` is a path of ours that the notification leads to. The same
    `key` is told once, however often the caller is repeated. Raises ValueError for an unknown kind. Call it in the
    transaction of what it tells of.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of notification")
    asked = {person.pk if isinstance(person, User) else person for person in people}
    if by is not None:
        asked.discard(by.pk)
    if not asked:
        return 0
    members = Membership.objects.filter(project=project, user__in=asked, user__is_active=True)
    told = sorted(members.values_list("user_id", flat=True))
    Notification.objects.bulk_create(
        [
            Notification(
                person_id=person, project=project, kind=kind, text=to_row(text), url=url[:300], by=by,
                key=key[:100] if key else None,
            )
            for person in told
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return len(told)


def of(person: User) -> NotificationQuerySet:
    """The person's notifications, newest first, of projects in which they still are."""
    mine = Project.objects.visible_to(person)
    return Notification.objects.of(person).filter(project__in=mine).select_related("by", "project").order_by("-id")


def unread(person: User) -> int:
    """How many they have not read, one hundred at most: beyond that the number says nothing."""
    return Notification.objects.of(person).unread()[:100].count()


def mark_read(*, actor: User, ids: Collection[int] | None = None) -> int:
    """Mark these of one's own as read, or all of them. Safe to repeat; others' are passed over."""
    rows = Notification.objects.of(actor).unread()
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return rows.update(read_at=timezone.now())
