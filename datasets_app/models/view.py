"""A saved view of a dataset's list: filters, columns and order under a name, shown as a tab."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet
from ftstudio.fields import OrderedJSONField

from .dataset import Dataset


class SavedViewQuerySet(InProjectQuerySet):
    project_path = "dataset__project"

    def visible_to(self, user: Any) -> Self:
        """In the person's projects: their own, and what others share."""
        return super().visible_to(user).shown_to(user)

    def shown_to(self, user: Any) -> Self:
        """Of the views of a dataset that they may see: their own, and what others share."""
        return self.filter(models.Q(shared=True) | models.Q(by=user))


class SavedView(models.Model):
    """`filter` is what `pipeline.selecting.Filters.parse` reads; `columns` names columns of the list, in order."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="views")
    name = models.CharField(_("name"), max_length=60)
    filter = OrderedJSONField(default=dict, blank=True)
    columns = OrderedJSONField(default=list, blank=True)  # [] : the usual ones
    order = models.CharField(max_length=20, blank=True)  # "", "tokens", "-tokens" …
    shared = models.BooleanField(_("for everybody in the project"), default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=("dataset", "by", "name"), name="one_view_per_name"),)

    def __str__(self) -> str:
        return self.name
