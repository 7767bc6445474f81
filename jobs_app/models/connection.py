"""A provider account: kind, address, encrypted credential."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.errors import Text
from ftstudio.fields import EncryptedTextField
from jobs_app.providers import PROVIDERS


class Connection(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="connections")
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("provider"), max_length=40)
    base_url = models.CharField(_("base URL"), max_length=300, blank=True)  # "": the provider's own
    credential = EncryptedTextField(_("credential"), blank=True)
    credential_hint = models.CharField(max_length=12, blank=True)  # the last four characters, for people
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    probed_at = models.DateTimeField(null=True, blank=True)
    probe_error = models.CharField(max_length=300, blank=True)  # "" after a good probe

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=("project", "name"), name="one_connection_name_per_project"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_rehearsal(self) -> bool:
        """Nothing is trained through it, and every page says so."""
        return self.kind in PROVIDERS and PROVIDERS[self.kind].rehearsal

    @property
    def provider_label(self) -> str:
        """The provider's name for people: a translatable `Text`, or the bare kind of a provider that is gone."""
        return PROVIDERS[self.kind].label if self.kind in PROVIDERS else Text("{kind}", kind=self.kind)
