"""What a person should hear of: assigned, sent back, mentioned, an import that ended."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.fields import OrderedJSONField

from .project import Project


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, person: object) -> NotificationQuerySet:
        return self.filter(person=person)

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class Notification(models.Model):
    """`text` is {"template", "params"} and is put into words in the language of whoever reads it. `key` makes a
    repeated message one: "upload-done:<id>"."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", db_index=False)
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=20)  # assigned, sent_back, mentioned, replied, imported …
    text = OrderedJSONField()
    url = models.CharField(max_length=300, blank=True)  # a path of ours
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    key = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  (NULL: not unique)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("person", "key"), name="one_notification_per_key", condition=models.Q(key__isnull=False)
            ),
        )
        indexes = (
            models.Index(fields=("person", "-id"), name="notification_by_person"),
            models.Index(fields=("person",), name="unread_notification", condition=models.Q(read_at=None)),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.person_id}"
