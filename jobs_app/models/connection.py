"""A provider account: kind, address, encrypted credential."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.errors import Text
from ftstudio.fields import EncryptedTextField, OrderedJSONField
from jobs_app.providers import PROVIDERS, at_rehearsal


class Connection(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="connections")
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("provider"), max_length=40)
    base_url = models.CharField(_("base URL"), max_length=300, blank=True)  # "": the provider's own
    credential = EncryptedTextField(_("credential"), blank=True)
    credential_hint = models.CharField(max_length=12, blank=True)  # the last four characters, for people
    options = OrderedJSONField(default=dict)  # what else its provider asks for (`Provider.settings`), by name
    secrets = EncryptedTextField(blank=True)  # the secret ones of these, a JSON object
    # An owner has permitted an address that is not among the provider's own hosts, and who it was.
    permitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    permitted_at = models.DateTimeField(null=True, blank=True)
    concurrency = models.PositiveSmallIntegerField(null=True, blank=True)  # jobs at once; None: as the provider says
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)  # None: as the provider says
    rate_left = models.FloatField(default=0)  # requests that may be sent at `rate_at`; refilled by the minute
    rate_at = models.DateTimeField(null=True, blank=True)
    quiet_until = models.DateTimeField(null=True, blank=True)  # the provider asked for silence until then
    # Why nothing is sent through it until a person has done something: "", "auth" or "quota".
    stopped = models.CharField(max_length=20, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_says = models.CharField(max_length=300, blank=True)
    webhook_secret = EncryptedTextField(blank=True)  # with which the provider signs what it sends us
    models_at = models.DateTimeField(null=True, blank=True)  # when its list of models was last read
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
        """Nothing is trained through it, and every page says so: by its kind, or because its address is the stage's."""
        by_kind = self.kind in PROVIDERS and PROVIDERS[self.kind].rehearsal
        return by_kind or at_rehearsal(self.base_url, settings.REHEARSAL_URL)

    @property
    def is_quiet(self) -> bool:
        """Its provider has asked to be left alone for a while."""
        return self.quiet_until is not None and self.quiet_until > timezone.now()

    @property
    def provider_label(self) -> str:
        """The provider's name for people: a translatable `Text`, or the bare kind of a provider that is gone."""
        return PROVIDERS[self.kind].label if self.kind in PROVIDERS else Text("{kind}", kind=self.kind)
